"""All benchmarks at a glance: what each holds, what it needs, and whether it can be run here.

To say how many problems there are, each must be read, which takes seconds. What was read is kept in
Ratchet's home until the data, or the code that reads it, changes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.data import cache_directory, write_whole
from ratchet.problems.registry import ENTRY_POINTS, benchmark_names, load_benchmark
from ratchet.sandbox.home import home_directory
from ratchet.sandbox.languages import Missing, toolchain
from ratchet.sandbox.packages import uv

_MOST_FILES = 20_000
"""Files of a data directory that are looked at, to see whether something has changed."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A benchmark as a list shows it. Where it could not be read, `problems` is 0 and `missing` says why."""

    name: str
    problems: int
    languages: tuple[str, ...]
    licence: str
    rules: str
    source: str
    packages: tuple[str, ...]
    """What programs and tests need of Python's packages, all problems together."""
    exceptions: int
    """Problems whose own reference is known not to pass."""
    broken: int
    """Problems that no answer can pass."""
    missing: tuple[str, ...] = ()
    """What keeps it from being run here, and what to do about it."""

    @property
    def runs_here(self) -> bool:
        """Whether nothing is missing. Packages are installed when they are first needed."""
        return not self.missing


def survey(
    names: Sequence[str] | None = None,
    began: Callable[[str], None] = lambda name: None,
    *,
    every: bool = False,
) -> list[Listed]:
    """These benchmarks, by default all, in the order of their names; what is wrong with one is in its row.

    Its default stands for a family, unless `every` choice is asked for; where it has none, and
    of a family that is named, each choice has a row. `began` is called with the name of each
    that is read anew. Data that is not on this machine is fetched as `load_benchmark` does it,
    where that is allowed. Raises RatchetError on an unknown name.
    """
    wanted = list(_named(names) if names is not None else benchmark_names() if every else _defaults())
    cache = home_directory() / "benchmarks.json"
    state = _state()
    known = _kept(cache, state)
    found: dict[str, Listed] = {}
    for name in wanted:
        if name not in known:
            began(name)
            known[name] = _read(name)
        found[name] = known[name]
    # A benchmark that could not be read is tried again: what it lacks may lie where nobody looked.
    whole = {name: asdict(row) for name, row in known.items() if row.problems}
    _keep(cache, {"state": state, "rows": whole})
    languages = sorted({language for row in found.values() for language in row.languages})
    with ThreadPoolExecutor() as threads:
        reasons = dict(zip(languages, threads.map(_why_not, languages), strict=True))
    return [_completed(row, reasons) for row in found.values()]


def _defaults() -> Iterator[str]:
    """Every benchmark, and of a family with a default that alone."""
    known = benchmark_names()
    for name in known:
        family = name.partition(":")[0]
        if name == family or family not in known:
            yield name


def _named(names: Sequence[str]) -> Iterator[str]:
    """The benchmarks of these names, or of the families that they name."""
    known = benchmark_names()
    for name in names:
        own = [each for each in known if each == name or each.startswith(f"{name}:")]
        if not own:
            raise RatchetError(f'there is no benchmark called "{name}"; `ratchet benchmarks` lists all.')
        yield from own


def _read(name: str) -> Listed:
    try:
        return _listed(name, load_benchmark(name))
    except RatchetError as error:
        return Listed(name, 0, (), "", "", "", (), 0, 0, (str(error),))


def _listed(name: str, benchmark: Benchmark) -> Listed:
    problems = benchmark.problems
    return Listed(
        name,
        len(problems),
        tuple(dict.fromkeys(problem.language for problem in problems)),
        benchmark.licence,
        benchmark.rules,
        benchmark.source,
        tuple(sorted({package for problem in problems for package in problem.packages})),
        len(benchmark.exceptions),
        len(benchmark.broken),
    )


def _why_not(language: str) -> str:
    """Why programs of this language cannot be run here; empty where they can."""
    if language == "python":
        return ""
    try:
        toolchain(language)
    except Missing as missing:
        return str(missing)
    return ""


def _completed(row: Listed, reasons: dict[str, str]) -> Listed:
    missing = [*row.missing, *(reasons[language] for language in row.languages if reasons[language])]
    if row.packages:
        try:
            uv.binary()
        except RatchetError as error:
            missing.append(str(error))
    plain = {**asdict(row), "missing": tuple(missing)}
    return Listed(**plain)


def _state() -> str:
    """A digest of all that what is read depends on: the data's files, and the code that reads them."""
    hasher = hashlib.sha256()
    given = os.environ.get("RATCHET_DATA")
    for folder in (Path(__file__).parent, cache_directory(), *([Path(given)] if given else [])):
        hasher.update(f"{folder}\n".encode("utf-8", "surrogateescape"))
        for number, (path, about) in enumerate(_files(folder)):
            if number == _MOST_FILES:
                break
            hasher.update(f"{path} {about.st_size} {about.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        version = point.dist.version if point.dist else ""
        hasher.update(f"{point.name} {point.value} {version}\n".encode())
    return hasher.hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            path = os.path.join(place, name)
            try:
                yield path, os.stat(path)
            except OSError:
                continue


def _kept(cache: Path, state: str) -> dict[str, Listed]:
    try:
        kept = json.loads(cache.read_bytes())
        if kept["state"] != state:
            return {}
        return {name: _row(plain) for name, plain in kept["rows"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # none there, or another version's
        return {}


def _row(plain: dict[str, Any]) -> Listed:
    lists = {name: tuple(plain[name]) for name in ("languages", "packages", "missing")}
    return Listed(**(plain | lists))


def _keep(cache: Path, content: dict[str, Any]) -> None:
    try:
        write_whole(json.dumps(content).encode(), cache)
    except OSError:  # a home that cannot be written costs some seconds the next time, no more
        return
