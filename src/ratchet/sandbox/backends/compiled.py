"""What compilers made, kept on disk under a digest of all that went into it."""

from __future__ import annotations

import hashlib
import marshal
import os
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.sandbox.home import home_directory
from ratchet.sandbox.languages import Build, Toolchain

MOST_BYTES = 1 << 30
"""How much is kept; what was used longest ago goes first."""
_FEWER = 0.8
"""The share that is left when something has to go."""


def digest(tools: Toolchain, build: Build, files: Mapping[str, bytes]) -> str:
    """The key of a compilation: the tools and their version, the command, and every file."""
    hasher = hashlib.sha256()
    command = (build.command.argv, sorted(build.command.environment.items()), build.keep)
    told = (tools.version, sorted(tools.tools.items()), command, sorted(files.items()))
    hasher.update(repr(told).encode("utf-8", "surrogatepass"))
    return hasher.hexdigest()


class Compiled:
    """Files by the digest of their compilation; safe to use from several threads and processes."""

    def __init__(self, folder: Path | None = None, most_bytes: int = MOST_BYTES) -> None:
        """`folder`: by default `compiled` in Ratchet's home; it is made when it is needed."""
        self._given = folder
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._bytes: int | None = None

    @property
    def _folder(self) -> Path:
        return self._given or home_directory() / "compiled"

    def get(self, key: str) -> dict[str, bytes] | None:
        """What was put under `key`; None where that is not known (any more)."""
        try:
            path = self._folder / key
            data = path.read_bytes()
            os.utime(path)
            found = marshal.loads(data)
        except (RatchetError, OSError, ValueError, EOFError, TypeError):
            return None
        return found if isinstance(found, dict) else None

    def put(self, key: str, files: Mapping[str, bytes]) -> None:
        """Keep `files` under `key`; where there is no room for them, nothing happens."""
        data = marshal.dumps(dict(files))
        with suppress(OSError, RatchetError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                os.replace(name, self._folder / key)
            except BaseException:
                os.unlink(name)
                raise
            with self._lock:
                self._make_room(len(data))

    def _make_room(self, added: int) -> None:
        if self._bytes is not None and self._bytes + added <= self._most_bytes:
            self._bytes += added
            return
        found = []
        for path in self._folder.iterdir():
            with suppress(OSError):  # another process took it away
                seen = path.stat()
                found.append((seen.st_mtime, seen.st_size, path))
        total = sum(size for _, size, _ in found)
        if total > self._most_bytes:
            for _, size, path in sorted(found):
                if total <= self._most_bytes * _FEWER:
                    break
                path.unlink(missing_ok=True)
                total -= size
        self._bytes = total
