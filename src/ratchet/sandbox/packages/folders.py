"""Folders of installed packages: compiled, measured, made read-only, removed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from ratchet.sandbox.languages.python import interpreter
from ratchet.sandbox.packages.uv import end

# It parses text that nobody trusts, and runs none of it: in a process that may use so much and no more.
_COMPILE = """
import compileall, py_compile, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
compileall.compile_dir(sys.argv[1], quiet=2, workers=int(sys.argv[2]), invalidation_mode=unchecked)
"""
_COMPILE_S = 120.0


def compile_modules(folder: Path, deadline: float) -> None:
    """Write the bytecode of all modules, so that imports are quick; what takes too long is left."""
    jobs = str(len(os.sched_getaffinity(0)))
    process = subprocess.Popen(
        (interpreter().executable, "-I", "-S", "-c", _COMPILE, str(folder), jobs),
        cwd=folder.parent,
        env=dict(interpreter().environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(max(0.0, min(_COMPILE_S, deadline - time.monotonic())))
    except subprocess.TimeoutExpired:
        pass
    finally:
        end(process)


def size(folder: Path, *, alone: bool = False) -> int:
    """Bytes of all files under a folder; `alone`: of those that no other folder shares."""
    seen = (entry.stat(follow_symlinks=False) for entry in _entries(folder) if not entry.is_dir())
    return sum(each.st_size for each in seen if not alone or each.st_nlink == 1)


def freeze(folder: Path) -> None:
    """Make a folder and all in it readable for everyone and writable for nobody."""
    for entry in [*_entries(folder)]:
        if entry.is_symlink():
            continue
        runs = entry.is_dir() or entry.stat().st_mode & 0o111
        os.chmod(entry.path, 0o555 if runs else 0o444)
    os.chmod(folder, 0o555)


def remove(folder: Path) -> None:
    """Remove a folder, read-only or not; what another process is removing too is left to it."""
    try:
        os.chmod(folder, 0o700)
        for entry in _entries(folder):
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)
    except FileNotFoundError:
        pass
    shutil.rmtree(folder, ignore_errors=True)


def _entries(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    """All that lies under a folder; a folder comes before what is in it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path)
