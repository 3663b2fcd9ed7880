"""A `Page` as one HTML file: no network, no other files, readable without JavaScript.

The look is in `templates/`: page.html and blocks.html (Jinja, escaping on),
page.css, page.js. A content security policy in the file forbids every request and
every script but our own, so that not even a mistake in here could run what a
model wrote.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import count
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ratchet.errors import RatchetError
from ratchet.report.blocks import VERDICT_TONES, Block, Code, Page, SampleView, Section
from ratchet.report.highlight import code_html
from ratchet.report.palette import css_variables
from ratchet.report.text import inline_html, paragraph_html, shortened, visible

_TEMPLATES = "templates"


def write_page(page: Page, path: Path) -> Path:
    """Write the page as one HTML file, whole or not at all; missing folders are made.

    Returns:
        The path.

    Raises:
        RatchetError: the file cannot be written there.
    """
    text = page_html(page)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise RatchetError(
            f"the page cannot be written to {path} ({error.strerror}): name a file in a folder that "
            "can be written to."
        ) from error
    return path


def page_html(page: Page) -> str:
    """The page as the text of one HTML file."""
    script = asset("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        environment()
        .get_template("page.html")
        .render(
            page=page,
            parts=parts(page.sections),
            style=Markup(style()),
            script=Markup(script),
            script_hash=f"sha256-{digest}",
        )
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A section or a block with its place in the page: the identifier that links lead to."""

    id: str
    item: Section | Block
    parts: Sequence[Part] = ()


def parts(sections: Sequence[Section]) -> list[Part]:
    """Sections and their blocks, each with an identifier that no other has."""
    taken: set[str] = set()
    found = []
    for section in sections:
        place = _identifier(section.title, taken)
        found.append(Part(place, section, [Part(_identifier(b.title, taken), b) for b in section.blocks]))
    return found


def _identifier(title: str, taken: set[str]) -> str:
    """Letters, digits and hyphens only, and not yet taken."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-") or "part"
    name = next(name for name in _numbered(plain) if name not in taken)
    taken.add(name)
    return name


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{i}" for i in count(2))


@cache
def environment() -> Environment:
    """Jinja, with escaping on and with the filters that our templates use."""
    jinja = Environment(
        loader=PackageLoader("ratchet.report", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Every value that is shown passes here, before it is escaped.
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    jinja.filters.update(
        kind=lambda block: type(block).__name__,
        inline=lambda text: Markup(inline_html(text)),
        paragraph=lambda text: Markup(paragraph_html(text)),
        # Only drawings of our own come through here; see `blocks.Figure`.
        drawing=lambda svg: Markup(svg),
        verdict_tone=lambda verdict: VERDICT_TONES.get(verdict, "plain"),
        listing=_listing,
        shortened=shortened,
    )
    return jinja


def _listing(block: SampleView | Code) -> dict[str, Any]:
    """The HTML of a program, and how many of its characters are not shown."""
    if isinstance(block, Code):
        text, left_off = shortened(block.text)
        return {"html": Markup(code_html(text, block.language)), "left_off": left_off}
    prompt, of_prompt = shortened(block.prompt)
    completion, of_completion = shortened(block.completion)
    listing = code_html(prompt + completion, block.language, len(prompt))
    return {"html": Markup(listing), "left_off": of_prompt + of_completion}


@cache
def style() -> str:
    """The style sheet, with the inks of light and of dark pages."""
    light, dark = css_variables(dark=False), css_variables(dark=True)
    return (
        f":root {{ {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        f"{asset('page.css')}"
    )


@cache
def asset(name: str) -> str:
    """The text of a file of `templates/`."""
    return (resources.files("ratchet.report") / _TEMPLATES / name).read_text(encoding="utf-8")
