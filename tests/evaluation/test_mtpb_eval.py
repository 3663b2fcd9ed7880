"""MTPB by `evaluate`, turn by turn: what is printed last is judged, and figures are given by problem."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ratchet.evaluation.evaluate import evaluate
from ratchet.evaluation.records import read_evaluation
from ratchet.evaluation.settings import EvalSettings
from ratchet.problems import PrintedOracle, load_benchmark
from tests.decode.scripted import Scripted


@pytest.mark.slow
@pytest.mark.parametrize("rules", ["strict", "paper"])
def test_a_model_that_prints_the_output_in_the_last_turn(
    benchmark_data: Path, tmp_path: Path, rules: str
) -> None:
    whole = load_benchmark(f"mtpb:{rules}")
    # No packages: these programs need none, and an environment of its own takes long to be made.
    problems = tuple(replace(problem, packages=()) for problem in whole.problems[:15])
    wrong = problems[7].turns

    def model(text: str) -> str:
        for problem in problems:
            assert isinstance(problem.oracle, PrintedOracle)
            if text.startswith(problem.turns[0]) and text.endswith(problem.turns[-1]):
                said = "None" if problem.turns == wrong else repr(problem.oracle.expected)
                return f"print('not this')\nx = {said}\nprint(x)\nprint('nor this')\n# and so on\n"
        return "y = 1\n\n\n\nprint('cut off')"

    small = replace(whole, problems=problems)
    done = evaluate(
        [small], Scripted(model), EvalSettings(perplexity=False), out=tmp_path / "run", quiet=True
    )
    [figures] = done.figures
    # A turn ends before its second line that begins with print. What it ends with then is an
    # assignment, which the paper's rules print, and ours do not.
    assert figures.counts["passed"] == (14 if rules == "paper" else 0)
    [first, *_] = read_evaluation(tmp_path / "run").samples
    assert "cut off" not in first.completion
    assert "nor this" not in first.completion

    def once(text: str) -> str:
        return model(text).replace("print('not this')\n", "")

    done = evaluate([small], Scripted(once), EvalSettings(perplexity=False), out=tmp_path / "two", quiet=True)
    [figures] = done.figures
    assert (figures.rules, figures.counts["passed"]) == (rules, 14)
    assert figures.turns is not None
    assert figures.turns.overall.problems == 3
    assert figures.pass_at[0].mean == pytest.approx(14 / 15)
    assert "problem" not in figures.by_label
