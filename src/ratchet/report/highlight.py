"""Programs with their colours: Pygments reads them, a handful of classes marks them.

Only classes are written, never colours: the page's style sheet has those, for
light and for dark. What is not coloured is still escaped.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Any

CLASSES = {
    "Keyword": "k",
    "Operator.Word": "k",
    "Literal.String": "s",
    "Literal.String.Doc": "c",
    "Literal.Number": "n",
    "Comment": "c",
    "Name.Function": "f",
    "Name.Class": "f",
    "Name.Decorator": "f",
    "Name.Builtin": "b",
    "Name.Exception": "b",
    "Generic.Error": "e",
}
"""The class of each kind of token, by its Pygments name; the longest name that fits counts."""


def code_html(text: str, language: str, dim_until: int = 0) -> str:
    """The text as escaped HTML, its tokens in `<span>`s.

    Args:
        text: already made `visible`.
        language: the name of a Pygments lexer; if there is none of that name, no colours.
        dim_until: how many characters at the beginning were given, not written: they
            stand in one `<span class="given">`.
    """
    lexer = _lexer(language)
    tokens = ((at, "", value) for at, value in [(0, text)]) if lexer is None else _tokens(lexer, text)
    given, written = [], []
    for at, name, value in _merged(tokens):
        inside = max(0, min(len(value), dim_until - at))
        given.append(_span(name, value[:inside]))
        written.append(_span(name, value[inside:]))
    before = "".join(given)
    return (f'<span class="given">{before}</span>' if before else "") + "".join(written)


def _span(name: str, value: str) -> str:
    escaped = html.escape(value)
    return f'<span class="{name}">{escaped}</span>' if name and value.strip() else escaped


def _tokens(lexer: Any, text: str) -> Iterator[tuple[int, str, str]]:
    for at, kind, value in lexer.get_tokens_unprocessed(text):
        yield at, _class(kind), value


def _merged(tokens: Iterator[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
    """Neighbours of one class as one token: half the size of the page."""
    for name, run in groupby(tokens, key=lambda token: token[1]):
        first, *rest = run
        yield first[0], name, first[2] + "".join(value for _, _, value in rest)


@cache
def _class(kind: Any) -> str:
    parts = tuple(kind)
    for length in range(len(parts), 0, -1):
        found = CLASSES.get(".".join(parts[:length]))
        if found:
            return found
    return ""


@cache
def _lexer(language: str) -> Any:
    """The lexer of that name, or None where there is none, or where there is nothing to colour."""
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    if language in ("", "text"):
        return None
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None
