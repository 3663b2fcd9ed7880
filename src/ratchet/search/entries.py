"""One documented API, and how its summary is read out of its documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["module", "class", "function", "method", "property", "constant", "unknown"]

SUMMARY_LENGTH = 400
"""Characters: a first paragraph that is longer is cut there."""

_LOOKED_AT = 4000
_CALL = re.compile(r"[A-Za-z_][\w.]*\(")
_RESULT = re.compile(r"\s*->\s*[\w.]+(?:\[[^\]\n]*\])?")
_OPENING, _CLOSING = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class ApiEntry:
    """What is known of one API. Texts are empty where nothing is known."""

    qualified: str
    """Where it is defined: `json.decoder.JSONDecoder.decode`."""
    public: str
    """What users import it by, or call it: `json.JSONDecoder.decode`."""
    kind: Kind
    signature: str
    """Parameters in parentheses, and what is returned: `(s, *, cls=None) -> dict`."""
    summary: str
    """The first paragraph of `doc`, in one line."""
    doc: str
    """The whole documentation, without the indentation of its source."""
    deprecated: str
    """Why not to use it; empty where nothing speaks against it."""
    location: str
    """`path:line` of its definition."""


def summary_of(doc: str) -> str:
    """The first paragraph of `doc` that is no signature, in one line of at most `SUMMARY_LENGTH` characters.

    Documentation of compiled functions begins with a signature, on a line of its
    own or before the first sentence; neither says what the function does.
    """
    for paragraph in re.split(r"\n\s*\n", doc.strip()):
        words = " ".join(paragraph[:_LOOKED_AT].split())
        rest = _without_call(words)
        if re.search(r"[^\W\d_]", rest):
            return rest[:SUMMARY_LENGTH]
    return ""


def outside_quotes(text: str, start: int) -> Iterator[tuple[int, str, int]]:
    """Every character from `start` on that is not in quotes.

    Each with its index, and with how many brackets are open after it.
    """
    depth, quote = 0, ""
    for index in range(start, len(text)):
        character = text[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        else:
            depth += (character in _OPENING) - (character in _CLOSING)
            yield index, character, depth


def closing(text: str, start: int) -> int:
    """The index of the bracket that closes the one at `start`, or -1; brackets in quotes do not count."""
    closers = (i for i, c, depth in outside_quotes(text, start) if c in _CLOSING and depth == 0)
    return next(closers, -1)


def split_call(text: str) -> tuple[str, str]:
    """The call form that `text` begins with, such as `range(stop) -> list`, and the rest, or nothing and all.

    A dotted name stands directly before the parenthesis; a line `--`, with which
    C sources end a signature, belongs to neither part.
    """
    match = _CALL.match(text)
    end = closing(text, match.end() - 1) if match is not None else -1
    if end < 0:
        return "", text
    arrow = _RESULT.match(text, end + 1)
    end = arrow.end() if arrow is not None else end + 1
    return text[:end], re.sub(r"\A\s*--(?:\s|\Z)", "", text[end:]).strip()


def _without_call(words: str) -> str:
    while True:
        call, rest = split_call(words)
        if not call or words[len(call) :][:1] not in ("", " ", ":"):
            return words
        rest = rest.removeprefix(":").lstrip()
        if rest and not re.match(r"[A-Z0-9`*\"']", rest) and not split_call(rest)[0]:
            return words
        words = rest
