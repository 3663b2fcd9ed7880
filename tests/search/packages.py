"""Packages on the disk, and entries by name, for tests."""

from __future__ import annotations

import textwrap
from collections.abc import Collection
from pathlib import Path

from ratchet.search import ApiEntry


def write(root: Path, files: dict[str, str]) -> Path:
    """Write `files` below `root`, and return it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
    return root


def by_name(entries: Collection[ApiEntry]) -> dict[str, ApiEntry]:
    """Entries by public name, of which each is there once."""
    found = {entry.public: entry for entry in entries}
    assert len(found) == len(entries)
    return found
