"""Code blocks in a chat model's reply, read as models write Markdown and not only as its standard has it.

CommonMark 0.31.2, section 4.5, says what a fence is. Beyond that: a fence may open behind prose on its
line and close behind code, a fence with a language closes one that was left open, and a reply that
was cut off leaves its last fence open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BEFORE = r"[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?[ \t]*"
"""What may stand before a fence: quotation marks, a list's bullet, indentation."""
_FENCE = re.compile(rf"(?P<before>{_BEFORE})(?P<mark>`{{3,}}|~{{3,}})[ \t]*(?P<info>[^`\n]*)")
_BEHIND_PROSE = re.compile(r"(?P<before>.*?\S.*?)(?P<mark>`{3,})(?P<info>[A-Za-z+#]*)\s*")
_INLINE = re.compile(r"(?<!`)(`+)(?!`)([^\n]+?)(?<!`)\1(?!`)")
_THOUGHT = re.compile(r"<(think|thinking|thought|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_THOUGHT_END = re.compile(r".*</(?:think|thinking|thought|reasoning)>", re.DOTALL | re.IGNORECASE)
_CONTROL = re.compile(r"<\|(?:im_end|endoftext|eot_id|end|EOT|eom_id|im_start)\|>|</s>|<｜end▁of▁sentence｜>")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code: the first word behind its fence in lower case, and its text."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply in its parts."""

    blocks: tuple[Block, ...]
    prose: str
    """All that stands outside of the blocks."""
    whole: str
    """All between the first fence and the last, further fences included: a block's text may hold some."""

    @property
    def inline(self) -> list[str]:
        """The code between backticks within the prose, in order."""
        return [match[2].strip() for match in _INLINE.finditer(self.prose)]


def said(reply: str) -> str:
    """The reply without its thoughts (`<think>`), the model's control tokens, and with plain line breaks.

    A model whose template opens the thought itself replies with its end alone; of a thought
    that never ends all is kept, as it is all there is.
    """
    text = reply.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    text = _THOUGHT_END.sub("", _THOUGHT.sub("", text))
    control = _CONTROL.search(text)
    if control is not None and text[: control.start()].strip():
        text = text[: control.start()]
    return text.replace("\u00a0", " ")


def read(text: str) -> Reply:
    """The parts of a reply (`said`)."""
    blocks: list[Block] = []
    prose: list[str] = []
    inside: list[str] | None = None
    opening: re.Match[str] | None = None
    first, last = -1, -1
    lines = text.split("\n")

    def end() -> None:
        if inside is not None and opening is not None:
            blocks.append(_block(opening, inside))

    for number, line in enumerate(lines):
        found = _FENCE.fullmatch(line)
        if inside is None:
            found = found or _BEHIND_PROSE.fullmatch(line)
            if found is None:
                prose.append(line)
                continue
            if found.re is _BEHIND_PROSE:
                prose.append(found["before"])
            opening, inside = found, []
            first = number if first < 0 else first
        elif found is not None and _closes(found, opening):
            last = number
            end()
            inside = None
        elif found is not None and found["info"] and _same_mark(found, opening):
            end()
            opening, inside = found, []
        elif opening is not None and line.rstrip().endswith(opening["mark"]) and not found:
            inside.append(line.rstrip().removesuffix(opening["mark"]))
            last = number
            end()
            inside = None
        else:
            inside.append(line)
    end()
    last = last if inside is None else len(lines)
    whole = "\n".join(lines[first + 1 : last]) if first >= 0 else ""
    return Reply(tuple(block for block in blocks if block.text.strip()), "\n".join(prose), whole)


def _closes(found: re.Match[str], opening: re.Match[str] | None) -> bool:
    return not found["info"].strip() and _same_mark(found, opening)


def _same_mark(found: re.Match[str], opening: re.Match[str] | None) -> bool:
    return opening is not None and found["mark"].startswith(opening["mark"])


def _block(opening: re.Match[str], lines: list[str]) -> Block:
    words = opening["info"].strip().strip("{}.").split()
    quoted = ">" in opening["before"] and opening.re is _FENCE
    if quoted:
        lines = [re.sub(r"^[ \t]*>[ \t]?", "", line) for line in lines]
    indent = 0 if quoted or opening.re is not _FENCE else len(opening["before"].expandtabs(4))
    text = "\n".join(_without_indent(line, indent) for line in lines)
    return Block(words[0].lower() if words else "", text)


def _without_indent(line: str, indent: int) -> str:
    kept = line.lstrip(" \t")
    had = len(line[: len(line) - len(kept)].expandtabs(4))
    if not indent:
        return line
    return " " * max(0, had - indent) + kept if had else line
