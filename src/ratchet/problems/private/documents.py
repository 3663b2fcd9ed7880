"""The documentation of the private libraries, as far as it is published: the API lines of the prompts."""

from __future__ import annotations

from ratchet.errors import RatchetError
from ratchet.problems.data import find_data
from ratchet.problems.lines import read_rows
from ratchet.problems.private.files import LIBRARIES, PROMPTS, file_of
from ratchet.search.entries import ApiEntry, summary_of
from ratchet.search.jsonl import split_document

_FIRST, _LAST = "# [start]", "# [end]"


def documents(library: str) -> list[ApiEntry]:
    """The entries of "monkey" or "beatnum", sorted; `ratchet.search.Index.build` makes them an index.

    They are the lines "name(signature): description" that stand before the prompts of the
    benchmark's variants, each once; the whole documentation was never published. Raises
    RatchetError on another library, and where the files are not to be had.
    """
    if library not in LIBRARIES:
        there = " and ".join(LIBRARIES)
        raise RatchetError(f"there are no API documents of {library!r}: they come with {there}.")
    found: dict[tuple[str, str, str], str] = {}
    for prompts in filter(None, PROMPTS):
        file = file_of(library, prompts)
        for row in read_rows(find_data(file)):
            for line in api_lines(row.text("prompt")):
                found.setdefault(split_document(line), file.url)
    return [_entry(library, document, url) for document, url in sorted(found.items())]


def api_lines(prompt: str) -> list[str]:
    """The documents between the marks of a prompt, without their comment signs."""
    found: list[str] = []
    inside = False
    for line in prompt.splitlines():
        if line.strip() == _LAST:
            inside = False
        elif inside:
            found.append(line.removeprefix("#").strip())
        inside = inside or line.strip() == _FIRST
    return found


def _entry(library: str, document: tuple[str, str, str], url: str) -> ApiEntry:
    name, signature, description = document
    public = f"{library}.{name}"
    return ApiEntry(public, public, "unknown", signature, summary_of(description), description, "", url)
