"""HumanEval-X: HumanEval in six languages, with solutions and tests in each (Zheng et al. 2023, Apache-2.0).

Programs are put together as CodeGeeX's own evaluation does it. What that does with the
imports of Go and Rust, by what a text uses, `ratchet.sandbox.languages` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.heads import head_of, name_in
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.registry import benchmark
from ratchet.problems.syntax import why_together
from ratchet.problems.types import CheckOracle, NativeOracle, Oracle, Problem
from ratchet.sandbox.types import Limits

LIMITS = Limits(wall_s=10.0, memory_bytes=2 << 30)
"""CodeGeeX gives 5 s, with a compiler in them where there is one, and no memory limit."""

_HOME = "https://github.com/THUDM/CodeGeeX/raw/2838420b7b44/codegeex/benchmark/humaneval-x"
_INCLUDED = [
    "stdlib.h",
    "algorithm",
    "math.h",
    "stdio.h",
    "vector",
    "string",
    "climits",
    "cstring",
    "iostream",
]
_IMPORTED = [
    "math",
    "re",
    "sys",
    "copy",
    "datetime",
    "itertools",
    "collections",
    "heapq",
    "statistics",
    "functools",
    "hashlib",
    "string",
]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What makes a problem of a row."""

    prompt: str
    declaration: str
    test: str
    setup: str = ""


@dataclass(frozen=True, slots=True)
class _Edition:
    language: str
    sha256: str
    parts: Callable[[Row], _Parts]
    exceptions: Mapping[str, str] = field(default_factory=dict)


def _plain(row: Row) -> _Parts:
    return _Parts(row.text("prompt"), head_of(row.text("prompt")), row.text("test"))


def _cpp(row: Row) -> _Parts:
    prompt = row.text("prompt")
    missing = [f"#include<{name}>\n" for name in _INCLUDED if f"#include<{name}>" not in prompt]
    # C's own strlen would come before the function that the test of CPP/23 is about.
    declared = [line for line in missing if line != "#include<cstring>\n"]
    return _Parts(prompt, "".join(declared) + head_of(prompt), row.text("test"), "".join(missing))


def _go(row: Row) -> _Parts:
    prompt, package = row.text("prompt"), "package main\n\n"
    test = f"{row.text('test_setup')}\n{row.text('test')}"
    return _Parts(prompt, package + head_of(prompt), test, package)


def _rust(row: Row) -> _Parts:
    declaration = row.text("declaration")
    return _Parts(declaration + row.text("prompt"), head_of(declaration), row.text("test"))


def _python(row: Row) -> _Parts:
    imports = "".join(f"import {name}\n" for name in _IMPORTED)
    setup = f"{imports}from typing import *\nfrom collections import *\n"
    return _Parts(row.text("prompt"), row.text("prompt"), row.text("test"), setup)


_EDITIONS = {
    "cpp": _Edition("cpp", "dcf2e280a1e91bbc3c5f90edb41397e8a9ac1ccc9f5d2b70082f0b0fbfb6dbb0", _cpp),
    "go": _Edition("go", "09126ef64ac68f87296c5f3781186aedc5dec799b114d9df99d6de4a715a7830", _go),
    "java": _Edition("java", "276f36db2eb7aeb864f36a19a2f4e1bb2460fb6e22ff100f0b5bedabe3799967", _plain),
    "js": _Edition(
        "javascript",
        "fe5d467f2c1a027b3f6f18d3729aca01f6458c1de2e2d1292a019c5aa9bed424",
        _plain,
        {
            "JavaScript/112": "it ends with `return (z, true)`, which is no pair but true",
            "JavaScript/155": "it finds no digit in 0, where the test asks for one even digit",
            "JavaScript/162": "it requires the npm package js-md5",
        },
    ),
    "python": _Edition("python", "5752fb122efddb0e9b47c77907ae6ce9a15aac4dea14e44c46032c831e6b987a", _python),
    "rust": _Edition(
        "rust",
        "ae5cabbbfc8fe25244a608b04f09ac3b324c645ac969dfc033756c12f0f9924c",
        _rust,
        {
            "Rust/32": "all of its test is commented out, and a test that checks nothing passes nobody",
            "Rust/38": "its test needs the crate rand",
            "Rust/50": "its test needs the crate rand, in a version before 0.8",
            "Rust/53": "its test needs the crate rand",
            "Rust/91": "it needs the crate regex",
            "Rust/162": "it needs the crate md5",
        },
    ),
}


@benchmark("humaneval-x", choices=_EDITIONS)
def load(choice: str) -> Benchmark:
    """The 164 problems in one language; their references are the published solutions."""
    edition = _EDITIONS[choice]
    path = f"{choice}/data/humaneval_{choice}.jsonl.gz"
    file = DataFile(f"humaneval-x/humaneval_{choice}.jsonl.gz", f"{_HOME}/{path}", edition.sha256)
    problems = tuple(_problem(row, edition) for row in read_rows(find_data(file)))
    return Benchmark(
        f"humaneval-x:{choice}", problems, LIMITS, "Apache-2.0", file.url, exceptions=edition.exceptions
    )


def _problem(row: Row, edition: _Edition) -> Problem:
    parts = edition.parts(row)
    name = name_in(parts.declaration, edition.language)
    oracle: Oracle = NativeOracle(name, parts.declaration, parts.test)
    if edition.language == "python":
        together = why_together(parts.test, name)
        oracle = CheckOracle(
            name, parts.test, preamble=parts.setup + parts.prompt, script=True, together=together
        )
    return Problem(
        id=row.text("task_id"),
        prompt=parts.prompt,
        oracle=oracle,
        language=edition.language,
        turns=(parts.prompt,),
        reference=row.text("canonical_solution"),
        setup=parts.setup,
    )
