"""What a program imports, read off its text: programs are forked from an interpreter that has it already."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec

HEAVY = ("numpy", "pandas", "scipy", "sklearn", "sympy", "torch", "matplotlib", "networkx")
"""Packages that take long to import and are often used."""

_EXTRA = """
argparse array asyncio calendar cmath concurrent configparser csv difflib doctest fnmatch getpass glob
gzip hashlib hmac html http io logging multiprocessing pathlib pickle platform pprint queue secrets
selectors shelve shutil socket sqlite3 statistics subprocess tarfile tempfile textwrap timeit unittest
urllib uuid xml zipfile zoneinfo
"""
EXTRA = frozenset(_EXTRA.split())
"""Modules of the standard library that few programs need: one of them, and all are there."""

_LONG = 1 << 14
"""Characters of a text that is not remembered: a thousand of them would fill the memory of a server."""
_KNOWN = frozenset((*HEAVY, *EXTRA))
_WORD = re.compile(r"\w+")


def needed(source: str) -> frozenset[str]:
    """The heavy packages that the text names in its import statements and that are installed here.

    One module of `EXTRA` stands for all of them.
    """
    return _remembered(source) if len(source) < _LONG else _needed(source)


@lru_cache(maxsize=1024)
def _remembered(source: str) -> frozenset[str]:
    return _needed(source)


def _needed(source: str) -> frozenset[str]:
    named: set[str] = set()
    at = source.find("import")
    while at >= 0:
        end = source.find("\n", at)
        line = source[source.rfind("\n", 0, at) + 1 : end if end >= 0 else None]
        if line.lstrip().startswith(("import", "from")):
            named |= _KNOWN.intersection(_WORD.findall(line))
        at = source.find("import", end) if end >= 0 else -1
    if not named:
        return frozenset()
    heavy = named.intersection(HEAVY)
    return frozenset([*filter(_is_installed, heavy), *(EXTRA if named - heavy else ())])


def ahead(modules: frozenset[str], packages: Sequence[str]) -> frozenset[str]:
    """Those of `modules` that may be imported before a program that names `packages` begins.

    A package can bring its own numpy, whose code must not run in the process that starts programs.
    """
    return modules & EXTRA if packages else modules


@lru_cache(maxsize=len(HEAVY))
def _is_installed(name: str) -> bool:
    return find_spec(name) is not None
