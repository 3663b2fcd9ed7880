"""Text that others wrote, made safe to look at, and the small markup of captions."""

from __future__ import annotations

import html
import re

TEXT_LIMIT = 20_000
"""Characters of one program or error that a page shows; what is cut is counted there."""

_HIDDEN = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"}
_HIDDEN[127] = "␡"
# Marks that reorder or hide what stands beside them (the "Trojan source" trick), and
# halves of surrogate pairs, which no encoding can hold.
_MARKS = [*range(0x80, 0xA0), 0x200B, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
_HIDDEN |= {code: f"\\u{code:04x}" for code in [*_MARKS, *range(0xD800, 0xE000)]}

_SPAN = re.compile(r"`([^`\n]+)`|\*\*([^*\n]+)\*\*")


def visible(text: str) -> str:
    """The text with its control characters and invisible marks spelled out; tabs and line ends stay."""
    return text.replace("\r\n", "\n").translate(_HIDDEN)


def shortened(text: str, limit: int = TEXT_LIMIT) -> tuple[str, int]:
    """The beginning of the text, made `visible`, and how many characters were left off."""
    return visible(text[:limit]), max(0, len(text) - limit)


def inline_html(text: str) -> str:
    """One paragraph as HTML: all of it escaped, then `code` and **bold** set."""

    def span(match: re.Match[str]) -> str:
        code, bold = match.groups()
        return f"<code>{code}</code>" if code is not None else f"<strong>{bold}</strong>"

    return _SPAN.sub(span, html.escape(visible(text)))


def inline_plain(text: str) -> str:
    """One paragraph for a terminal: the marks of `code` and **bold** taken away."""
    return _SPAN.sub(lambda match: match[1] or match[2], visible(text))


def paragraph_html(text: str) -> str:
    """A `<p>`, or a `<ul>` where every line begins with "- "."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if lines and all(line.startswith("- ") for line in lines):
        items = "".join(f"<li>{inline_html(line[2:])}</li>" for line in lines)
        return f"<ul>{items}</ul>"
    return f"<p>{inline_html(' '.join(lines))}</p>"
