"""Our own `POST /verdict`: completions and their problem, a benchmark's or one in the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from ratchet.errors import RatchetError
from ratchet.judge import Verdict
from ratchet.problems import Benchmark, load_benchmark
from ratchet.problems.registry import benchmark_names
from ratchet.problems.syntax import why_together
from ratchet.problems.types import (
    CallOracle,
    Case,
    CheckOracle,
    NativeOracle,
    Oracle,
    Problem,
    Sample,
)
from ratchet.sandbox.languages import resolve
from ratchet.sandbox.types import Limits
from ratchet.serve.sandbox.patience import judged
from ratchet.serve.sandbox.schema import Invalid, Schema, fields, nullable, text

_CASE = fields(
    {
        "args": {"type": "array", "description": "The arguments of one call."},
        "expected": {"description": "What it must return."},
    },
    {},
    strict=True,
    about="One call.",
)
_PROBLEM = fields(
    {"entry_point": text("The function that is judged.", minLength=1)},
    {
        "id": text("Its name in the verdicts.", default="problem"),
        "language": text("By name, alias or file extension.", default="python"),
        "prompt": text("What a completion continues.", default=""),
        "setup": text("What goes before the prompt to make a program of it.", default=""),
        "closing": text("What goes after the completion: a closing brace, say.", default=""),
        "test": nullable(
            text(
                "Python: a text that defines check(candidate), or a script of assertions. Other languages: "
                "a program text that ends with exit code 0 if it is content."
            ),
            default=None,
        ),
        "cases": {
            "type": ["array", "null"],
            "items": _CASE,
            "default": None,
            "description": "Calls with what they must return, instead of a test.",
        },
        "declaration": nullable(
            text("Other languages than Python: all before the function's body; left out: the prompt."),
            default=None,
        ),
        "in_place": {
            "type": "boolean",
            "default": False,
            "description": "The function is meant to change its arguments.",
        },
        "handles": {
            "type": "boolean",
            "default": False,
            "description": "The test builds objects of the program's own classes.",
        },
    },
    strict=True,
    about="A problem of your own: with a test, or with cases.",
)
_LIMITS = fields(
    {},
    {
        "wall_s": {"type": "number", "minimum": 0.01, "maximum": 1e6, "description": "Seconds."},
        "cpu_s": {"type": ["number", "null"], "minimum": 0.01, "maximum": 1e6},
        **{
            name: {"type": "integer", "minimum": least, "maximum": 1 << 50}
            for name, least in {
                "memory_bytes": 16 << 20,
                "output_bytes": 1,
                "processes": 1,
                "open_files": 8,
                "disk_bytes": 4096,
            }.items()
        },
    },
    strict=True,
    about="For a sample with all its tests; what is left out is the benchmark's, or 3 s, 1 GiB.",
)

VERDICT: Schema = fields(
    {
        "problem": {
            "anyOf": [text("The id of one of the benchmark's problems."), _PROBLEM],
        },
    },
    {
        "benchmark": nullable(text("A benchmark's name, as `ratchet score` knows it."), default=None),
        "completion": nullable(text("One answer."), default=None),
        "completions": {
            "type": ["array", "null"],
            "items": text("An answer."),
            "minItems": 1,
            "default": None,
            "description": "Several answers, instead of one.",
        },
        "standalone": {
            "type": "boolean",
            "default": False,
            "description": "The answers are whole programs and do not continue the prompt.",
        },
        "limits": _LIMITS,
        "oracle": {
            "enum": ["split", "auto"],
            "default": "split",
            "description": "split: tests in another process than the program, always, else the request is "
            "refused. auto: in the same where they cannot be kept apart; such a verdict says in-process.",
        },
    },
    strict=True,
    about="What to judge.",
)

_VERDICT = {
    "type": "object",
    "required": ["problem_id", "sample", "status", "detail", "tests_run", "oracle"],
    "properties": {
        "problem_id": {"type": "string"},
        "sample": {"type": "integer"},
        "status": {"enum": ["passed", "failed", "timeout", "memory", "crashed", "invalid", "tampered"]},
        "detail": {"type": "string"},
        "tests_run": {"type": "integer"},
        "wall_s": {"type": "number"},
        "cpu_s": {"type": "number"},
        "peak_memory": {"type": "integer"},
        "oracle": {"enum": ["split", "in-process"]},
        "together": {"type": "string", "description": "Why it is in-process, if that could not be helped."},
    },
}
VERDICT_ANSWER: Schema = {
    "type": "object",
    "required": ["verdicts"],
    "properties": {"verdicts": {"type": "array", "items": _VERDICT}},
    "description": "In the order of the completions.",
}

_OWN_LIMITS = Limits(wall_s=3.0)


@lru_cache(maxsize=8)
def _benchmark(name: str) -> tuple[Benchmark, dict[str, Problem]]:
    found = load_benchmark(name)
    return found, {problem.id: problem for problem in found.problems}


def works(sandbox: Any, asked: Mapping[str, Any]) -> list[Callable[[], Verdict]]:
    """The judging of each completion of a checked VERDICT request, to be done in any thread.

    Raises Invalid for what no schema says. May read a benchmark from disk.
    """
    completions = asked["completions"] if asked["completions"] is not None else [asked["completion"]]
    if (asked["completion"] is None) == (asked["completions"] is None):
        raise Invalid(("completion",), "there is one completion, or there are completions, and not both")
    problem, usual = _named(asked) if isinstance(asked["problem"], str) else _given(asked)
    given = asked.get("limits", {})
    limits = replace(usual, **given) if given else usual
    return [
        partial(
            judged,
            problem,
            Sample(problem.id, number, completion, standalone=asked["standalone"]),
            sandbox,
            limits,
            oracle=asked["oracle"],
        )
        for number, completion in enumerate(completions)
    ]


def _named(asked: Mapping[str, Any]) -> tuple[Problem, Limits]:
    name = asked["benchmark"]
    if name is None:
        raise Invalid(("benchmark",), "it is missing, so that the problem's id means nothing")
    if name not in benchmark_names():  # a path would read this machine's files
        raise Invalid(("benchmark",), f"there is none called {name!r}; known: {', '.join(benchmark_names())}")
    try:
        benchmark, problems = _benchmark(name)
    except RatchetError as error:
        raise Invalid(("benchmark",), str(error).rstrip(".")) from None
    if asked["problem"] not in problems:
        raise Invalid(("problem",), f"{name} has no problem called {asked['problem']!r}")
    return problems[asked["problem"]], benchmark.default_limits


def _given(asked: Mapping[str, Any]) -> tuple[Problem, Limits]:
    given = asked["problem"]
    if asked["benchmark"] is not None:
        raise Invalid(("benchmark",), "the problem is in the request: leave the benchmark out")
    if (given["test"] is None) == (given["cases"] is None):
        raise Invalid(("problem", "test"), "there is a test, or there are cases, and not both")
    try:
        language = resolve(given["language"])
    except RatchetError as error:
        raise Invalid(("problem", "language"), str(error).rstrip(".")) from None
    oracle = _oracle(given, language)
    problem = Problem(
        given["id"], given["prompt"], oracle, language, setup=given["setup"], closing=given["closing"]
    )
    return problem, _OWN_LIMITS


def _oracle(given: Mapping[str, Any], language: str) -> Oracle:
    entry_point, test = given["entry_point"], given["test"]
    if test is None:
        cases = tuple(Case(tuple(case["args"]), case["expected"]) for case in given["cases"])
        return CallOracle(entry_point, cases, given["in_place"])
    if language != "python":
        declaration = given["prompt"] if given["declaration"] is None else given["declaration"]
        return NativeOracle(entry_point, declaration, test)
    if not entry_point.isidentifier():
        raise Invalid(("problem", "entry_point"), "it is no name of a function")
    return CheckOracle(
        entry_point,
        test,
        preamble=given["prompt"],
        script="def check(" not in test,
        in_place=given["in_place"],
        handles=given["handles"],
        together=why_together(test, entry_point),
    )
