"""Which n-grams of a benchmark's texts stand in a document.

A gram is n words in a row; a word is a run of letters, digits and underscores in lower case. GPT-3's
authors took 13 words "lowercase, whitespace delimited, with no punctuation" (Brown et al. 2020,
appendix C); code has few blanks, so punctuation parts words here. Grams that several problems of the
benchmark share (a licence, a set of imports) say nothing about any of them, nor do rows of numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ratchet.evaluation.contamination.reading import Document

N = 13
_SHARED_BY = 3
"""Problems that may have a gram in common before it is taken for boilerplate."""
_MULTIPLIER = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1

Part = tuple[int, str]
"""A problem's number, and which of its texts."""


class Grams:
    """The n-grams of all parts of all problems, to be looked for."""

    def __init__(self, texts: Mapping[Part, Sequence[str]], n: int = N) -> None:
        """`texts` has the words of each part."""
        self.n = n
        self._ids: dict[str, int] = {}
        self._of_gram: dict[int, list[Part]] = {}
        keys: dict[Part, set[int]] = {}
        for part, words in texts.items():
            ids = np.array([self._ids.setdefault(word, len(self._ids) + 1) for word in words], np.uint64)
            letters = np.array([not word.isdigit() for word in words], bool)
            telling = 2 * _windows(letters, n) > n
            keys[part] = set(self._keys(ids)[telling].tolist())
        owners = Counter(key for problem in _by_problem(keys).values() for key in problem)
        self.total: dict[Part, int] = {}
        """Grams of each part that say something; parts without any are left out."""
        for part, found in keys.items():
            own = [key for key in found if owners[key] <= _SHARED_BY]
            if own:
                self.total[part] = len(own)
            for key in own:
                self._of_gram.setdefault(key, []).append(part)
        self._sorted = np.array(sorted(self._of_gram), np.uint64)

    def find(self, document: Document) -> dict[Part, dict[int, int]]:
        """For each part that has grams in the document: those, with the number of the first word of each."""
        get = self._ids.get
        words = document.words
        if len(words) < self.n or not len(self._sorted):
            return {}
        ids = np.fromiter((get(word, 0) for word in words), np.uint64, len(words))
        places = np.flatnonzero(_windows(ids != 0, self.n) == self.n)
        if not len(places):
            return {}
        keys = self._keys(ids)[places]
        at = np.searchsorted(self._sorted, keys)
        hits = self._sorted[np.minimum(at, len(self._sorted) - 1)] == keys
        found: dict[Part, dict[int, int]] = {}
        for key, place in zip(keys[hits].tolist(), places[hits].tolist(), strict=True):
            for part in self._of_gram[key]:
                found.setdefault(part, {}).setdefault(key, place)
        return found

    def _keys(self, ids: Any) -> Any:
        """A 64-bit key of each n words in a row (a polynomial; two grams share one once in 2^64)."""
        count = max(len(ids) - self.n + 1, 0)
        keys = np.zeros(count, np.uint64)
        factor = 1
        for place in range(self.n):
            keys += ids[place : place + count] * np.uint64(factor)
            factor = factor * _MULTIPLIER & _MASK
        return keys


def _windows(flags: Any, n: int) -> Any:
    """How many of each n flags in a row are set."""
    sums = np.concatenate(([0], np.cumsum(flags)))
    return sums[n:] - sums[:-n] if len(flags) >= n else np.zeros(0, np.int64)


def _by_problem(keys: Mapping[Part, set[int]]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for (problem, _), own in keys.items():
        found.setdefault(problem, set()).update(own)
    return found
