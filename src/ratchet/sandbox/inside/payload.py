"""A program's text and how it is to be entered, as the program's own process reads it.

A line of five numbers, the entry point, the source; and only where there is more (files,
an examiner's text) a packed dictionary. Plain bytes rather than one packed value,
because reading that wrote to a hundred pages in every program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from . import wire

_LOOKS_FOR_ITSELF = ("process", "__file__", "import program", "from program", "spawn")
"""A module's text is put on disk only if it holds one of these: workers that are spawned import it."""


class Payload(NamedTuple):
    """What a program is entered with."""

    source: str
    entry_point: str
    in_place: bool
    handles: bool
    on_disk: bool
    """Whether the text is to be found as a file, too."""
    more: dict[str, Any]
    """`files`: bytes by path; `examiner`: its text."""


def pack(
    source: str, entry_point: str, *, in_place: bool, handles: bool, more: Mapping[str, Any] | None = None
) -> bytes:
    """The payload's bytes."""
    name = entry_point.encode("utf-8", "surrogatepass")
    text = source.encode("utf-8", "surrogatepass")
    on_disk = any(word in source for word in _LOOKS_FOR_ITSELF)
    head = b"%d %d %d %d %d\n" % (in_place, handles, on_disk, len(name), len(text))
    return b"".join((head, name, text, wire.pack(dict(more)) if more else b""))


def unpack(data: bytes) -> Payload:
    """What `pack` packed."""
    head, _, _ = data.partition(b"\n")
    in_place, handles, on_disk, name, text = map(int, head.split())
    start = len(head) + 1
    middle, end = start + name, start + name + text
    return Payload(
        data[middle:end].decode("utf-8", "surrogatepass"),
        data[start:middle].decode("utf-8", "surrogatepass"),
        bool(in_place),
        bool(handles),
        bool(on_disk),
        wire.unpack(data[end:]) if len(data) > end else {},
    )
