"""Languages that programs may be written in: a registry, and one file for each.

    language("cpp").title                     # "C++"; by name, alias or file extension
    toolchain("cpp").version                  # raises Missing where there is no compiler

A `Language` knows its toolchain, how a program's files are named, compiled and run,
and how a function is asked from another process. Python is not executed but forked
from a warm interpreter (`python.py`). Third parties add one by `@register`, in a
module that the entry points `ratchet.languages` name.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import ClassVar, TypeVar

from ratchet.errors import RatchetError
from ratchet.sandbox.types import Limits, Program

SEARCH_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
"""Where toolchains are looked for, besides the PATH of this process."""

DRIVERS = Path(__file__).parent / "drivers"
"""Source files that are put beside a program so that its functions can be asked."""


class Missing(RatchetError):
    """A toolchain is not on this machine; the message says what was looked for."""


class Unsplittable(RatchetError):
    """A function cannot be asked from another process; the message says why."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The tools of a language on this machine."""

    version: str
    """One line, as the tool says it."""
    tools: Mapping[str, str]
    """Paths of executables, by name."""
    readable: tuple[str, ...] = ()
    """Folders and files that they need besides /usr, /lib*, /bin and /sbin; programs see them there too."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is executed, in the program's working directory."""

    argv: tuple[str, ...]
    """The first is an absolute path."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Besides PATH, HOME, TMPDIR, PWD and LANG."""


@dataclass(frozen=True, slots=True)
class Build:
    """A program's compilation."""

    command: Command
    keep: tuple[str, ...]
    """Patterns (fnmatch) of the paths of what it makes and the program needs; all else is forgotten."""


class Language(ABC):
    """A language whose programs are executed. One instance serves all threads."""

    name: ClassVar[str]
    title: ClassVar[str]
    """As people write it: "C++"."""
    aliases: ClassVar[tuple[str, ...]] = ()
    extensions: ClassVar[tuple[str, ...]]
    """With the dot, the usual one first."""
    debian: ClassVar[tuple[str, ...]]
    """Debian's packages that bring the toolchain."""
    compile_limits: ClassVar[Limits] = Limits(
        wall_s=120, cpu_s=30, memory_bytes=2 << 30, disk_bytes=512 << 20, processes=256, open_files=1024
    )
    """CPU time decides, so that a busy machine does not; wall time is for a compiler that hangs."""

    @abstractmethod
    def find(self) -> Toolchain:
        """The tools on this machine; raises Missing. Called once per process (see `toolchain`)."""

    @abstractmethod
    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        """How a program is run whose text is the file files[0], with the others beside it."""

    def build(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Build | None:
        """How it is compiled under `limits`; None for a language without that step."""
        return None

    def file_name(self, source: str) -> str:
        """What the file of a program's text is called."""
        return f"main{self.extensions[0]}"

    def adapted(self, limits: Limits) -> Limits:
        """The limits of a run as its process needs them: room for the threads of a runtime, say."""
        return limits

    def ran_out_of_memory(self, stderr: str) -> bool:
        """Whether a program that ended with an error says that it got no more memory."""
        return False

    def together(self, source: str, test: str) -> str:
        """One text of a candidate and its test, for one process: it can be forged."""
        return f"{source}\n{test}"

    def candidate(self, source: str, entry_point: str) -> Program:
        """A program that runs `source`, then answers calls of `entry_point` (see `sandbox.lines`).

        Raises Unsplittable.
        """
        raise Unsplittable(f"there is no driver for {self.title}")

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        """A program that runs `test`, in which `entry_point` asks the other process.

        `declaration` is what stands before the function's body: imports, helpers, the
        function's head. Raises Unsplittable.
        """
        raise Unsplittable(f"there is no driver for {self.title}")


LANGUAGES: dict[str, Language] = {}
"""By name; see `language` for what else they are called."""

Class = TypeVar("Class", bound=type[Language])


def register(kind: Class) -> Class:
    """Register a Language (decorator)."""
    LANGUAGES[kind.name] = kind()
    return kind


@lru_cache
def _load() -> None:
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        if path.stem != "python":
            import_module(f"{__name__}.{path.stem}")
    from importlib.metadata import entry_points  # slow to import, and not needed for Python

    for found in entry_points(group="ratchet.languages"):
        found.load()


def names() -> list[str]:
    """All languages: "python", then the others in order."""
    _load()
    return ["python", *sorted(LANGUAGES)]


def resolve(called: str) -> str:
    """The name of the language that is `called` by a name, an alias or an extension; raises RatchetError."""
    if called == "python":
        return called
    _load()
    wanted = called.lower().strip()
    if wanted in ("python", "py", "python3", ".py"):
        return "python"
    for each in LANGUAGES.values():
        if wanted == each.name or wanted in each.aliases or called in each.extensions:
            return each.name
    words = {word: each.name for each in LANGUAGES.values() for word in (each.name, *each.aliases)}
    near = get_close_matches(wanted, ["python", *words], 1)
    meant = f" (did you mean {words.get(near[0], near[0])}?)" if near else ""
    raise RatchetError(
        f"no language {called!r} is known to the sandbox{meant}; known are: {', '.join(names())}."
    )


def language(called: str) -> Language:
    """The language that is executed and `called` so; raises RatchetError if nobody knows it."""
    return LANGUAGES[resolve(called)]


@lru_cache
def _found(name: str) -> Toolchain | str:
    try:
        return LANGUAGES[name].find()
    except Missing as missing:
        return str(missing)


def toolchain(called: str) -> Toolchain:
    """The tools of a language on this machine; raises Missing with what was not found and how to get it."""
    which = language(called)
    found = _found(which.name)
    if isinstance(found, str):
        raise Missing(
            f"{which.title} is not available here: {found} (Debian: apt install {' '.join(which.debian)})"
        )
    return found


def tool(*names: str) -> str:
    """The path of the first of these executables that is there; raises Missing."""
    path = os.pathsep.join([*SEARCH_PATH, os.environ.get("PATH", "")])
    for name in names:
        if (found := shutil.which(name, path=path)) is not None:
            return found
    raise Missing(f"no {' or '.join(names)} was found")


def driver(*names: str) -> dict[str, str]:
    """These files of `DRIVERS`, to lie beside a program."""
    return {name: (DRIVERS / name).read_text(encoding="utf-8") for name in names}


def first_line(*argv: str) -> str:
    """The first line that a tool prints (of its version, say); raises Missing if it cannot be run."""
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=30, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"{argv[0]} does not work ({error})") from None
    return next((line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()), "")


@dataclass(frozen=True, slots=True)
class Found:
    """A language, and whether its programs can be run here."""

    name: str
    title: str
    extensions: tuple[str, ...]
    version: str
    """What its tool says; empty where there is none."""
    reason: str = ""
    """Why it cannot be run here, and what to do."""


def survey() -> list[Found]:
    """All languages with their toolchains on this machine. Asks each tool for its version: a few seconds."""
    found = [Found("python", "Python", (".py",), f"Python {platform.python_version()}")]
    with ThreadPoolExecutor() as threads:
        found += threads.map(_look, names()[1:])
    return found


def _look(name: str) -> Found:
    which = LANGUAGES[name]
    try:
        return Found(name, which.title, which.extensions, toolchain(name).version)
    except Missing as missing:
        return Found(name, which.title, which.extensions, "", str(missing))
