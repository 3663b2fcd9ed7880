"""Tiny models for tests: one that was trained, and some that say what they are told.

Imports torch only when it is asked for something.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ratchet.engines.transformers import TransformersEngine
    from ratchet.train.scratch import TrainResult

ROW_LENGTH = 64


@dataclass(frozen=True)
class Tiny:
    """A model that learnt the micro-domain's interleaved form for two seconds, and how that went."""

    model: Any
    tokenizer: Any
    result: TrainResult

    def engine(self, batch_size: int = 128) -> TransformersEngine:
        """It as an engine."""
        from ratchet.engines.transformers import TransformersEngine

        return TransformersEngine(self.model, self.tokenizer, name="tiny", batch_size=batch_size)


@cache
def tokenizer() -> Any:
    """A tokenizer of the micro-domain's texts, of 400 entries."""
    from ratchet.corpus.micro import mixed_documents
    from ratchet.corpus.tokenizer import train_tokenizer

    documents = islice(mixed_documents(0, interleaved_share=0.5), 1000)
    return train_tokenizer((text for _, text in documents), vocab_size=400)


@cache
def tiny() -> Tiny:
    """The trained model: 46,000 parameters, one training for all tests of a worker."""
    from ratchet.corpus.micro import mixed_documents
    from ratchet.corpus.packing import pack
    from ratchet.train import ModelShape, TrainConfig
    from ratchet.train.scratch import fit, new_model

    config = TrainConfig(steps=300, rows_per_step=4, row_length=ROW_LENGTH)
    documents = (text for _, text in mixed_documents(1, interleaved_share=1.0))
    packed = pack(documents, tokenizer(), row_length=ROW_LENGTH, max_rows=config.steps * 4)
    shape = ModelShape(hidden=32, layers=2, heads=2, context=512)
    model = new_model(shape, vocab_size=len(tokenizer()), end_of_text=0, seed=0)
    return Tiny(model, tokenizer(), fit(model, packed.rows, config))


def fixed(logprobs: list[float]) -> TransformersEngine:
    """An engine whose every next token has these log-probabilities (the first ids of the vocabulary)."""
    import torch

    row = torch.full((len(tokenizer()),), -torch.inf)
    row[: len(logprobs)] = torch.tensor(logprobs)

    def forward(input_ids: Any, **_: Any) -> Any:
        return row.expand(len(input_ids), 1, -1)

    return _engine(forward)


def speaker(text: str) -> TransformersEngine:
    """An engine that continues the empty prompt with `text`, token by token, and then ends."""
    import torch

    script = [*tokenizer()(text)["input_ids"], tokenizer().eos_token_id]

    def forward(input_ids: Any, position_ids: Any, **_: Any) -> Any:
        logits = torch.full((len(input_ids), 1, len(tokenizer())), -20.0)
        for i, at in enumerate(position_ids[:, -1].tolist()):
            logits[i, 0, script[min(at, len(script) - 1)]] = 0.0
        return logits

    return _engine(forward)


def _engine(forward: Any) -> TransformersEngine:
    """An engine over a function from the model's inputs to the logits of the next token."""
    import torch

    from ratchet.engines.transformers import TransformersEngine

    class Scripted(torch.nn.Module):  # type: ignore[misc]
        device = torch.device("cpu")
        config = SimpleNamespace(max_position_embeddings=4096)

        def forward(self, **inputs: Any) -> Any:
            return SimpleNamespace(logits=forward(**inputs), past_key_values=None)

    return TransformersEngine(Scripted(), tokenizer(), name="scripted")
