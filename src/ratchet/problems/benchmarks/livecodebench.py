"""LiveCodeBench's code generation: contest problems with tests of input and output (Jain et al. 2024).

Read in the published format (livecodebench/code_generation and code_generation_lite): `question_content`,
`starter_code`, `public_test_cases` and `private_test_cases`, `metadata` with `func_name`. Prompts and
rules are those of its lcb_runner; 6 s hold for each test. It publishes no solutions.
"""

from __future__ import annotations

import base64
import binascii
import json
import pickletools
import zlib
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.published import PublishedFile
from ratchet.problems.registry import benchmark
from ratchet.problems.types import Case, EachCallOracle, Oracle, Problem, StdioOracle
from ratchet.sandbox.types import Limits

FILE = PublishedFile(
    "livecodebench/test.jsonl",
    "https://huggingface.co/datasets/livecodebench/code_generation_lite (test.jsonl)",
)

LIMITS = Limits(wall_s=6.0, memory_bytes=4 << 30)

_MODULES = ["string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random"]
_MODULES += ["statistics", "itertools", "functools", "operator", "io", "sys", "json"]
PRELUDE = (
    "".join(f"from {name} import *\n" for name in [*_MODULES, "builtins", "typing"])
    + "".join(f"import {name}\n" for name in _MODULES)
    + "sys.setrecursionlimit(50000)\n\n"
)
"""What stands before every program, as in lcb_runner/evaluation/testing_util.py."""

_SOLVE = "__solve__"
_CLOSING = """

def {solve}(*arguments):
    answer = __method__(*arguments)
    return list(answer) if isinstance(answer, tuple) else answer


__method__ = Solution().{name} if "Solution" in globals() else {name}
"""
"""Calls the method that is asked for, of one object for all of a run; a tuple is as good as a list."""

_ASKED = (
    "You are an expert Python programmer. You will be given a question (problem specification) and will "
    "generate a correct Python program that matches the specification and passes all tests."
)
_WITH_STARTER = (
    "You will use the following starter code to write the solution to the problem and enclose your code "
    "within delimiters."
)
_WITHOUT_STARTER = (
    "Read the inputs from stdin solve the problem and write the answer to stdout (do not directly test on "
    "the sample inputs). Enclose your code within delimiters as follows."
)
_MOST_BYTES = 1 << 30
_TEXTS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"})
_AROUND = frozenset({"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "STOP"})


@benchmark("livecodebench", file=FILE)
def load(path: Path) -> Benchmark:
    """The problems of a file in the published format; raises RatchetError on the first line that is not."""
    problems = tuple(map(_problem, read_rows(path)))
    if not problems:
        raise RatchetError(f"{path} holds no problems.")
    return Benchmark("livecodebench", problems, LIMITS, "unknown", str(path))


def _problem(row: Row) -> Problem:
    tests = [*_tests(row, "public_test_cases"), *_tests(row, "private_test_cases")]
    about = _value(row, "metadata", default="{}")
    name = about.get("func_name") if isinstance(about, dict) else None
    prompt = _prompt(row.text("question_content"), row.text("starter_code", default=""))
    oracle: Oracle = StdioOracle(tuple(tests))
    if isinstance(name, str) and name:
        if not name.isidentifier():
            raise RatchetError(f'{row.where}: the "func_name" in "metadata" is no name of a function.')
        oracle = EachCallOracle(_SOLVE, tuple(_case(row, *test) for test in tests))
    return Problem(
        id=f"livecodebench/{row.text('question_id')}",
        prompt=prompt,
        oracle=oracle,
        turns=(prompt,),
        setup=PRELUDE,
        closing=_CLOSING.format(solve=_SOLVE, name=name) if isinstance(oracle, EachCallOracle) else "",
        labels={
            "difficulty": row.text("difficulty", default="unknown"),
            "platform": row.text("platform", default="unknown"),
            "month": row.text("contest_date", default="unknown")[:7],
        },
        max_tokens=2000,
        prompt_in_program=False,
    )


def _prompt(question: str, starter: str) -> str:
    about = f"### Format: {_WITH_STARTER if starter else _WITHOUT_STARTER}"
    code = starter or "# YOUR CODE HERE"
    return (
        f"{_ASKED}\n\n### Question:\n{question}\n\n{about}\n```python\n{code}\n```\n\n"
        "### Answer: (use the provided format with backticks)\n\n"
    )


def _tests(row: Row, field: str) -> list[tuple[str, str]]:
    """The tests of a field, each an input and an output."""
    tests = _value(row, field, default="[]")
    if not isinstance(tests, list):
        raise RatchetError(f'{row.where}: the field "{field}" must hold a JSON array of tests.')
    found = []
    for test in tests:
        given, expected = (test.get("input"), test.get("output")) if isinstance(test, dict) else (None, None)
        if not isinstance(given, str) or not isinstance(expected, str):
            raise RatchetError(f'{row.where}: each test of "{field}" needs the texts "input" and "output".')
        found.append((given, expected))
    return found


def _case(row: Row, given: str, expected: str) -> Case:
    """A test of a function: an argument per line, each of them JSON, and so is the answer."""
    arguments = tuple(_decoded(row, "input", line) for line in given.split("\n"))
    return Case(arguments, _decoded(row, "output", expected))


def _value(row: Row, field: str, *, default: str) -> Any:
    """What a field holds, as JSON in a text, packed, or as it is: exports of the set differ in that."""
    if isinstance(row.fields.get(field), list | dict):
        return row.fields[field]
    text = row.text(field, default=default)
    if not text.lstrip().startswith(("[", "{")):
        text = _unpacked(text, f'{row.where}: the field "{field}"')
    return _decoded(row, field, text)


def _decoded(row: Row, field: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise RatchetError(f'{row.where}: the field "{field}" holds text that is not JSON.') from None


def _unpacked(packed: str, where: str) -> str:
    try:
        squeezed = base64.b64decode(packed, validate=True)
        unzip = zlib.decompressobj()
        pickled = unzip.decompress(squeezed, _MOST_BYTES)
    except (binascii.Error, ValueError, zlib.error):
        raise RatchetError(f"{where} is neither JSON nor zlib's output in base64.") from None
    if unzip.unconsumed_tail:
        raise RatchetError(f"{where} unpacks to more than {_MOST_BYTES >> 20} MiB.")
    return pickled_text(pickled, where)


def pickled_text(pickled: bytes, where: str) -> str:
    """The one text that a pickle holds, read without running it: whatever else stands in it is refused.

    Raises RatchetError, which says `where`, on a pickle of anything but a text.
    """
    texts = []
    try:
        for operation, argument, _ in pickletools.genops(pickled):
            if operation.name in _TEXTS and isinstance(argument, str):
                texts.append(argument)
            elif operation.name not in _AROUND:
                raise RatchetError(f"{where} is a pickle of something else than a text, and is not opened.")
    except (ValueError, OverflowError, IndexError):
        raise RatchetError(f"{where} is a damaged pickle.") from None
    if len(texts) != 1:
        raise RatchetError(f"{where} is a pickle of something else than a text, and is not opened.")
    return texts[0]
