"""NumpyEval, PandasEval and TorchDataEval in the jail: their own solutions pass, wrong ones do not."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ratchet.errors import RatchetError
from ratchet.judge import Verdict, judge_many
from ratchet.problems import Benchmark, Sample, load_benchmark
from ratchet.problems.cert import references
from ratchet.sandbox import LocalSandbox
from ratchet.sandbox.types import Limits, Program, Status

if TYPE_CHECKING:
    from tests.conftest import RunRatchet

LIMITS = Limits(wall_s=60.0)
"""Enough for a busy machine, on which torch takes seconds to import."""

pytestmark = pytest.mark.slow

DRIFTED = {
    "numpyeval": (3, 9, 20, 63, 95),
    "pandaseval": (1, 30, 34, 58, 99),
}
"""Some of the problems whose own solutions do not pass with every version."""

OTHER_ANSWERS = {
    "numpyeval": {
        3: "    return arr.astype(float)",
        9: "for i in range(3):\n    df.iloc[i, i] = 0",
        17: " np.hstack(a)",
        63: " np.delete(np.arange(len(A)), C)",
        95: " np.isin(a, b)",
    },
    "pandaseval": {
        19: "return df_original.iloc[:0, :].copy()",
        22: "scaled = df.iloc[:, 0:-1].apply(lambda x: (x - x.mean()) / x.std())\n"
        "    return pd.concat([scaled, df.iloc[:, -1]], axis=1)",
        30: "df['Email'] = df['Email'].astype(object)\ndf.at[0, 'Email'] = emails",
        43: "    df['mean_along_rows'] = df.mean(axis=1, numeric_only=True)\n    return df",
        58: " df['Name'].str.replace(r'\\d+', '', regex=True)",
        61: "    df = pd.concat([df, row_to_insert])\n    return df.sort_index().reset_index(drop=True)",
        76: "pd.concat([target_series, source_series], ignore_index=True)",
        82: "    rows = pd.DataFrame(list_to_append, columns=column_name_list)\n"
        "    return pd.concat([df, rows])",
    },
    "torchdataeval": {38: " ds.filter(lambda x: x < 5).collate(collate_fn=collate_fn)"},
}
"""Answers that do what is asked, where the published solution does not pass."""

EQUIVALENT = {
    "NumpyEval/39": "no row has only one of the two: `or` finds what `and` finds",
    "NumpyEval/52": "lexsort is stable, and the rows are in the first column's order already",
    "NumpyEval/89": "only the number of the parts is tested, not where they are cut",
    "PandasEval/12": "both columns are of the same length",
}
"""Problems whose tests cannot see what `mutated` changes, and why."""


def verdicts_on(
    benchmark: Benchmark, samples: Iterable[tuple[str, str]], sandbox: LocalSandbox
) -> list[Verdict]:
    """The verdicts on these completions, by problem's id, in order."""
    problems = {problem.id: problem for problem in benchmark.problems}
    pairs = [(problems[name], Sample(name, i, text)) for i, (name, text) in enumerate(samples)]
    judged = dict(judge_many(pairs, sandbox, LIMITS))
    return [judged[place] for place in range(len(pairs))]


def own_solutions(benchmark: Benchmark, only: Sequence[str] | None = None) -> list[tuple[str, str]]:
    return [
        (problem.id, text)
        for problem in benchmark.problems
        if only is None or problem.id in only
        for text in references(problem)
    ]


def ids(name: str, numbers: Iterable[int]) -> list[str]:
    title = {"numpyeval": "NumpyEval", "pandaseval": "PandasEval", "torchdataeval": "TorchDataEval"}[name]
    return [f"{title}/{number}" for number in numbers]


def need(benchmark: Benchmark, sandbox: LocalSandbox) -> None:
    """Skip where the benchmark's packages cannot be installed."""
    try:
        seen = sandbox.run(Program("", packages=benchmark.problems[0].packages), LIMITS)
    except RatchetError as error:
        pytest.skip(f"{benchmark.name} cannot be judged here: {error}")
    if seen.status is Status.PACKAGES:
        pytest.skip(f"{benchmark.name} cannot be judged here: {seen.reason}")


@pytest.mark.parametrize("name", ["numpyeval", "pandaseval"])
def test_with_todays_versions_all_own_solutions_pass_but_those_that_are_named(
    name: str, benchmark_data: Path, tmp_path: Path, ratchet_cli: RunRatchet
) -> None:
    pytest.importorskip("pandas")
    done = ratchet_cli("score", f"{name}:current", "--out", "run", "--quiet")
    assert done.returncode == 0, done.stderr
    scored = json.loads((tmp_path / "run" / "score.json").read_text(encoding="utf-8"))
    loaded = load_benchmark(f"{name}:current")
    assert scored["failed_references"] == {**loaded.exceptions, **loaded.broken}
    passing = 101 - len(loaded.exceptions) - len(loaded.broken)
    assert scored["counts"]["passed"] == passing
    assert scored["pass_at"]["pass@1"]["mean"] == pytest.approx(passing / 101)
    without = passing / (101 - len(loaded.broken))
    assert scored["unbroken_pass_at"]["pass@1"]["mean"] == pytest.approx(without)
    assert scored["broken"] == loaded.broken
    assert scored["oracles"]["split_share"] == 1.0
    assert f"pass@1 without these: {without:.3f}" in done.stdout
    assert all(f"note: {note}" in done.stdout for note in loaded.notes)


@pytest.mark.parametrize("name", ["numpyeval", "pandaseval"])
def test_the_nearest_versions_to_the_published_ones_are_used(
    name: str, benchmark_data: Path, sandbox: LocalSandbox
) -> None:
    loaded = load_benchmark(name)
    need(loaded, sandbox)
    drifted = ids(name, DRIFTED[name])
    passed = {v.problem_id for v in verdicts_on(loaded, own_solutions(loaded, drifted), sandbox) if v.passed}
    assert passed == set(drifted) - loaded.broken.keys() - loaded.exceptions.keys()


@pytest.mark.parametrize("name", ["numpyeval", "pandaseval"])
def test_an_exceptions_problem_has_an_answer_that_passes(
    name: str, benchmark_data: Path, sandbox: LocalSandbox
) -> None:
    pytest.importorskip("pandas")
    loaded = load_benchmark(f"{name}:current")
    answers = dict(zip(ids(name, OTHER_ANSWERS[name]), OTHER_ANSWERS[name].values(), strict=True))
    assert answers.keys() >= loaded.exceptions.keys()
    assert [v.detail for v in verdicts_on(loaded, answers.items(), sandbox) if not v.passed] == []


@pytest.mark.local
def test_data_pipes_cross_as_far_as_they_are_asked(benchmark_data: Path, sandbox: LocalSandbox) -> None:
    loaded = load_benchmark("torchdataeval")
    need(loaded, sandbox)
    samples = [
        ("TorchDataEval/5", " source_dp.fork(num_instances=2)"),
        ("TorchDataEval/5", " source_dp.fork(num_instances=3)[1:]\ndp2 = dp2.map(lambda x: x + 1)"),
        *((f"TorchDataEval/{n}", text) for n, text in OTHER_ANSWERS["torchdataeval"].items()),
    ]
    assert [verdict.passed for verdict in verdicts_on(loaded, samples, sandbox)] == [True, False, True]


@pytest.mark.parametrize("name", ["numpyeval", "pandaseval"])
def test_mutated_solutions_fail(name: str, benchmark_data: Path, sandbox: LocalSandbox) -> None:
    pytest.importorskip("pandas")
    loaded = load_benchmark(f"{name}:current")
    mutants = []
    for problem in loaded.problems[::4]:
        if problem.id not in {*loaded.broken, *loaded.exceptions}:
            program = mutated(problem.prompt, references(problem)[-1])
            mutants.append((problem, Sample(problem.id, 0, program, standalone=True)))
    assert len(mutants) >= 18
    judged = judge_many(mutants, sandbox, LIMITS)
    assert {v.problem_id for _, v in judged if v.passed} <= EQUIVALENT.keys()


def mutated(prompt: str, completion: str) -> str:
    """The program with a constant or an operator of the completion changed; else without its last line."""
    tree = ast.parse(prompt + completion)
    lines = prompt.split("\n")
    start = (len(lines), len(lines[-1].encode()))
    for node in ast.walk(tree):
        if (getattr(node, "lineno", 0), getattr(node, "col_offset", 0)) < start:
            continue
        match node:
            case ast.Constant(value=bool(value)):
                node.value = not value
            case ast.Constant(value=int(number)):
                node.value = number + 1
            case ast.Constant(value=str(text)):
                node.value = f"{text}x"
            case ast.BinOp():
                node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            case ast.Compare(ops=[op]):
                node.ops = [ast.NotEq() if isinstance(op, ast.Eq) else ast.Eq()]
            case ast.UnaryOp():
                node.op = ast.Not()
            case _:
                continue
        return ast.unparse(tree)
    body = tree.body[-1].body if isinstance(tree.body[-1], ast.FunctionDef) else tree.body
    body[-1] = ast.Pass()
    return ast.unparse(tree)
