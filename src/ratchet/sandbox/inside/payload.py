"""A program's text and how it is to be entered, as the program's own process reads it.

A line of numbers, the entry point, the source, an examiner's text and its code; and only
where there are files or arguments, both packed. Plain bytes rather than one packed
value, because reading that wrote to a hundred pages in every program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from . import wire

_LOOKS_FOR_ITSELF = ("process", "__file__", "import program", "from program", "spawn")
"""A module's text is put on disk only if it holds one of these: workers that are spawned import it."""


class Payload(NamedTuple):
    """What a program is entered with."""

    source: str
    entry_point: str
    in_place: bool = False
    handles: bool = False
    on_disk: bool = False
    """Whether the text is to be found as a file, too."""
    test: str = ""
    """An examiner's text, for both in one process."""
    compiled: bytes = b""
    """Its code, marshalled, if it compiles."""
    files: Mapping[str, bytes] = {}
    arguments: tuple[str, ...] = ()
    """What follows the program's name in sys.argv."""


def pack(given: Payload) -> bytes:
    """The payload's bytes."""
    texts = [given.entry_point, given.source, given.test]
    parts = [*(text.encode("utf-8", "surrogatepass") for text in texts), given.compiled]
    on_disk = any(word in given.source for word in _LOOKS_FOR_ITSELF)
    numbers = (given.in_place, given.handles, on_disk, *map(len, parts))
    head = b"%d %d %d %d %d %d %d\n" % numbers
    more = wire.pack([dict(given.files), list(given.arguments)]) if given.files or given.arguments else b""
    return b"".join((head, *parts, more))


def unpack(data: bytes) -> Payload:
    """What `pack` packed."""
    start = data.index(b"\n") + 1
    in_place, handles, on_disk, name, text, test, compiled = map(int, data[:start].split())
    a = start + name
    b = a + text
    c = b + test
    d = c + compiled
    files, arguments = wire.unpack(data[d:]) if len(data) > d else ({}, ())
    return Payload(
        data[a:b].decode("utf-8", "surrogatepass"),
        data[start:a].decode("utf-8", "surrogatepass"),
        in_place == 1,
        handles == 1,
        on_disk == 1,
        data[b:c].decode("utf-8", "surrogatepass") if test else "",
        data[c:d],
        files,
        tuple(arguments),
    )
