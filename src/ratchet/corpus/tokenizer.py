"""Train a byte-level BPE tokenizer for source code, and save it in Hugging Face form."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

END_OF_TEXT = "<|endoftext|>"

_PIECES = r"\n| {4}| ?[A-Za-z]+|[0-9]| ?[^\sA-Za-z0-9]+|[^\S\n]+"
"""What a token may lie within: a line break, one level of indentation, a word with the
space before it, one digit, a run of signs, other white space.

A line break is always a token of its own: a prompt that ends with one is cut into
the same tokens as the document that goes on behind it. GPT-2's own pattern joins
a line break with the next line's indentation, and a model prompted at the end of
a line then sees what it never saw in training."""


def train_tokenizer(texts: Iterable[str], *, vocab_size: int) -> PreTrainedTokenizerFast:
    """A tokenizer of at most `vocab_size` entries, lossless on any text.

    The vocabulary holds all 256 bytes and the end-of-text token (id 0), which also
    serves as padding; the rest are merges learnt from `texts`.

    Raises:
        ValueError: `vocab_size` leaves no room for the bytes and the end-of-text token.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    if vocab_size <= len(alphabet):
        raise ValueError(f"a byte-level vocabulary needs more than {len(alphabet)} entries, not {vocab_size}")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        clean_up_tokenization_spaces=False,
    )


def load_tokenizer(path: Path) -> PreTrainedTokenizerFast:
    """The tokenizer in folder `path`, as `save_pretrained` left it."""
    return PreTrainedTokenizerFast.from_pretrained(str(path))
