"""Own solutions pass, mutated and wrong ones fail: infilling, CRUXEval, ODEX, and formats of files."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from ratchet.judge import judge, judge_many
from ratchet.problems import Problem, Sample, load_benchmark
from ratchet.sandbox import LocalSandbox
from ratchet.sandbox.types import Limits
from tests.problems.published_records import bigcodebench, ds1000, livecodebench, write

HOW_MANY = {
    "humaneval-infilling:single-line": 30,
    "humaneval-infilling:multi-line": 30,
    "humaneval-infilling:random-span": 30,
    "humaneval-infilling:random-span-light": 164,
    "cruxeval:input": 100,
    "cruxeval:output": 100,
    "mbpp:3-shot": 20,
}
WRONG = {
    "humaneval-infilling": " )\n",
    "cruxeval:input": "assert f() == ??",
    "cruxeval:output": "assert f(0) == object()",
    "mbpp:3-shot": "def nothing():\n    pass\n",
}
HEAVY = {"mbpp/123", "mbpp/367", "mbpp/601", "mbpp/927"}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOW_MANY)
def test_solutions_pass_apart_from_their_tests_and_wrong_ones_fail(
    benchmark_data: Path,
    sandbox: LocalSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path))
    found = load_benchmark(name)
    able = [problem for problem in found.problems if problem.id not in HEAVY]
    chosen = random.Random(11).sample(able, HOW_MANY[name])
    wrong = WRONG.get(name) or WRONG[name.partition(":")[0]]
    pairs = [(problem, Sample(problem.id, 0, problem.reference or "")) for problem in chosen]
    seen = [verdict for _, verdict in judge_many(pairs, sandbox, found.default_limits)]
    assert not [verdict for verdict in seen if not verdict.passed or verdict.oracle != "split"][:3]
    others = [(problem, Sample(problem.id, 1, wrong)) for problem in chosen[:20]]
    assert not [verdict for _, verdict in judge_many(others, sandbox, found.default_limits) if verdict.passed]


def shifted(problem: Problem) -> str:
    """The solution of an ODEX problem whose answer is another one: an expression, so negated by a tuple."""
    return f"({problem.reference}, 0)"


@pytest.mark.slow
def test_odex_where_it_needs_no_packages(
    benchmark_data: Path, sandbox: LocalSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path))
    found = load_benchmark("odex")
    known = found.broken.keys() | found.exceptions.keys()
    bare = [problem for problem in found.problems if not problem.packages]
    assert (len(found.problems), len(bare), len(known)) == (439, 333, 7)
    chosen = random.Random(3).sample([problem for problem in bare if problem.id not in known], 80)
    pairs = [(problem, Sample(problem.id, 0, problem.reference or "")) for problem in chosen]
    seen = [verdict for _, verdict in judge_many(pairs, sandbox, found.default_limits, oracle="auto")]
    assert not [verdict for verdict in seen if not verdict.passed]
    assert sum(verdict.oracle == "split" for verdict in seen) > 60
    expressions = [problem for problem in chosen if not problem.closing and not problem.oracle.together]
    others = [(problem, Sample(problem.id, 1, shifted(problem))) for problem in expressions[:40]]
    passed = [one for _, one in judge_many(others, sandbox, found.default_limits) if one.passed]
    assert len(passed) <= 1, passed  # a test that only looks whether something comes back


@pytest.mark.slow
def test_ds1000_in_its_published_format(sandbox: LocalSandbox, tmp_path: Path) -> None:
    # torch takes ten seconds to import.
    records = [record for record in ds1000() if record[0]["metadata"]["library"] != "Pytorch"]
    found = load_benchmark(f"ds1000:{write(tmp_path / 'd.jsonl', [row for row, _ in records])}")
    limits = Limits(wall_s=30.0, memory_bytes=2 << 30)
    for problem, (_, wrong) in zip(found.problems, records, strict=True):
        here = replace(problem, packages=())  # those of this environment: nothing is installed in a test
        where = "in-process" if problem.labels["library"] == "Matplotlib" else "split"
        right = judge(here, Sample(here.id, 0, here.reference or ""), sandbox, limits, oracle="auto")
        assert (right.status, right.oracle) == ("passed", where), right.detail
        for index, text in enumerate(wrong, start=1):
            verdict = judge(here, Sample(here.id, index, text), sandbox, limits, oracle="auto")
            assert (verdict.status, verdict.oracle) == ("failed", where), text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bigcodebench", "bigcodebench-instruct"])
def test_bigcodebench_in_its_published_format(sandbox: LocalSandbox, tmp_path: Path, name: str) -> None:
    records = bigcodebench()
    found = load_benchmark(f"{name}:{write(tmp_path / 'b.jsonl', [row for row, _ in records])}")
    for problem, (row, wrong) in zip(found.problems, records, strict=True):
        here = replace(problem, packages=())
        before = "" if problem.prompt_in_program else row["code_prompt"]
        texts = [here.reference or "", *(before + text for text in wrong)]
        samples = [Sample(here.id, index, text) for index, text in enumerate(texts)]
        seen = [judge(here, sample, sandbox, Limits(wall_s=20.0), oracle="auto") for sample in samples]
        assert [verdict.status for verdict in seen] == ["passed", *["failed"] * len(wrong)], seen
        assert {verdict.oracle for verdict in seen} == {"in-process" if here.oracle.together else "split"}


def test_livecodebench_in_its_published_format(sandbox: LocalSandbox, tmp_path: Path) -> None:
    found = load_benchmark(f"livecodebench:{write(tmp_path / 'l.jsonl', livecodebench())}")
    stdin, method = found.problems
    asked = {
        "a, b = map(int, input().split())\nprint(a + b)\nprint(0.50 if a == 3 else 15e-1)\n": "passed",
        "# the prelude brings sys\na, b = map(int, sys.stdin.read().split())\nprint(a + b)\n": "failed",
        "print(7, 0.5, sep='\\n')\n": "failed",
    }
    for text, status in asked.items():
        assert judge(stdin, Sample(stdin.id, 0, text), sandbox, found.default_limits).status == status
    head = "class Solution:\n    def scale(self, nums: List[int], by: int) -> List[int]:\n"
    for text, status in {
        f"{head}        return [by * x for x in nums]\n": "passed",
        f"{head}        return tuple(by * x for x in nums)\n": "passed",
        "def scale(nums, by):\n    return [by * x for x in nums]\n": "passed",
        f"{head}        return nums\n": "failed",
        f"{head}        print('[2, 4, 6]')\n": "failed",
    }.items():
        for standalone in (False, True):
            sample = Sample(method.id, 0, text, standalone)
            assert judge(method, sample, sandbox, found.default_limits).status == status
