"""What the journal asks of a disk.

Files that are wholly there or not there at all, a lock that ends with its process,
and one sentence for what the disk refuses.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError


def as_json(data: Any) -> str:
    """`data` as indented JSON, in ASCII: model text may hold what UTF-8 cannot (lone surrogates)."""
    return json.dumps(data, indent=2) + "\n"


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in the file at `path`; RatchetError if there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RatchetError(f"{path} cannot be read ({error}): the Run is damaged, begin a new one.") from None
    if not isinstance(data, dict):
        raise RatchetError(f"{path} is not a JSON object: the Run is damaged, begin a new one.")
    return data


def write_durably(path: Path, text: str) -> None:
    """Write the file at `path` so that after a power cut it has the old text or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until the file or directory at `path` is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(root: Path) -> None:
    """Wait until everything under the directory `root` is on the disk."""
    for folder, _, files in os.walk(root):
        for name in files:
            if not (file := Path(folder, name)).is_symlink():
                sync(file)
        sync(Path(folder))


def hold_lock(run: Path) -> int:
    """Hold the lock of the Run at `run`; the descriptor holds it until it is closed or the process ends."""
    descriptor = os.open(run / "lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    except BlockingIOError:
        holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
        os.close(descriptor)
        if holder == str(os.getpid()):
            raise RatchetError(f"the Run at {run} is open in this process already: close it first.") from None
        raise RatchetError(
            f"the Run at {run} is in use by another process ({holder or 'just started'}): "
            "wait for it, or stop it."
        ) from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def telling(what: str, then: str) -> Iterator[None]:
    """Turn what the disk refuses inside into one sentence: "`what` (the reason): `then`." """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise  # the caller's bug, not the disk's
        reason = str(error)
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            then = "its journal is damaged, restore it from a copy or begin a new Run"
    else:
        return
    raise RatchetError(f"{what} ({reason}): {then}.")
