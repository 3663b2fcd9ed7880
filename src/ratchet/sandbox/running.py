"""One file, run once: what `ratchet run` does, for a notebook too.

outcome = run_file("solve.py", stdin="3 4\\n", packages=["numpy"], limits=Limits(wall_s=2))
outcome.status, outcome.stdout
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ratchet.errors import RatchetError
from ratchet.sandbox.backends.local import LocalSandbox, Walls
from ratchet.sandbox.languages import language as language_called
from ratchet.sandbox.languages import names, resolve
from ratchet.sandbox.types import Limits, Outcome, Program, Sandbox

_MOST_SOURCE = 16 << 20
_MOST_STDIN = 64 << 20


def run_file(
    file: str | os.PathLike[str],
    *,
    language: str | None = None,
    stdin: str = "",
    arguments: Sequence[str] = (),
    packages: Sequence[str] = (),
    files: Iterable[str | os.PathLike[str]] = (),
    fetch: Sequence[str] = (),
    limits: Limits = Limits(),  # noqa: B008 - frozen
    compile_s: float | None = None,
    walls: Walls = Walls.FULL,
    sandbox: Sandbox | None = None,
) -> Outcome:
    """Run the program in `file` ("-": this process's standard input) and say what was seen.

    `language`: its name; None: what the file's extension or its first line (`#!`) says.
    `files`: further files for its working directory, under the same path if that is
    relative and leads into the current folder, else under their own name. `fetch`:
    patterns of files it leaves that `Outcome.files` shall hold. `compile_s`: seconds
    for its compiler; None: the language's own. `sandbox`: where; None: a jail on this
    machine with these `walls`, for this run alone. Raises RatchetError for what cannot
    be read or meant.
    """
    source = read_source(file)
    called = resolve(language) if language is not None else language_of(file, source)
    program = Program(
        source,
        called,
        stdin=stdin,
        files=_beside(files, limits),
        arguments=tuple(arguments),
        packages=tuple(packages),
    )
    compile_limits = None
    if compile_s is not None and called != "python":
        compile_limits = replace(language_called(called).compile_limits, wall_s=compile_s)
    if sandbox is not None:
        return sandbox.run(program, limits, compile_limits=compile_limits, fetch=fetch)
    with LocalSandbox(slots=1, walls=walls) as jail:
        return jail.run(program, limits, compile_limits=compile_limits, fetch=fetch)


def read_source(file: str | os.PathLike[str]) -> str:
    """A program's text; raises RatchetError for what is no such text."""
    shown = "standard input" if os.fspath(file) == "-" else os.fspath(file)
    source = _text(_read(file, _MOST_SOURCE), shown)
    if "\0" in source:
        raise RatchetError(f"{shown} holds a zero byte, so it is no program's text.")
    if not source.strip():
        raise RatchetError(f"{shown} is empty: there is no program to run.")
    return source


def read_stdin(file: str | os.PathLike[str]) -> str:
    """The text of a file ("-": this process's standard input) as a program's standard input."""
    return _text(_read(file, _MOST_STDIN), "standard input" if os.fspath(file) == "-" else os.fspath(file))


def language_of(file: str | os.PathLike[str], source: str) -> str:
    """The language of a program by its file's extension, or else its first line; raises RatchetError."""
    path = PurePosixPath(os.fspath(file))
    for called in (path.suffix, _interpreter(source)):
        if called:
            try:
                return resolve(called)
            except RatchetError:
                continue
    known = ", ".join(names())
    if os.fspath(file) == "-":
        raise RatchetError(f"a program from standard input needs --language NAME; known are: {known}.")
    raise RatchetError(f"{path} does not show its language; name it by --language NAME; known are: {known}.")


def _interpreter(source: str) -> str:
    """What the first line names: "#!/usr/bin/env -S python3.12 -u" names python."""
    match = re.match(r"#!\s*(\S+)(.*)", source)
    if match is None:
        return ""
    words = [match[1], *match[2].split()]
    if PurePosixPath(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return re.sub(r"[\d.]+$", "", PurePosixPath(words[0]).name) if words else ""


def _beside(files: Iterable[str | os.PathLike[str]], limits: Limits) -> dict[str, bytes]:
    """The contents of further files by their path in the working directory."""
    contents: dict[str, bytes] = {}
    left = limits.disk_bytes
    for file in files:
        path = Path(file)
        name = path.name if path.is_absolute() or ".." in path.parts else path.as_posix()
        if name in contents:
            raise RatchetError(f"two files would both be called {name} in the program's folder.")
        contents[name] = _read(path, left)
        left -= len(contents[name])
    return contents


def _read(file: str | os.PathLike[str], most: int) -> bytes:
    """All bytes of a file, unless it is larger than `most`; raises RatchetError."""
    content: bytes | None
    if os.fspath(file) == "-":
        content = sys.stdin.buffer.read(most + 1)
        shown = "standard input"
    else:
        shown = os.fspath(file)
        try:
            with open(file, "rb") as opened:
                size = os.fstat(opened.fileno()).st_size  # 0 for a pipe or a device
                content = opened.read(most + 1) if size <= most else None
        except FileNotFoundError:
            raise RatchetError(f"there is no file {shown}.") from None
        except IsADirectoryError:
            raise RatchetError(f"{shown} is a directory; name a file.") from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise RatchetError(f"{shown} cannot be read ({reason}).") from None
    if content is None or len(content) > most:
        raise RatchetError(f"{shown} is too large: more than {most:,} bytes ({most / 2**20:.4g} MiB).")
    return content


def _text(content: bytes, shown: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RatchetError(f"{shown} is not UTF-8 text (byte {error.start + 1:,}).") from None
