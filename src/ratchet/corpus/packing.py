"""From documents to fixed-length rows of tokens.

Documents are joined with the end-of-text token before each, and the stream is cut
into rows of equal length (CodeGen, section 2.3 of the shared notes). Nothing is
lost but what is left over behind the last row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.uint16]

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows of tokens, shape (rows, row_length), and what went into them."""

    rows: Rows
    documents: int
    tokens: int
    """Tokens of all documents with their end-of-text tokens."""
    dropped: int
    """Tokens behind the last row: those of an incomplete one, or those past `max_rows`."""


def pack(documents: Iterable[str], tokenizer: Any, *, row_length: int, max_rows: int | None = None) -> Packed:
    """Tokenize `documents` in order and cut the stream into rows of `row_length` tokens.

    Stops drawing documents once `max_rows` rows are full. `tokenizer` is a fast
    Hugging Face tokenizer with at most 65,536 entries.

    Raises:
        ValueError: the documents do not fill one row, or the vocabulary is too large.
    """
    end = tokenizer.eos_token_id
    if len(tokenizer) > np.iinfo(np.uint16).max + 1:
        raise ValueError(f"rows hold 16-bit tokens, and the vocabulary has {len(tokenizer)} entries")
    wanted = None if max_rows is None else max_rows * row_length
    stream: list[int] = []
    counted = 0
    source = iter(documents)
    while (wanted is None or len(stream) < wanted) and (chunk := list(islice(source, _CHUNK))):
        for ids in tokenizer(chunk, add_special_tokens=False)["input_ids"]:
            stream += [end, *ids]
            counted += 1
            if wanted is not None and len(stream) >= wanted:
                break
    rows = len(stream) // row_length
    if max_rows is not None:
        rows = min(rows, max_rows)
    if rows == 0:
        raise ValueError(f"the documents have {len(stream)} tokens, which do not fill a row of {row_length}")
    used = np.array(stream[: rows * row_length], dtype=np.uint16).reshape(rows, row_length)
    return Packed(used, counted, len(stream), len(stream) - used.size)


def save_rows(rows: Rows, path: Path) -> None:
    """Write rows as a `.npy` file that `load_rows` maps into memory."""
    np.save(path, rows)


def load_rows(path: Path) -> Rows:
    """Rows written by `save_rows`, mapped, not read."""
    rows: Rows = np.load(path, mmap_mode="r")
    return rows


def passes(documents: Sequence[str], *, seed: int) -> Iterator[str]:
    """Endlessly: all documents, each pass over them in a new order drawn from `seed`.

    Raises:
        ValueError: there are no documents.
    """
    if not documents:
        raise ValueError("there are no documents to pass over")
    random = np.random.default_rng(seed)
    while True:
        for i in random.permutation(len(documents)):
            yield documents[i]
