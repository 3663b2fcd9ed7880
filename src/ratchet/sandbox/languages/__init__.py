"""Languages that programs may be written in: a registry, and one file for each.

A language says how its warm interpreter is started in a slot and which folders it
must be able to read there. `@language("name")` registers one; third parties do so
by importing their module before they run a program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ratchet.errors import RatchetError


@dataclass(frozen=True, slots=True)
class Interpreter:
    """How a slot's warm interpreter is started."""

    executable: str
    arguments: tuple[str, ...]
    """Arguments before the bootstrap file."""
    environment: dict[str, str]
    """The whole environment: nothing of the host's is added."""
    readable: tuple[tuple[str, str], ...]
    """Folders that it needs besides the system's: where they lie, and where programs see them."""
    import_path: tuple[str, ...]
    """Where programs find packages, as paths inside the slot."""
    host_import_path: tuple[str, ...]
    """The same on the host, for running without the walls that move them."""


Describe = Callable[[], Interpreter]

LANGUAGES: dict[str, Describe] = {}


def language(name: str) -> Callable[[Describe], Describe]:
    """Register a function that describes how programs in the language `name` are run."""

    def register(describe: Describe) -> Describe:
        LANGUAGES[name] = describe
        return describe

    return register


def interpreter(name: str) -> Interpreter:
    """How to start the language `name`; raises RatchetError if nobody knows it."""
    if name not in LANGUAGES:
        known = ", ".join(sorted(LANGUAGES))
        raise RatchetError(f"no language {name!r} is known to the sandbox; known are: {known}.")
    return _described(name)


@lru_cache
def _described(name: str) -> Interpreter:
    return LANGUAGES[name]()


from ratchet.sandbox.languages import python as _python  # noqa: E402, F401 - registers itself
