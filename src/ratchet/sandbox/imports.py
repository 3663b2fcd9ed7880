"""What a program imports, read off its text: programs are forked from an interpreter that has it already."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec

HEAVY = ("numpy", "pandas", "scipy", "sklearn", "sympy", "torch", "matplotlib", "networkx")
"""Packages that take long to import and are often used."""

EXTRA = (
    "unittest asyncio concurrent multiprocessing subprocess socket selectors tempfile shutil pathlib uuid calendar"
    " pprint timeit textwrap logging argparse csv io sqlite3 pickle queue urllib http html xml zipfile tarfile gzip"
    " shelve glob fnmatch platform getpass secrets hmac configparser difflib doctest zoneinfo array"
).split()
"""Modules of the standard library that few programs need: one of them, and all are there."""

_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+([^\n#;]*)", re.MULTILINE)
_NAME = re.compile(r"\b(" + "|".join((*HEAVY, *EXTRA)) + r")\b")


def needed(source: str) -> frozenset[str]:
    """The heavy packages that the text names in its import statements and that are installed here."""
    if not _NAME.search(source):
        return frozenset()
    named = {name for line in _IMPORT.findall(source) for name in _NAME.findall(line)}
    heavy = named.intersection(HEAVY)
    more = EXTRA if named - heavy else ()
    return frozenset([*filter(_is_installed, heavy), *more])


@lru_cache(maxsize=len(HEAVY))
def _is_installed(name: str) -> bool:
    return find_spec(name) is not None
