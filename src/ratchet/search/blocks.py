"""An index file: named arrays in one file, written whole or not at all, and mapped instead of read.

    magic (16 bytes) | length of the header (8 bytes) | header (JSON) | arrays

The header says what the file is about and where each array is; arrays begin at
multiples of 64 bytes, little-endian.
"""

from __future__ import annotations

import json
import mmap
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratchet.errors import RatchetError

MAGIC = b"RATCHET SEARCH 1"
_ALIGNMENT = 64
_TYPES = frozenset({"<f4", "<i4", "<i8", "|u1"})

Arrays = Mapping[str, NDArray[Any]]


def is_index(path: Path) -> bool:
    """Whether the file at `path` begins as an index file does."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def write(path: Path, about: Mapping[str, Any], arrays: Arrays) -> None:
    """Write the file at `path`: after a crash it is the old one or the new one.

    Raises RatchetError where it cannot be written, and rather than replace a file
    that is no index.
    """
    if path.exists() and not is_index(path):
        raise RatchetError(f"{path} is there already and is no index file: name another file to save to.")
    places: dict[str, Any] = {}
    offset = 0
    for name, array in arrays.items():
        offset += -offset % _ALIGNMENT
        places[name] = {"type": array.dtype.newbyteorder("<").str, "offset": offset, "length": len(array)}
        offset += array.nbytes
    header = json.dumps({"about": dict(about), "arrays": places}).encode()
    header += b" " * (-(len(MAGIC) + 8 + len(header)) % _ALIGNMENT)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            with fresh.open("xb") as file:
                file.write(MAGIC + len(header).to_bytes(8, "little") + header)
                for name, array in arrays.items():
                    file.write(b"\0" * (-file.tell() % _ALIGNMENT))
                    file.write(array.astype(places[name]["type"], copy=False).tobytes())
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise RatchetError(f"{path} cannot be written: {error.strerror or error}.") from None


def read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What the file at `path` is about, and its arrays, mapped read-only: pages are read when they are used.

    Raises RatchetError where it is no index file, or not a whole one.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise RatchetError(
                    f"{path} is no index file: make one with ratchet search SOURCE ... --save."
                )
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise RatchetError(f"{path} cannot be read: {error.strerror or error}.") from None
    try:
        start = len(MAGIC) + 8
        length = int.from_bytes(content[len(MAGIC) : start], "little")
        if length > len(content) - start:
            raise ValueError("the header is cut off")
        header = json.loads(content[start : start + length])
        arrays = {}
        for name, place in header["arrays"].items():
            if place["type"] not in _TYPES or place["offset"] < 0 or place["length"] < 0:
                raise ValueError(f"{name} is impossible")
            arrays[name] = np.frombuffer(
                content, dtype=place["type"], count=place["length"], offset=start + length + place["offset"]
            )
        return header["about"], arrays
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(path, error) from None


def damaged(path: Path | None, error: Exception) -> RatchetError:
    """The sentence for an index file whose content cannot be right."""
    return RatchetError(f"the index {path or 'in memory'} is damaged ({error}): make it again.")
