"""Finding a benchmark by its name, or problems by their file."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar

from ratchet.errors import RatchetError
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.jsonl import load_problems

ENTRY_POINTS = "ratchet.benchmarks"
"""The entry point group by which another package adds benchmarks: name -> function without arguments."""

Loader = Callable[[], Benchmark]
_L = TypeVar("_L", bound=Loader)

_LOADERS: dict[str, Loader] = {}


def benchmark(name: str) -> Callable[[_L], _L]:
    """Register the decorated function as what loads the benchmark `name`.

    Raises ValueError on a name that is taken.
    """

    def register(loader: _L) -> _L:
        if name in _LOADERS:
            raise ValueError(f"two benchmarks are called {name}")
        _LOADERS[name] = loader
        return loader

    return register


def benchmark_names() -> tuple[str, ...]:
    """The names that `load_benchmark` knows, ours and those of installed packages, sorted."""
    _register_ours()
    return tuple(sorted({*_LOADERS, *(point.name for point in entry_points(group=ENTRY_POINTS))}))


def load_benchmark(name_or_path: str | Path) -> Benchmark:
    """The benchmark of that name, or the problems of that file in HumanEval's JSONL format.

    A name wins over a file that is called the same (write `./name` for the file).
    Raises RatchetError where there is neither, where the data is not to be had
    (see `ratchet.problems.data`), and where the file is not what it should be.
    """
    _register_ours()
    name = str(name_or_path)
    if isinstance(name_or_path, str):
        if name in _LOADERS:
            return _LOADERS[name]()
        for point in entry_points(group=ENTRY_POINTS):
            if point.name == name:
                loader: Loader = point.load()
                return loader()
    path = Path(name_or_path)
    if path.exists() or isinstance(name_or_path, Path) or path.suffix or path.name != name:
        return load_problems(path)
    known = benchmark_names()
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}, or the path of a JSONL file."
    raise RatchetError(f'there is no benchmark and no file called "{name}"; {hint}')


def _register_ours() -> None:
    # Imported when first asked for: each file registers itself by the decorator above.
    import_module("ratchet.problems.benchmarks")
