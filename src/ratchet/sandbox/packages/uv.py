"""uv, run in a process of its own: from names to an exact set, and from such a set to a folder."""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.sandbox.languages.python import interpreter
from ratchet.sandbox.packages import reasons
from ratchet.sandbox.packages.indexes import Index
from ratchet.sandbox.packages.nouns import PackagesError, TimedOutError, TooLargeError

_LOOK_S = 0.05
_LARGE = ("torch",)
_SLACK_BYTES = 32 << 20
"""What uv may write besides what it installs: the index's answers, mostly."""


@dataclass(frozen=True, slots=True)
class Uv:
    """How uv is called: its cache, the index, and when it must be done (of time.monotonic)."""

    cache: Path
    index: Index
    deadline: float

    def resolve(self, requests: Sequence[str], folder: Path, max_bytes: int) -> str:
        """The exact set that satisfies these requirements, as the text of a pylock.toml; `folder` is empty.

        What `lent` names is left out. An index without metadata makes uv fetch whole wheels for it:
        raises TooLargeError once more than `max_bytes` were written, PackagesError for what the
        author of the requirements can mend, and RatchetError else.
        """
        overrides = folder / "overrides.txt"
        overrides.write_text("".join(f"{name} ; python_version < '0'\n" for name in lent(requests)))
        options = ("--format", "pylock.toml", "--no-header", "--no-annotate", "--override", str(overrides))
        order = ("pip", "compile", "-", *options)
        return self._run(*order, folder=folder, stdin="\n".join(requests), max_bytes=max_bytes)

    def install(self, lock: Path, target: Path, max_bytes: int) -> None:
        """Put the set that the file `lock` describes into the folder `target`.

        Raises as `resolve` does.
        """
        where = ("--target", str(target), "-r", str(lock))
        options = ("--no-deps", "--link-mode", "hardlink", "--no-compile-bytecode")
        self._run("pip", "install", *where, *options, folder=lock.parent, max_bytes=max_bytes)
        (target / ".lock").unlink(missing_ok=True)

    def forget(self, folder: Path) -> None:
        """Empty uv's cache; what is installed stays."""
        self._call(("cache", "clean"), folder, "", None)

    def _run(self, *order: str, folder: Path, max_bytes: int, stdin: str = "") -> str:
        python = ("--python", interpreter().executable, "--no-python-downloads", "--only-binary", ":all:")
        code, out, said = self._call((*order, *python, *self.index.arguments), folder, stdin, max_bytes)
        if code:
            raise reasons.failure(said, target())
        return out

    def _call(
        self, arguments: Sequence[str], folder: Path, stdin: str, max_bytes: int | None
    ) -> tuple[int, str, str]:
        """Run uv in `folder`, where no project is configured; its exit code and what it wrote."""
        common = ("--color", "never", "--no-progress", "--cache-dir", str(self.cache))
        # A file, as `communicate` forgets its input where its time-out comes before the first write.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as given:
            given.write(stdin)
            given.seek(0)
            process = subprocess.Popen(
                (binary(), *arguments, *common),
                cwd=folder,
                env=self.index.environment,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # ctrl-C comes to us, and we end it
            )
        try:
            while True:
                try:
                    out, said = process.communicate(timeout=_LOOK_S)
                except subprocess.TimeoutExpired:
                    if time.monotonic() >= self.deadline:
                        raise TimedOutError("resolving and installing the packages timed out") from None
                    if max_bytes is not None and _written(process.pid) > max_bytes + _SLACK_BYTES:
                        raise too_large(max_bytes) from None
                else:
                    return process.returncode, out, said
        finally:
            end(process)


def lent(requests: Iterable[str]) -> tuple[str, ...]:
    """The packages that come from Ratchet's own interpreter, as it has them and no request names them.

    Programs find its packages behind their own. What asks for torch, of whatever version, gets
    the one that is there: with all that an index has it bring along, it has gigabytes.
    """
    named = {re.split(r"[^a-z0-9-]", request, maxsplit=1)[0] for request in requests}
    return tuple(name for name in _LARGE if name not in named and find_spec(name) is not None)


def end(process: subprocess.Popen[Any]) -> None:
    """End a process that leads a session, with all that it started, if it has not ended by itself."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _written(pid: int) -> int:
    """Bytes that a process has written so far; 0 where the kernel does not count them."""
    try:
        with open(f"/proc/{pid}/io", encoding="ascii") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("wchar:")), 0)
    except OSError:
        return 0


def too_large(max_bytes: int) -> TooLargeError:
    """The error for packages over this limit."""
    size = f"{max_bytes / 2**30:.3g} GiB" if max_bytes >= 2**29 else f"{max_bytes / 2**20:.3g} MiB"
    return TooLargeError(f"the packages with all that they need are too large: more than {size}")


@dataclass(frozen=True, slots=True)
class Locked:
    """What a pylock.toml holds."""

    resolved: tuple[str, ...]
    """"name==version", in order."""
    identity: list[list[str]]
    """The same with the hashes of the wheels: two sets with one identity are the same bytes."""
    least_bytes: int
    """What must at least be fetched, as far as the index says so."""


def read(lock: str) -> Locked:
    """Read the text of a pylock.toml; raises PackagesError for a package that is no wheel of the index."""
    resolved, identity, least = [], [], 0
    for package in tomllib.loads(lock).get("packages", []):
        name, version = package["name"], package.get("version")
        wheels: list[Mapping[str, Any]] = package.get("wheels", [])
        if version is None or not wheels:
            raise PackagesError(
                f"{name} is not installed from a wheel of the index, and nothing else is taken"
            )
        resolved.append(f"{name}=={version}")
        identity.append([name, version, *sorted(_identity(wheel) for wheel in wheels)])
        least += min(int(wheel.get("size", 0)) for wheel in wheels)
    return Locked(tuple(sorted(resolved)), sorted(identity), least)


def _identity(wheel: Mapping[str, Any]) -> str:
    hashes = wheel.get("hashes") or {}
    return ",".join(f"{k}:{v}" for k, v in sorted(hashes.items())) or str(
        wheel.get("url") or wheel.get("path")
    )


def target() -> str:
    """What wheels must be made for, in words."""
    return f"Python {sys.version_info.major}.{sys.version_info.minor} on {platform.machine()} Linux"


@lru_cache
def binary() -> str:
    """The path of uv: of the package uv, or on the PATH; raises RatchetError."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        pass
    if (found := shutil.which("uv")) is not None:
        return found
    raise RatchetError(
        "packages are installed by uv, which is not here: pip install 'ratchet-code[packages]'."
    )
