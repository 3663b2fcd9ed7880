"""Code without what a copy may change for nothing: comments, docstrings, white space; and its functions.

A function is found by its indentation: a line, all deeper lines after it, and the line that closes
it. That holds for Python and for the usual style of every language with braces, and needs no parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

_STRINGS = r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
_TOKENS = {
    "hash": re.compile(r'"""|' + r"'''|" + _STRINGS + r"|#[^\n]*"),
    "slash": re.compile(r"/\*|//[^\n]*|" + _STRINGS),
}
_CLOSED_BY = {'"""': '"""', "'''": "'''", "/*": "*/"}
_TO_THE_END = ("#", "//")
_CLOSES = re.compile(r"[}\])]|end\b")
_CONTINUES = re.compile(r"[)\]{]")

_HASH = frozenset({"python", "bash", "r", "ruby", "perl", "julia"})


def comments_of(language: str) -> str:
    """The style of comments of a language: "hash" or "slash"."""
    return "hash" if language in _HASH else "slash"


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a text without comments; `bare` are those without white space."""

    raw: list[str]
    bare: list[str]
    sums: list[int]
    """Characters of `bare` before each line, and of all."""

    def bare_text(self, start: int, stop: int) -> str:
        """The lines from `start` to before `stop` as one text without white space."""
        return "".join(self.bare[start:stop])

    def length(self, start: int, stop: int) -> int:
        """Of `bare_text`."""
        return self.sums[stop] - self.sums[start]

    def units(self, shortest: int, longest: int) -> Iterator[tuple[int, int]]:
        """All of the text, and each of its blocks, as (first line, line after the last).

        Only those whose `length` is from `shortest` to `longest`; in the order in which they end.
        """
        yielded = (0, len(self.raw))
        if shortest <= self.length(*yielded) <= longest:
            yield yielded
        for block in self._blocks():
            if block != yielded and shortest <= self.length(*block) <= longest:
                yield block

    def _blocks(self) -> Iterator[tuple[int, int]]:
        open_: list[tuple[int, int]] = []  # (indentation, line) of each head that may have a body
        last = 0
        for number, line in enumerate(self.raw):
            if not self.bare[number]:
                continue
            indent, text = len(line) - len(line.lstrip()), self.bare[number]
            while open_ and open_[-1][0] > indent:
                _, start = open_.pop()
                if last - start > 1:
                    yield start, last
            if open_ and open_[-1][0] == indent:
                if _CONTINUES.match(text):  # the end of a head's parameters, or its brace
                    last = number + 1
                    continue
                _, start = open_.pop()
                if last - start > 1:
                    yield start, number + 1 if _CLOSES.match(text) else last
            open_.append((indent, number))
            last = number + 1
        for _, start in reversed(open_):
            if last - start > 1:
                yield start, last


def lines_of(text: str, comments: str) -> Lines:
    """The lines of a text, as many as it has, without comments of that style ("hash", "slash")."""
    raw = _without(text, _TOKENS[comments]).split("\n")
    bare = ["".join(line.split()) for line in raw]
    return Lines(raw, bare, list(accumulate(map(len, bare), initial=0)))


def _without(text: str, tokens: re.Pattern[str]) -> str:
    """The text without its comments, line by line as it was; what is opened and never closed stays."""
    parts, done, at = [], 0, 0
    never: set[str] = set()
    while token := tokens.search(text, at):
        found, at = token[0], token.end()
        if found in _CLOSED_BY:
            closing = _CLOSED_BY[found]
            end = -1 if closing in never else text.find(closing, at)
            if end < 0:
                never.add(closing)
                continue
            at = end + len(closing)
        elif not found.startswith(_TO_THE_END):
            continue
        parts += [text[done : token.start()], "\n" * text.count("\n", token.start(), at)]
        done = at
    return "".join([*parts, text[done:]])
