"""Reading the text of programs whose blocks have braces: what is code in it, heads of functions, blocks.

It is read by its form alone, without a compiler; what is done with a candidate's text this way
needs no trust in it: a text that is misread does not compile, or answers wrongly.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ratchet.sandbox.languages import Unsplittable

# Each takes the rest where its end is missing, so that no text is scanned more than once.
_LINE_COMMENT = r"//[^\n]*"
_BLOCK_COMMENT = r"/\*.*?(?:\*/|\Z)"
_STRING = r'"(?:\\.|[^"\\\n])*"?'
_DIALECTS = {
    "cpp": re.compile(
        rf"""{_LINE_COMMENT}|{_BLOCK_COMMENT}|\bR"(?P<mark>[^()\\\s]{{0,16}})\(.*?(?:\)(?P=mark)"|\Z)"""
        rf"""|{_STRING}|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'?""",
        re.DOTALL,
    ),
    "go": re.compile(
        rf"{_LINE_COMMENT}|{_BLOCK_COMMENT}|`[^`]*(?:`|\Z)|{_STRING}|'(?:\\[^\n]{{1,10}}?|[^'\\\n])'",
        re.DOTALL,
    ),
    "rust": re.compile(
        rf"""{_LINE_COMMENT}|/\*|\bb?r(?P<mark>\#*)".*?(?:"(?P=mark)|\Z)|"(?:\\.|[^"\\])*"?"""
        r"""|'(?:\\[^\n]{1,10}?|[^'\\\n])'""",
        re.DOTALL,
    ),
}
_NOT_A_LINE_BREAK = re.compile(r"[^\n]")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_BRACE = re.compile(r"[{}]")
_OPENING, _CLOSING = "([{<", ")]}>"
_MOST_HEADS = 20
"""How many heads of one name are looked at: a text may hold thousands that close nowhere."""


def code_of(text: str, dialect: str) -> str:
    """The text with spaces for its comments, strings and characters: all else stands where it stood."""
    parts: list[str] = []
    at = 0
    while found := _DIALECTS[dialect].search(text, at):
        end = found.end()
        if found[0] == "/*":  # Rust: they nest
            end = _end_of_nested(text, end)
        parts += text[at : found.start()], _NOT_A_LINE_BREAK.sub(" ", text[found.start() : end])
        at = end
    return "".join([*parts, text[at:]])


def _end_of_nested(text: str, at: int) -> int:
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(text, at)):
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at if depth == 0 else len(text)


def open_block(code: str) -> int:
    """Where the outermost brace stands that is not closed; raises Unsplittable if there is none."""
    opened: list[int] = []
    for brace in _BRACE.finditer(code):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            opened.pop()
    if not opened:
        raise Unsplittable("the declaration does not end within a function")
    return opened[0]


def outside_blocks(code: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """The matches of `pattern` in code that begin outside of all braces."""
    depth = 0
    braces = list(_BRACE.finditer(code))
    following = iter([*braces, None])
    brace = next(following)
    for found in pattern.finditer(code):
        while brace is not None and brace.start() < found.start():
            depth = max(0, depth + (1 if brace[0] == "{" else -1))
            brace = next(following)
        if depth == 0:
            yield found


def matching(code: str, at: int) -> int:
    """Where the bracket closes that opens at `at`; -1 if it does not."""
    opening = code[at]
    closing = _CLOSING[_OPENING.index(opening)]
    depth = 0
    for found in re.compile(rf"[{re.escape(opening + closing)}]").finditer(code, at):
        depth += 1 if found[0] == opening else -1
        if depth == 0:
            return found.start()
    return -1


def split_at_commas(code: str) -> list[str]:
    """The parts of a list between commas that stand within no bracket."""
    parts, depth, start = [], 0, 0
    for found in re.finditer(r"->|=>|[-,()\[\]{}<>]", code):
        if found[0] in _OPENING:
            depth += 1
        elif found[0] in _CLOSING:
            depth -= 1
        elif found[0] == "," and depth == 0:
            parts.append(code[start : found.start()])
            start = found.end()
    return [part.strip() for part in [*parts, code[start:]] if part.strip()]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a function: its name, what stands in the parentheses, and where it lies."""

    name: str
    parameters: str
    start: int
    """Where the name begins."""
    end: int
    """Behind the parenthesis that closes."""


def heads(code: str, name: str) -> list[Head]:
    """What looks like the head of a function of this name, outside of all braces."""
    found = []
    matches = list(outside_blocks(code, re.compile(rf"\b{re.escape(name)}\s*\(")))
    for match in matches[-_MOST_HEADS:]:
        opening = match.end() - 1
        closing = matching(code, opening)
        if closing >= 0:
            found.append(Head(name, code[opening + 1 : closing], match.start(), closing + 1))
    return found


def replaced(text: str, parts: Iterable[tuple[int, int, str]]) -> str:
    """The text with others for some parts of it: start, end and the new text of each, in order."""
    pieces: list[str] = []
    at = 0
    for start, end, new in parts:
        pieces += text[at:start], new
        at = end
    return "".join([*pieces, text[at:]])


def blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with spaces for some parts of it: lines keep their numbers."""
    return replaced(text, ((start, end, _NOT_A_LINE_BREAK.sub(" ", text[start:end])) for start, end in spans))


def closed(test: str) -> bool:
    """Whether a test's text closes the function that stands before it, as MultiPL-E's texts may do."""
    return test.lstrip().startswith("}")


def beside_system(*paths: str) -> tuple[str, ...]:
    """The folders above `bin` of those executables that lie outside of what every program sees."""
    system = ("/usr/", "/bin/", "/sbin/", "/lib")
    real = [os.path.realpath(path) for path in paths]
    prefixes = [os.path.dirname(os.path.dirname(path)) for path in real if not path.startswith(system)]
    return tuple(dict.fromkeys(prefixes))
