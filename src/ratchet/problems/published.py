"""Benchmarks that are read from a file whose checksum is not known here: the user's own copy of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.problems.data import cache_directory


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file that is published in a benchmark's own format."""

    path: str
    """Where it is looked for, below RATCHET_DATA and below the cache; relative, with slashes."""
    home: str
    """Where it is published."""


def find_published(file: PublishedFile, name: str) -> Path:
    """The place of the file on this machine; `name` is that of its benchmark.

    Raises RatchetError, which says where to get the file and where to put it, where there is none.
    """
    given = os.environ.get("RATCHET_DATA")
    folders = [Path(given)] if given else []
    for folder in (*folders, cache_directory()):
        found = folder / file.path
        if found.exists():
            return found
    raise RatchetError(
        f"the file of {name} is not on this machine: get it from {file.home} and put it at "
        f"{cache_directory() / file.path}, or name it, as in {name}:PATH."
    )
