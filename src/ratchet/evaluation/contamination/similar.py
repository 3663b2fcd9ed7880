"""Which solutions of a benchmark stand in a document, nearly as they are.

AutoCoder removed what was more than 90 % similar to a benchmark's code by Levenshtein distance. Here
similarity = 1 - distance / length of the longer one, over functions without comments, docstrings and
white space. Every function, block and whole text of a document is compared with every solution whose
length and whose counts of characters allow for that similarity: nothing above the threshold is missed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ratchet.evaluation.contamination.code import comments_of, lines_of
from ratchet.evaluation.contamination.reading import Document

THRESHOLD = 0.9
_ROUNDING = 1e-6
SHORTEST = 60
"""Characters without white space that code must have to be compared: two programmers write the same line."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The code of a problem's function."""

    problem: int
    part: str
    text: str
    comments: str


def solution_of(problem: int, part: str, program: str, entry_point: str, language: str) -> Solution | None:
    """The entry point's own code in a program, else all of it; None where that is too short."""
    comments = comments_of(language)
    lines = lines_of(program, comments)
    units = [
        (lines.length(*unit), unit)
        for unit in lines.units(1, len(program))
        if entry_point and entry_point in lines.bare[unit[0]] and "(" in lines.bare[unit[0]]
    ]
    _, unit = max(units, default=(0, (0, len(lines.raw))))
    text = lines.bare_text(*unit)
    return Solution(problem, part, text, comments) if len(text) >= SHORTEST else None


class Solutions:
    """Solutions to be looked for."""

    def __init__(self, solutions: Sequence[Solution], threshold: float = THRESHOLD) -> None:
        """Only what is more similar than `threshold` (0.5 to 1) is found."""
        self.threshold = threshold
        self._styles: dict[str, _Style] = {}
        for comments in sorted({solution.comments for solution in solutions}):
            own = sorted(
                (one for one in solutions if one.comments == comments), key=lambda one: len(one.text)
            )
            self._styles[comments] = _Style(own, [len(one.text) for one in own], _counts(own))

    def find(self, document: Document) -> Iterator[tuple[Solution, float, int]]:
        """(solution, similarity, line of the document from 0), for each piece that is similar enough."""
        from rapidfuzz.distance import Levenshtein

        for comments, style in self._styles.items():
            lines = document.lines(comments)
            shortest = int(style.lengths[0] * self.threshold)
            longest = int(style.lengths[-1] / self.threshold) + 1
            seen: set[str] = set()
            for start, stop in lines.units(shortest, longest):
                text = lines.bare_text(start, stop)
                if text in seen:
                    continue
                seen.add(text)
                for solution in style.alike(text, self.threshold):
                    similarity = Levenshtein.normalized_similarity(
                        text, solution.text, score_cutoff=self.threshold
                    )
                    if similarity > self.threshold:
                        yield solution, similarity, start


@dataclass(frozen=True, slots=True)
class _Style:
    """Solutions with one style of comments, by length, with the counts of their characters."""

    solutions: Sequence[Solution]
    lengths: Sequence[int]
    counts: Any

    def alike(self, text: str, threshold: float) -> Iterator[Solution]:
        """Those that can be so similar to the text: a distance is at least what the counts differ by."""
        length = len(text)
        low = bisect_left(self.lengths, length * threshold)
        high = bisect_right(self.lengths, length / threshold)
        if low == high:
            return
        differences = self.counts[low:high] - _count(text)
        more = np.maximum(differences, 0).sum(axis=1)
        fewer = more - differences.sum(axis=1)
        longer = np.maximum(self.lengths[low:high], length)
        for number in np.flatnonzero(np.maximum(more, fewer) <= longer * (1 - threshold) + _ROUNDING):
            yield self.solutions[low + int(number)]


def _counts(solutions: Sequence[Solution]) -> Any:
    return np.stack([_count(solution.text) for solution in solutions])


def _count(text: str) -> Any:
    """How often each of 128 characters occurs; all beyond ASCII count as one."""
    return np.bincount(np.frombuffer(text.encode("ascii", "replace"), np.uint8), minlength=128)
