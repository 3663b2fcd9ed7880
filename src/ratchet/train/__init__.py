"""Training, on transformers' own model classes.

    model = new_model(ModelShape(), vocab_size=512, end_of_text=0, seed=0)   # ratchet.train.scratch
    result = fit(model, rows, TrainConfig(), on_step=print)
    model.save_pretrained(path)

`ratchet.train.scratch` needs the extra `local`; importing this package does not load torch.
"""

from ratchet.train.config import ModelShape, TrainConfig

__all__ = ["ModelShape", "TrainConfig"]
