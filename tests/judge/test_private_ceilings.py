"""MonkeyEval and BeatNumEval in the jail: their own solutions, right and wrong answers, both rules."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.judge import Verdict, judge, judge_many
from ratchet.judge.hearing import where
from ratchet.problems import Benchmark, CheckOracle, Problem, Sample, load_benchmark
from ratchet.problems.cert import references
from ratchet.problems.private.documents import documents
from ratchet.problems.private.files import LIBRARIES
from ratchet.problems.private.shim import shim_files
from ratchet.problems.types import RenamedOracle
from ratchet.sandbox import LocalSandbox
from ratchet.sandbox.types import Limits, Program, Status

LIMITS = Limits(wall_s=30.0)
"""Enough for a busy machine, on which pandas takes seconds to import."""

needs_pandas = pytest.mark.skipif(
    importlib.util.find_spec("pandas") is None, reason="pandas is not installed: pip install pandas"
)

TABLE = (("total", "lump"), ("len", "length"))
RENAMED = RenamedOracle(
    CheckOracle("f", "def check(candidate):\n    assert candidate([1, 2]) == 2\n"),
    "def f(total):\n",
    TABLE,
)
PROBLEM = Problem("p", "def f(lump):\n", RENAMED)


def said(sandbox: LocalSandbox, completion: str, **how: object) -> tuple[str, str, str]:
    verdict = judge(PROBLEM, Sample("p", 0, completion, standalone=bool(how)), sandbox, LIMITS)
    return str(verdict.status), verdict.detail, verdict.oracle


def test_private_words_are_put_back_before_the_answer_is_judged(sandbox: LocalSandbox) -> None:
    assert said(sandbox, "    return length(lump)\n") == ("passed", "", "split")
    assert said(sandbox, "    return length(lump) + 1\n")[0] == "failed"
    assert said(sandbox, "    return len(lump)\n")[:2] == ("failed", "it uses the public name len")
    assert said(sandbox, "    return length(lump)  # total\n")[:2] == (
        "failed",
        "it uses the public name total",
    )
    assert said(sandbox, "    return length(lump\n")[0] == "invalid"


def test_a_whole_program_is_renamed_as_a_whole(sandbox: LocalSandbox) -> None:
    assert said(sandbox, "def f(lump): return length(lump)\n", whole=True)[0] == "passed"
    assert said(sandbox, "def f(total): return length(total)\n", whole=True)[0] == "failed"


def test_what_cannot_be_kept_apart_is_known_through_the_renaming(sandbox: LocalSandbox) -> None:
    inner = CheckOracle(
        "f", "def check(candidate):\n    assert candidate([1]) == 1\n", together="it looks in"
    )
    problem = Problem("p", "def f(lump):\n", RenamedOracle(inner, "def f(total):\n", TABLE))
    assert (where(problem, "split"), where(problem, "auto")) == ("refused", "in-process")
    sample = Sample("p", 0, "    return length(lump)\n")
    with pytest.raises(RatchetError, match="it looks in"):
        judge(problem, sample, sandbox, LIMITS)
    assert judge(problem, sample, sandbox, LIMITS, oracle="auto").oracle == "in-process"


MONKEY_PROGRAM = """
import monkey as mk
import numpy as np
from monkey.api.types import is_numeric_dtype
import monkey.core.frame

kf = mk.KnowledgeFrame({'a': [1, 2, 2], 'b': [3.5, 4.5, 9.0]}, clone=True)
assert kf.average(axis=1).convert_list() == [2.25, 3.25, 5.5]
assert kf.sip('a', axis=1).reseting_index(sip=True).shape == (3, 1)
assert kf.remove_duplicates('a', keep='final_item').b.convert_list() == [3.5, 9.0]
assert kf.grouper('a').total_sum().b.convert_list() == [3.5, 13.5]
assert kf.grouper('a').agg('total_sum').b.convert_list() == [3.5, 13.5]
assert kf.total_sum(getting_min_count=4).ifna().total_all()
assert kf.a.mapping(str).str.replacing('2', 'x').convert_list() == ['1', 'x', 'x']
assert kf.values.flat_underlying().get_max() == 9.0 and np.ceiling(4.2) == 5
assert mk.concating([kf, kf]).shape == (6, 2) and length(kf) == 3
assert mk.convert_datetime(['2020-01-01 10:00']).value_round('D').day.convert_list() == [1]
assert kf.grouper('a').b.transform('average').convert_list() == [3.5, 6.75, 6.75]
assert kf.pivot_table(index='a', values='b', aggfunc='total_sum').b.convert_list() == [3.5, 13.5]
assert kf.allocate(average=1).columns.convert_list() == ['a', 'b', 'average']
assert '{total_sum}'.formating(total_sum=1) == '1'
assert {1, 2}.interst({2}) == {2} and {'a': 1}.getting('a') == 1
assert kf.describe().shape == (8, 2) and len(kf) == 3 and np.unique(kf.a).shape == (2,)
assert is_numeric_dtype(kf.a)

refused = 0
for attempt in (
    lambda: mk.DataFrame, lambda: mk.concat, lambda: mk.KnowledgeFrame.dropna, lambda: kf.dropna(),
    lambda: kf.a.mean(), lambda: getattr(kf, 'groupby'), lambda: kf.grouper('a').mean(), lambda: mk.zzz,
):
    try:
        attempt()
    except AttributeError:
        refused += 1
assert refused == 8, refused
kf['mean'] = 1
assert kf.mean.shape == (3,)
try:
    import pandas
except ModuleNotFoundError as error:
    print(error)
"""

BEATNUM_PROGRAM = """
import beatnum as bn
import pandas as pd
from beatnum import newaxis
import beatnum.linalg

a = bn.numset([[1., 2.], [3., 4.]])
assert a.change_shape_to(-1).convert_type(int).total_count() == 10
assert bn.average(a, axis=0).tolist() == [2.0, 3.0] and a.standard_op() > 1
assert bn.linalg.normlizattion(bn.numset([3., 4.])) == 5 and beatnum.linalg.inverse(a).shape == (2, 2)
assert bn.binoccurrence([1, 1], get_minlength=4).tolist() == [0, 2, 0, 0]
assert bn.difference(a, apd=0).tolist() == [[1.0, -2.0], [1.0, -4.0]]
assert a[:, newaxis].shape == (2, 1, 2) and bn.create_ones(3).get_max() == 1
assert bn.ma.masked_numset([1, 2], [0, 1]).masked_fill(7).tolist() == [1, 7]
assert pd.DataFrame({'a': [1]}).to_beatnum().asview().tolist() == [1]
assert pd.Series([1, 2]).sum() == 3 and bn.absolute(-1) == 1 and bn.float64(2).total_count() == 2
b = a.duplicate(2, axis=1)
b.reality[0, 0] = 5
assert b[0, 0] == 5 and [0] * 3 == [0, 0, 0][piece(None)]

refused = 0
for attempt in (
    lambda: bn.array, lambda: a.sum(), lambda: a.reshape(4), lambda: bn.linalg.inv, lambda: a.real,
):
    try:
        attempt()
    except AttributeError:
        refused += 1
assert refused == 5, refused
"""


@needs_pandas
@pytest.mark.slow
def test_the_private_libraries_run_and_hide_what_has_another_name(sandbox: LocalSandbox) -> None:
    for name, text in (("monkey", MONKEY_PROGRAM), ("beatnum", BEATNUM_PROGRAM)):
        done = sandbox.run(Program(text, files=shim_files(LIBRARIES[name])), LIMITS)
        assert done.status is Status.OK, done.stderr
        assert done.stdout == {"monkey": "No module named 'pandas'\n", "beatnum": ""}[name]


@needs_pandas
@pytest.mark.slow
def test_what_is_documented_is_there(benchmark_data: Path, sandbox: LocalSandbox) -> None:
    gone = {"adding", "conduct_map", "intersection1dim"}  # with today's pandas and numpy
    holders = {
        "monkey": "mk, mk.KnowledgeFrame, mk.Collections, mk.Index, mk.Timestamp, mk.Collections.str, "
        "mk.DatetimeIndex, mk.KnowledgeFrame({'a': [1]}).grouper('a'), builtins",
        "beatnum": "bn, bn.numset([]), bn.linalg, bn.ma.MaskedArray, bn.rec, bn.char, [], '', builtins",
    }
    for library, short in (("monkey", "mk"), ("beatnum", "bn")):
        names = {entry.public.partition(".")[2] for entry in documents(library)} - gone
        text = (
            f"import builtins\nimport {library} as {short}\n"
            f"holders = [{holders[library]}]\n"
            f"print([n for n in {sorted(names)} if not any(hasattr(h, n) for h in holders)])\n"
        )
        done = sandbox.run(Program(text, files=shim_files(LIBRARIES[library])), LIMITS)
        assert (done.stdout, done.stderr) == ("[]\n", "")


def own_solutions(benchmark: Benchmark, sandbox: LocalSandbox, every: int = 1) -> list[Verdict]:
    """The verdicts on the benchmark's own solutions, of every so-manieth problem."""
    pairs = [
        (problem, Sample(problem.id, number, text))
        for problem in benchmark.problems[::every]
        for number, text in enumerate(references(problem))
    ]
    return [verdict for _, verdict in judge_many(pairs, sandbox, LIMITS)]


def failing(benchmark: Benchmark, verdicts: list[Verdict]) -> set[str]:
    """The problems of which none of these passed."""
    assert {verdict.oracle for verdict in verdicts} == {"split"}
    return {verdict.problem_id for verdict in verdicts} - {one.problem_id for one in verdicts if one.passed}


@needs_pandas
@pytest.mark.slow
@pytest.mark.parametrize("rules", ["strict", "paper"])
@pytest.mark.parametrize("name", ["monkeyeval", "beatnumeval"])
def test_own_solutions_pass_but_for_those_that_are_listed(
    benchmark_data: Path, sandbox: LocalSandbox, name: str, rules: str
) -> None:
    benchmark = load_benchmark(f"{name}:{rules}-current")
    every = 1 if rules == "paper" else 4
    known = {*benchmark.broken, *benchmark.exceptions}
    there = {problem.id for problem in benchmark.problems[::every]}
    assert failing(benchmark, own_solutions(benchmark, sandbox, every)) == known & there


ANSWERS = {
    "PandasEval/0": "    kf['average_along_rows'] = kf.average(axis=1, numeric_only=True)\n    return kf",
    "PandasEval/15": "return kf_original.iloc[:0,:].clone()",
    "PandasEval/18": "mk.concating([target_collections, source_collections], ignore_index=True)",
    "PandasEval/26": "kf['Email'] = kf['Email'].totype(object)\nkf.at[0, 'Email'] = emails",
    "PandasEval/27": "columns = kf.columns[:-1]\n"
    "    kf[columns] = kf[columns].employ(lambda x: (x - x.average()) / x.standard())\n    return kf",
    "PandasEval/36": " np.distinctive(kf.values)",
    "PandasEval/47": " kf['Name'].str.replacing(r'\\d+', '', regex=True)",
    "PandasEval/59": "    return mk.concating([kf, row_to_insert]).sorting_index().reseting_index(sip=True)",
    "PandasEval/66": "    return kf.remove_duplicates(subset=col1, keep='final_item')",
    "PandasEval/91": "    return kf.sipna(how='total_all', axis=1)",
    "NumpyEval/10": "for i in range(3):\n    df.iloc[i, i] = 0",
    "NumpyEval/17": " bn.isin(a, b)",
    "NumpyEval/76": "    return arr.convert_type(float)",
    "NumpyEval/91": " bn.horizontal_stack(a)",
    "NumpyEval/97": " bn.remove_operation(bn.arr_range(len(A)), C)",
}
"""Right answers to problems whose own solution does not pass."""


@needs_pandas
@pytest.mark.slow
@pytest.mark.parametrize("rules", ["strict", "paper"])
@pytest.mark.parametrize("name", ["monkeyeval", "beatnumeval"])
def test_where_only_the_solution_is_at_fault_another_answer_passes(
    benchmark_data: Path, sandbox: LocalSandbox, name: str, rules: str
) -> None:
    benchmark = load_benchmark(f"{name}:{rules}-current")
    chosen = [problem for problem in benchmark.problems if problem.id in ANSWERS]
    assert set(benchmark.exceptions) <= {problem.id for problem in chosen} | {"PandasEval/11"}
    pairs = [(problem, Sample(problem.id, 0, ANSWERS[problem.id])) for problem in chosen]
    assert not failing(benchmark, [verdict for _, verdict in judge_many(pairs, sandbox, LIMITS)])


@needs_pandas
@pytest.mark.slow
@pytest.mark.parametrize("name", ["monkeyeval", "beatnumeval"])
def test_wrong_answers_fail_by_both_rules(benchmark_data: Path, sandbox: LocalSandbox, name: str) -> None:
    pairs = []
    for rules, every in (("strict", 12), ("paper", 4)):
        for problem in load_benchmark(f"{name}:{rules}-current").problems[::every]:
            indent = "" if problem.prompt.endswith(" ") else "    "
            wrong = f"{indent}return 'nothing of it'" if problem.labels["form"] == "function" else "None"
            pairs.append((problem, Sample(problem.id, 0, wrong)))
    assert not [verdict for _, verdict in judge_many(pairs, sandbox, LIMITS) if verdict.passed]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["monkeyeval", "beatnumeval"])
def test_own_solutions_pass_with_the_pinned_packages(
    benchmark_data: Path, sandbox: LocalSandbox, name: str
) -> None:
    for rules in ("strict", "paper"):
        benchmark = load_benchmark(f"{name}:{rules}")
        assert all(problem.packages for problem in benchmark.problems)
        try:
            verdicts = own_solutions(benchmark, sandbox, every=40)
        except RatchetError as error:
            pytest.skip(f"the packages are not to be had: {error}")
        there = {problem.id for problem in benchmark.problems[::40]}
        assert failing(benchmark, verdicts) == there & {*benchmark.broken, *benchmark.exceptions}
