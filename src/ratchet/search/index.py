"""An index of API entries, and queries to it: BM25 over one weighted field.

A document is the words of the name twice, those of the summary four times, and
the whole documentation once; k1 is 1.2 and b is 0.3. Weights and b were measured
on 40 queries over 13,320 entries of numpy, pandas, scipy and torch (33 of 40 in the
first five, with b = 0.75 and equal weights 27; shared notes, SYNTHESIS_AND_SEARCH.md,
2.4): a low b, since the length of docstrings says little about their worth.

Scores are those of bm25s: Lucene's variant of BM25 (Robertson et al. 1994). It
computes what each word adds to each document when the index is built; a query only
adds these up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ratchet.errors import RatchetError
from ratchet.search import blocks, tokens
from ratchet.search.entries import ApiEntry

NAME_WEIGHT, SUMMARY_WEIGHT, DOC_WEIGHT = 2, 4, 1
K1, B = 1.2, 0.3

_ARRAYS = {"scores", "documents", "starts", "words", "word_starts", "entries", "entry_starts"}


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a query found, and its BM25 score (above 0; comparable within one query only)."""

    entry: ApiEntry
    score: float


class Index:
    """Entries in a fixed order, and for each word the scores of the documents that have it.

    Make one with `build` or `open`. It is read-only and may be shared by threads.
    """

    def __init__(self, arrays: blocks.Arrays, path: Path | None = None) -> None:
        self._arrays = arrays
        self._path = path
        self._size = len(arrays["entry_starts"]) - 1

    @classmethod
    def build(cls, entries: Iterable[ApiEntry]) -> Self:
        """The index of `entries`, which may come in any order: the same entries give the same index."""
        ordered = sorted(entries, key=_order)
        vocabulary: dict[str, int] = {}
        documents = [
            [vocabulary.setdefault(word, len(vocabulary)) for word in _document(entry)] for entry in ordered
        ]
        # Sorted, so that a word is found by halving, without reading them all.
        words = sorted(vocabulary, key=str.encode)
        renamed = np.empty(len(words), dtype=np.int64)
        renamed[[vocabulary[word] for word in words]] = np.arange(len(words))
        documents = [renamed[document].tolist() for document in documents]
        word_bytes, word_starts = _joined(word.encode() for word in words)
        entry_bytes, entry_starts = _joined(json.dumps(asdict(entry)).encode() for entry in ordered)
        arrays = {
            **_postings(documents, len(words)),
            "words": word_bytes,
            "word_starts": word_starts,
            "entries": entry_bytes,
            "entry_starts": entry_starts,
        }
        return cls(arrays)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The index in the file at `path`, mapped into memory.

        Raises RatchetError where that is no index file, is damaged, or was written
        by a version whose words are other ones.
        """
        path = Path(path)
        about, arrays = blocks.read(path)
        if about.get("tokens") != tokens.VERSION:
            raise RatchetError(f"the index {path} was made by another version of ratchet: make it again.")
        try:
            _check(arrays)
            return cls(arrays, path)
        except (ValueError, IndexError, TypeError) as error:
            raise blocks.damaged(path, error) from None

    def save(self, path: str | Path) -> None:
        """Write the index to the file at `path`, whole or not at all; raises RatchetError if it cannot."""
        blocks.write(Path(path), {"tokens": tokens.VERSION, "entries": self._size}, self._arrays)

    def search(self, query: str, k: int = 5) -> list[Hit]:
        """The at most `k` best entries for the words of `query`, best first.

        Of equal scores, the shorter and then the alphabetically first name comes
        first. The order of the words does not matter. Empty where no word of the
        query is in the index. Raises ValueError where `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        found = (self._word_id(word) for word in tokens.tokens(query))
        ids = sorted(word for word in found if word >= 0)
        if not ids:
            return []
        try:
            scores = self._scores(ids)
            return [Hit(self._entry(n), float(scores[n])) for n in _best(scores, k)]
        except (ValueError, IndexError, TypeError) as error:
            raise blocks.damaged(self._path, error) from None

    def _scores(self, ids: list[int]) -> NDArray[np.float32]:
        """The score of each entry for the words `ids`."""
        starts, documents = self._arrays["starts"], self._arrays["documents"]
        scores = np.zeros(self._size, dtype=np.float32)
        for word in ids:
            part = slice(starts[word], starts[word + 1])
            # A document is in a word's list at most once, or += would lose what repeats.
            scores[documents[part]] += self._arrays["scores"][part]
        return scores

    def __len__(self) -> int:
        """The number of entries."""
        return self._size

    def __iter__(self) -> Iterator[ApiEntry]:
        """All entries, in the index's order."""
        return (self._entry(number) for number in range(self._size))

    def _entry(self, number: int) -> ApiEntry:
        start, end = self._arrays["entry_starts"][number : number + 2]
        return ApiEntry(**json.loads(self._arrays["entries"][start:end].tobytes()))

    def _word_id(self, word: str) -> int:
        """The number of a word, or -1."""
        wanted, starts, letters = word.encode(), self._arrays["word_starts"], self._arrays["words"]
        low, high = 0, len(starts) - 1
        while low < high:
            middle = (low + high) // 2
            here = letters[starts[middle] : starts[middle + 1]].tobytes()
            if here == wanted:
                return middle
            low, high = (middle + 1, high) if here < wanted else (low, middle)
        return -1


def _order(entry: ApiEntry) -> tuple[Any, ...]:
    return entry.public.count("."), len(entry.public), astuple(entry)


def _document(entry: ApiEntry) -> list[str]:
    name = tokens.tokens(entry.public) * NAME_WEIGHT
    return name + tokens.tokens(entry.summary) * SUMMARY_WEIGHT + tokens.tokens(entry.doc) * DOC_WEIGHT


def _joined(texts: Iterable[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    pieces = list(texts)
    starts = np.zeros(len(pieces) + 1, dtype=np.int64)
    np.cumsum([len(piece) for piece in pieces], out=starts[1:])
    return np.frombuffer(b"".join(pieces), dtype=np.uint8), starts


def _postings(documents: list[list[int]], words: int) -> dict[str, NDArray[Any]]:
    if not words:
        nothing = {"scores": np.float32, "documents": np.int32}
        return {name: np.zeros(0, dtype=kind) for name, kind in nothing.items()} | {
            "starts": np.zeros(1, dtype=np.int64)
        }
    import bm25s  # only needed to build: an index opens in half the time without it

    bm25 = bm25s.BM25(k1=K1, b=B, method="lucene", backend="numpy")
    vocabulary = {number: number for number in range(words)}
    bm25.index((documents, vocabulary), create_empty_token=False, show_progress=False)
    return {
        "scores": bm25.scores["data"].astype(np.float32),
        "documents": bm25.scores["indices"].astype(np.int32),
        "starts": bm25.scores["indptr"].astype(np.int64),
    }


def _best(scores: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """The numbers of the `k` highest scores above 0, highest first, the lower number first among equals."""
    candidates = np.flatnonzero(scores > 0)  # first: selecting among thousands of equal zeros is slow
    if k < len(candidates):
        found = scores[candidates]
        candidates = candidates[found >= np.partition(found, -k)[-k]]
    return candidates[np.argsort(-scores[candidates], kind="stable")][:k]


def _check(arrays: blocks.Arrays) -> None:
    """Raise ValueError unless the arrays fit each other; what they hold is checked where it is used."""
    if set(arrays) != _ARRAYS:
        raise ValueError("other arrays than an index has")
    for starts, content in (("starts", "scores"), ("word_starts", "words"), ("entry_starts", "entries")):
        bounds = arrays[starts]
        if (
            len(bounds) < 1
            or bounds[0] != 0
            or bounds[-1] != len(arrays[content])
            or np.any(np.diff(bounds) < 0)
        ):
            raise ValueError(f"{starts} does not fit {content}")
    if len(arrays["starts"]) != len(arrays["word_starts"]) or len(arrays["scores"]) != len(
        arrays["documents"]
    ):
        raise ValueError("words and postings differ in number")
