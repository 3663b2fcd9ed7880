"""The files that make a private library importable: they go into the judged program's folder."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from ratchet.problems.private.files import Library

_CODE = "private_names"


@lru_cache
def shim_files(library: Library) -> dict[str, str]:
    """Path -> text: a module with the library's name, and the one that does its work."""
    text = files("ratchet.problems.private").joinpath("inside.py").read_text(encoding="utf-8")
    start = (
        f'"""The private library {library.name}."""\n\n'
        f"from {_CODE} import stand_in\n\n"
        f"stand_in(__name__, {library.public!r}, {library.table!r})\n"
    )
    return {f"{library.name}.py": start, f"{_CODE}.py": text}
