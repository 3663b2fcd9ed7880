"""`ratchet eval`, whole: a model behind HTTP, the real jail, Runs that are killed and taken up again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ratchet.engines import ContextError
from ratchet.errors import RatchetError
from ratchet.evaluation.evaluate import evaluate
from ratchet.evaluation.journal import drawn, judged
from ratchet.evaluation.records import read_evaluation
from ratchet.evaluation.settings import EvalSettings
from ratchet.problems import Benchmark, CallOracle, Case, Problem
from ratchet.runs import Run
from ratchet.sandbox import Limits
from tests.conftest import RunRatchet
from tests.decode.scripted import Scripted
from tests.evaluation.model_server import ModelServer


@pytest.fixture
def server() -> Iterator[ModelServer]:
    made = ModelServer()
    yield made
    made.shutdown()
    made.server_close()


def problems_file(path: Path, count: int) -> Path:
    """So many problems: add a number to x."""
    rows = [
        {
            "task_id": f"add/{n}",
            "prompt": f"def add{n}(x):\n",
            "entry_point": f"add{n}",
            "canonical_solution": f"    return x + {n}\n",
            "test": f"def check(candidate):\n    assert [candidate(1), candidate(5)] == {[n + 1, n + 5]}\n",
        }
        for n in range(1, count + 1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def results(run: Path) -> Any:
    """The figures, without where the Run is."""
    whole = json.loads((run / "eval.json").read_text())
    del whole["run"]
    return whole


@pytest.mark.slow
def test_a_model_is_evaluated(server: ModelServer, ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    file = problems_file(tmp_path / "add.jsonl", 4)
    done = ratchet_cli(
        *("eval", file, "--model", f"openai:m@{server.url}", "-n", "5", "--temperature", "0.2,0.8"),
        *("--k", "1,5", "--timeout", "1", "--out", tmp_path / "run", "--json"),
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said == json.loads((tmp_path / "run" / "eval.json").read_text())
    found = read_evaluation(tmp_path / "run")
    assert len(found.samples) == len(server.asked) == len(set(server.asked)) == 40
    assert {sample.seed for sample in found.samples} == set(server.asked)
    for one in said["results"]:
        mine = [sample for sample in found.samples if sample.temperature == one["temperature"]]
        assert one["pass_at"]["pass@1"]["mean"] == pytest.approx(sum(sample.passed for sample in mine) / 20)
        assert one["counts"]["passed"] == sum(sample.passed for sample in mine)
        wrong = {sample.category for sample in mine if not sample.passed}
        assert (
            set(one["categories"]) == wrong <= {"wrong answer", "undefined name", "does not parse", "timeout"}
        )
    assert {row["k"] for row in said["best"]} == {1, 5}
    for row in said["best"]:
        means = [one["pass_at"][f"pass@{row['k']}"]["mean"] for one in said["results"]]
        assert row["mean"] == max(means)
    human_eval = [json.loads(line) for line in (tmp_path / "run" / "samples.jsonl").read_text().splitlines()]
    assert {row["task_id"] for row in human_eval} == {f"add/{n}" for n in range(1, 5)}
    scored = ratchet_cli(
        *(
            "score",
            file,
            "--samples",
            tmp_path / "run" / "samples.jsonl",
            "--timeout",
            "1",
            "--json",
            "--quiet",
        ),
    )
    assert json.loads(scored.stdout)["counts"]["passed"] == sum(sample.passed for sample in found.samples)


@pytest.mark.slow
def test_killed_at_twenty_moments_it_ends_with_the_same_figures(
    server: ModelServer, ratchet_command: Path, tmp_path: Path
) -> None:
    file = problems_file(tmp_path / "add.jsonl", 40)
    words = [str(ratchet_command), "eval", str(file), "--model", f"openai:m@{server.url}", "-n", "8"]
    words += ["--timeout", "0.5", "--quiet", "--out"]
    subprocess.run([*words, str(tmp_path / "whole")], check=True, capture_output=True)
    server.asked.clear()
    server.rest_s = 1.0
    run, random_ = tmp_path / "run", random.Random(5)
    recorded: dict[str, int] = {}
    kills = 0
    while kills < 20:
        resume = ["--resume"] if (run / "run.json").exists() else []
        before = len(server.asked)
        process = subprocess.Popen(
            [*words, str(run), *resume], stderr=subprocess.PIPE, start_new_session=True
        )
        time.sleep(random_.uniform(0.2, 1.4))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        _, complaint = process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL), complaint
        # What stood in the journal when it began was not asked for again.
        assert not set(recorded.values()) & set(server.asked[before:])
        recorded = seeds_of(run) if (run / "run.json").exists() else {}
        if len(recorded) > 250:
            break  # the rest is done at once below
    server.rest_s = 0.0
    before = len(server.asked)
    subprocess.run([*words, str(run), "--resume"], check=True, capture_output=True)
    assert not set(recorded.values()) & set(server.asked[before:])
    assert results(run) == results(tmp_path / "whole")
    assert lines(run) == lines(tmp_path / "whole")
    assert kills >= 20
    assert len(seeds_of(run)) == 320


def lines(run: Path) -> list[dict[str, Any]]:
    """The samples, less how long each took."""
    rows = [json.loads(line) for line in (run / "samples.jsonl").read_text().splitlines()]
    return [{name: row[name] for name in row if name not in ("wall_s", "cpu_s", "detail")} for row in rows]


def seeds_of(run: Path) -> dict[str, int]:
    """The seed of every sample that the journal holds."""
    from ratchet.evaluation.drawing import planned
    from ratchet.problems import load_benchmark

    file = next(run.parent.glob("*.jsonl"))
    plan = planned([load_benchmark(file)], EvalSettings(n=8).checked())
    with Run.open(run, kind="eval") as journal:
        known = drawn(journal)
        assert judged(journal).keys() <= known.keys()
    return {draw.key: draw.seed for draw in plan if draw.key in known}


def turned(count: int) -> Benchmark:
    """Problems in two turns: double, then add one."""
    turns = ("# double\n", "# add one\n")
    problem = [
        Problem(
            f"turn/{n}",
            "".join(turns),
            CallOracle("f", (Case((n,), 2 * n + 1),)),
            turns=turns,
            labels={"kind": "odd" if n % 2 else "even"},
        )
        for n in range(count)
    ]
    return Benchmark("turned", tuple(problem), Limits(5.0), "MIT", "here")


def in_two_steps(text: str) -> str:
    if text.endswith("# add one\n"):
        return (
            "def f(x): return double(x) + 1\n# more" if "def double" in text else "def f(x): return x + 1\n"
        )
    return "def double(x): return 2 * x\n\n# next"


def test_turn_by_turn_and_all_at_once(tmp_path: Path) -> None:
    engine = Scripted(in_two_steps)
    several = evaluate([turned(4)], engine, out=tmp_path / "multi", quiet=True)
    single = evaluate(
        [turned(4)], engine, EvalSettings(mode="single-turn"), out=tmp_path / "single", quiet=True
    )
    assert (several.figures[0].pass_at[0].mean, single.figures[0].pass_at[0].mean) == (1.0, 0.25)
    [sample, *_] = read_evaluation(tmp_path / "multi").samples
    assert sample.completion == (
        "# double\ndef double(x): return 2 * x\n# add one\ndef f(x): return double(x) + 1"
    )
    # Every character has log-probability -1: of any text the perplexity is e.
    problem = read_evaluation(tmp_path / "multi").problems[0]
    assert problem.perplexity == pytest.approx(2.718281828)
    breakdown = single.figures[0].by_label["kind"]
    assert {value: part.passed for value, part in breakdown.items()} == {"even": 0.5, "odd": 0.0}
    understanding = single.figures[0].understanding
    assert understanding is not None
    assert (understanding.passed.problems, understanding.failed.problems) == (1, 3)


def test_a_run_goes_on_only_with_what_it_was_begun_with(tmp_path: Path) -> None:
    engine = Scripted(in_two_steps)
    first = evaluate([turned(2)], engine, out=tmp_path / "run", quiet=True)
    asked: list[str] = []
    counting = Scripted(lambda text: asked.append(text) or in_two_steps(text))  # type: ignore[func-returns-value]
    again = evaluate([turned(2)], counting, out=tmp_path / "run", resume=True, quiet=True)
    assert (again.as_dict(), asked) == (first.as_dict(), [])
    with pytest.raises(RatchetError, match="another seed"):
        evaluate([turned(2)], engine, EvalSettings(seed=1), out=tmp_path / "run", resume=True, quiet=True)
    with pytest.raises(RatchetError, match=r"other problems of turned \(2 there, 3 here\)"):
        evaluate([turned(3)], engine, out=tmp_path / "run", resume=True, quiet=True)


def test_what_fails_while_drawing_is_told_and_what_was_drawn_is_kept(tmp_path: Path) -> None:
    calls: list[str] = []

    def breaks(text: str) -> str:
        calls.append(text)
        if len(calls) > 4:
            raise RatchetError("the model is gone: start it again.")
        return in_two_steps(text)

    engine = Scripted(breaks)
    engine.batch_size = 2  # type: ignore[attr-defined]
    with pytest.raises(RatchetError, match="the model is gone"):
        evaluate([turned(4)], engine, out=tmp_path / "run", quiet=True)
    with Run.open(tmp_path / "run", kind="eval") as run:
        assert len(drawn(run)) == 2
    done = evaluate([turned(4)], Scripted(in_two_steps), out=tmp_path / "run", resume=True, quiet=True)
    assert done.figures[0].pass_at[0].mean == 1.0


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (EvalSettings(n=0), "number of samples must be 1 or more"),
        (EvalSettings(k=(5,)), "pass@5 needs 5 samples"),
        (EvalSettings(k=(0,)), "k must be one or more"),
        (EvalSettings(n=2, temperatures=(0.0,)), "at temperature 0 all 2 samples"),
        (EvalSettings(temperatures=(-1.0,)), "a temperature is 0 or more"),
        (EvalSettings(temperatures=(0.5, 0.5)), "named twice"),
        (EvalSettings(top_p=0.0), "top-p is above 0"),
        (EvalSettings(limit=0), "--limit must be 1 or more"),
        (EvalSettings(tools=("web",)), 'there is no tool "web"'),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(settings: EvalSettings, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match=sentence):
        evaluate([turned(1)], Scripted(in_two_steps), settings, out=tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_a_benchmark_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match="turned is named twice"):
        evaluate([turned(1), turned(2)], Scripted(in_two_steps), out=tmp_path / "run", quiet=True)


def test_an_unfinished_run_cannot_be_read(tmp_path: Path) -> None:
    evaluate([turned(1)], Scripted(in_two_steps), out=tmp_path / "run", quiet=True)
    (tmp_path / "run" / "eval.json").unlink()
    with pytest.raises(RatchetError, match="has not been finished: resume it"):
        read_evaluation(tmp_path / "run")
    with pytest.raises(RatchetError, match="no such directory"):
        read_evaluation(tmp_path / "nowhere")


def test_a_conversation_and_the_program_in_its_reply(tmp_path: Path) -> None:
    reply = "Sure! Here it is:\n\n```python\ndef f(x):\n    return 2 * x + 1\n```\nHope it helps."
    settings = EvalSettings(form="chat")
    done = evaluate([turned(3)], Scripted(lambda _: reply), settings, out=tmp_path / "run", quiet=True)
    assert done.figures[0].pass_at[0].mean == 1.0
    [sample, *_] = read_evaluation(tmp_path / "run").samples
    assert sample.raw == reply
    assert "Sure" not in sample.completion


def test_a_tool_is_asked_and_its_questions_are_kept(tmp_path: Path) -> None:
    documents = tmp_path / "documents.jsonl"
    rows = ["double_up(x): Twice a number.", "halve(x): Half of a number."]
    documents.write_text("".join(json.dumps({"text": row}) + "\n" for row in rows))

    def asks(text: str) -> str:
        if "</API>" in text:
            return " 2 * x + 1"
        return "def f(x): return <API>APISearch(twice a number)->"

    settings = EvalSettings(mode="single-turn", tools=(f"search:{documents}",))
    done = evaluate([turned(2)], Scripted(asks), settings, out=tmp_path / "run", quiet=True)
    assert done.figures[0].pass_at[0].mean == 1.0
    [sample, *_] = read_evaluation(tmp_path / "run").samples
    [call] = sample.tool_calls
    assert (call.tool, call.query, call.answer) == ("search", "twice a number", "double_up")
    assert (sample.completion, "<API>" in sample.raw) == ("def f(x): return  2 * x + 1", True)


def test_what_does_not_fit_into_the_context_is_one_empty_sample(tmp_path: Path) -> None:
    def short(text: str) -> str:
        if len(text) > 30:
            raise ContextError("too long")
        return in_two_steps(text)

    settings = EvalSettings(mode="single-turn", perplexity=False)
    done = evaluate([turned(2)], Scripted(short), settings, out=tmp_path / "run", quiet=True)
    assert done.figures[0].pass_at[0].mean == 0.5
    long = Benchmark(
        "long", (replace(turned(1).problems[0], prompt="# " + "x" * 40 + "\n"),), Limits(5.0), "", ""
    )
    done = evaluate([turned(1), long], Scripted(short), settings, out=tmp_path / "both", quiet=True)
    assert [one.pass_at[0].mean for one in done.figures] == [1.0, 0.0]
    [sample] = [one for one in read_evaluation(tmp_path / "both").samples if one.benchmark == "long"]
    assert (sample.finish, sample.completion, sample.category) == ("context", "", "empty")


@pytest.mark.slow
def test_no_more_is_spent_than_was_allowed(
    server: ModelServer, ratchet_cli: RunRatchet, tmp_path: Path
) -> None:
    file = problems_file(tmp_path / "add.jsonl", 30)
    words = [
        "eval",
        str(file),
        "--model",
        f"openai:m@{server.url}",
        "--quiet",
        "--out",
        str(tmp_path / "run"),
    ]
    words += ["--max-tokens", "20", "--request-log", str(tmp_path / "requests.jsonl")]
    refused = ratchet_cli(*words, "--max-cost", "1")
    assert (refused.returncode, len(server.asked)) == (2, 0)
    # At 1 a token, a request is counted with what it could cost at most, and costs 16.
    stopped = ratchet_cli(*words, "--max-cost", "300", "--prices", "1e6,1e6")
    assert stopped.returncode == 2
    assert "budget" in stopped.stderr or "spent" in stopped.stderr, stopped.stderr
    sent = len(server.asked)
    assert 0 < 16 * sent <= 300
    log = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text().splitlines()]
    assert len(log) == sent
    with Run.open(tmp_path / "run", kind="eval") as run:
        assert len(drawn(run)) == sent
    done = ratchet_cli(*words, "--resume")
    assert done.returncode == 0, done.stderr
    assert len(server.asked) == 30
