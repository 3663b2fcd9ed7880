"""Finding a benchmark by its name, or problems by their file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar

from ratchet.errors import RatchetError
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.jsonl import load_problems
from ratchet.problems.published import PublishedFile, find_published

ENTRY_POINTS = "ratchet.benchmarks"
"""The entry point group by which another package adds benchmarks: name -> function without arguments.

Where `name:CHOICE` is asked for, the function of `name` is called with the choice; what it
does not know it refuses with a RatchetError.
"""

Loader = Callable[..., Benchmark]
_L = TypeVar("_L", bound=Loader)


@dataclass(frozen=True, slots=True)
class _Entry:
    load: Loader
    choices: tuple[str, ...]
    default: str | None
    file: PublishedFile | None


_ENTRIES: dict[str, _Entry] = {}


def benchmark(
    name: str,
    choices: Iterable[str] = (),
    *,
    default: str | None = None,
    file: PublishedFile | None = None,
) -> Callable[[_L], _L]:
    """Register the decorated function as what loads the benchmark `name`.

    With `choices` it is a family: `name:CHOICE` is loaded by calling the function with
    that choice, and `name` alone is the `default`, where there is one. With `file` it is read
    from a file in a format of its own: `name:PATH` is loaded by calling the function with
    that Path, and `name` alone with the place where `file` lies on this machine. Raises
    ValueError on a name that is taken.
    """

    def register(loader: _L) -> _L:
        if name in _ENTRIES:
            raise ValueError(f"two benchmarks are called {name}")
        _ENTRIES[name] = _Entry(loader, tuple(choices), default, file)
        return loader

    return register


def benchmark_names() -> tuple[str, ...]:
    """The names that `load_benchmark` knows, ours and those of installed packages, sorted.

    The default choice of a family stands there by the family's name.
    """
    _register_ours()
    ours = (
        f"{name}:{choice}" if choice and choice != entry.default else name
        for name, entry in _ENTRIES.items()
        for choice in entry.choices or ("",)
    )
    return tuple(sorted({*ours, *(point.name for point in entry_points(group=ENTRY_POINTS))}))


def load_benchmark(name_or_path: str | Path) -> Benchmark:
    """The benchmark of that name, or the problems of that file in HumanEval's JSONL format.

    A name wins over a file that is called the same (write `./name` for the file).
    Raises RatchetError where there is neither, where the data is not to be had
    (see `ratchet.problems.data`), and where the file is not what it should be.
    """
    name = str(name_or_path)
    if isinstance(name_or_path, str):
        found = _by_name(name)
        if found is not None:
            return found
    path = Path(name_or_path)
    if path.exists() or isinstance(name_or_path, Path) or path.suffix or path.name != name:
        return load_problems(path)
    known = benchmark_names()
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}, or the path of a JSONL file."
    raise RatchetError(f'there is no benchmark and no file called "{name}"; {hint}')


def _by_name(name: str) -> Benchmark | None:
    """What is registered under the name, or under what stands before its colon."""
    _register_ours()
    family, _, choice = name.partition(":")
    if family in _ENTRIES:
        entry = _ENTRIES[family]
        if entry.file is not None:
            return entry.load(Path(choice) if choice else find_published(entry.file, family))
        if name == family:
            choice = entry.default or ""
        if choice in entry.choices or (name == family and not entry.choices):
            return entry.load(choice) if choice else entry.load()
        if entry.choices:
            there = ", ".join(entry.choices)
            raise RatchetError(
                f"{family} is there for each of {there}: name one, as in {family}:{entry.choices[0]}."
            )
    points = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name in points:
        loader: Loader = points[name].load()
        return loader()
    if choice and family in points:
        loader = points[family].load()
        return loader(choice)
    return None


def _register_ours() -> None:
    # Imported when first asked for: each file registers itself by the decorator above.
    import_module("ratchet.problems.benchmarks")
