"""`ratchet score` as its users meet it: the console command, in a process of its own."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import RunRatchet

PROBLEMS = [
    {
        "task_id": f"t/{n}",
        "prompt": f"def add{n}(x):\n",
        "entry_point": f"add{n}",
        "test": "def check(candidate):\n"
        f"    assert candidate(1) == {n + 1}\n    assert candidate(-4) == {n - 4}\n",
    }
    for n in range(3)
]
HOSTILE = [
    "    import os\n    os._exit(0)\n",
    "    raise SystemExit(0)\n",
    "    class E:\n        def __eq__(self, other): return True\n    return E()\n",
    "    print('PASSED')\n    print('{\"passed\": true}')\n",
    "    return None\n\ndef check(candidate): pass\n",
    "    import sys\n    sys.exit('passed')\n",
]


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def samples(*completions: str) -> list[dict[str, str]]:
    return [{"task_id": problem["task_id"], "completion": c} for problem in PROBLEMS for c in completions]


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    return write(tmp_path / "problems.jsonl", PROBLEMS)


def verdicts(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]


def test_pass_at_k_verdicts_and_evidence(ratchet_cli: RunRatchet, problems: Path, tmp_path: Path) -> None:
    rows = samples("    return x\n", "    return x + 1\n", "    return x + 9\n", "    return (\n")
    path = write(tmp_path / "s.jsonl", rows)
    done = ratchet_cli("score", problems, "--samples", path, "--k", "1,4", "--out", "run", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    # Of 4 samples each, one is right for t/0 and for t/1, none for t/2.
    assert said["pass_at"]["pass@1"]["mean"] == pytest.approx(1 / 6)
    assert said["pass_at"]["pass@4"]["mean"] == pytest.approx(2 / 3)
    assert said["pass_at"]["pass@1"]["low"] <= 1 / 6 <= said["pass_at"]["pass@1"]["high"]
    assert said["pass_at"]["pass@1"]["covers"] == "problems"
    assert (said["counts"]["passed"], said["counts"]["failed"], said["counts"]["invalid"]) == (2, 7, 3)
    assert json.loads((tmp_path / "run" / "score.json").read_text()) == said
    seen = verdicts(tmp_path / "run")
    assert [(v["task_id"], v["sample"]) for v in seen] == [(f"t/{n}", i) for n in range(3) for i in range(4)]
    assert list(seen[0])[:7] == ["task_id", "sample", "passed", "status", "detail", "wall_s", "peak_memory"]
    assert (seen[0]["passed"], seen[0]["detail"]) == (True, "")
    assert "assert candidate(1) == 1" in seen[1]["detail"]
    assert seen[3]["status"] == "invalid"


def test_the_table_says_what_was_left_out(ratchet_cli: RunRatchet, problems: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", samples("    return x\n")[:2])
    done = ratchet_cli("score", problems, "--samples", path, "--partial", "--quiet")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for piece in (
        "pass@1",
        "0.500",
        "95 % interval",
        "pass@10, pass@100 left out",
        "left out (--partial): 1",
        "verdicts:",
    ):
        assert piece in done.stdout, piece
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name.startswith("score-problems-")
    assert len(verdicts(run)) == 2


@pytest.mark.slow
def test_humanevals_own_example_gives_its_own_result(
    ratchet_cli: RunRatchet, benchmark_data: Path, tmp_path: Path
) -> None:
    folder = benchmark_data / "humaneval"
    done = ratchet_cli(
        "score", folder / "example_problem.jsonl", "--samples", folder / "example_samples.jsonl",
        "--json", "--out", "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["pass_at"]["pass@1"]["mean"] == 0.5
    assert said["pass_at"]["pass@1"]["low"] is None
    assert said["left_out_k"] == [10, 100]
    statuses = [v["status"] for v in verdicts(tmp_path / "run")]
    assert statuses == ["failed", "timeout", "failed", "passed", "passed", "passed"]


@pytest.fixture(scope="module")
def canonical(benchmark_data: Path) -> list[dict[str, str]]:
    with gzip.open(benchmark_data / "humaneval" / "HumanEval.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.mark.parametrize("oracle", ["split", "in-process"])
def test_humanevals_solutions_all_pass_and_nothing_passes_not(
    ratchet_cli: RunRatchet, canonical: list[dict[str, str]], tmp_path: Path, oracle: str
) -> None:
    rows = []
    for problem in canonical:
        solution = problem["canonical_solution"]
        rows += [
            {"task_id": problem["task_id"], "completion": solution},
            {"task_id": problem["task_id"], "solution": problem["prompt"] + solution},
            {"task_id": problem["task_id"], "completion": ""},
        ]
    path = tmp_path / "s.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    done = ratchet_cli("score", "humaneval", "--samples", path, "--oracle", oracle, "--out", "run")
    assert done.returncode == 0, done.stderr
    seen = verdicts(tmp_path / "run")
    wrong = [v for v in seen if v["passed"] != (v["sample"] < 2)]
    assert not wrong, wrong[:3]
    assert len(seen) == 3 * 164
    assert all(v["oracle"] == oracle and v["tests_run"] > 0 for v in seen if v["passed"])
    assert ("can forge this" in done.stdout) == (oracle == "in-process")


def test_without_samples_the_benchmarks_own_solutions_are_judged(
    ratchet_cli: RunRatchet, problems: Path, tmp_path: Path
) -> None:
    done = ratchet_cli("score", problems, "--quiet")
    assert (done.returncode, done.stdout) == (2, "")
    assert "problems holds no solutions of its own; give --samples FILE" in done.stderr
    right = [problem | {"canonical_solution": f"    return x + {n}\n"} for n, problem in enumerate(PROBLEMS)]
    whole = write(tmp_path / "whole.jsonl", right)
    done = ratchet_cli("score", whole, "--out", "run", "--quiet")
    assert done.returncode == 0, done.stderr
    assert "1.000" in done.stdout
    assert "tests in a process of their own: 3 of 3 samples (100.0%)" in done.stdout
    said = json.loads((tmp_path / "run" / "score.json").read_text())
    assert said["settings"]["samples"] == "its own solutions"
    assert (said["oracles"]["split"], said["oracles"]["split_share"]) == (3, 1.0)
    assert ratchet_cli("score", whole, "--out", "run", "--resume").returncode == 0
    right[2]["canonical_solution"] = "    return 7\n"
    done = ratchet_cli("score", write(whole, right), "--quiet")
    assert "own solutions that do not pass: 1\n  t/2: failed: AssertionError" in done.stdout


def test_tests_that_cannot_be_split_are_named_and_the_score_given_without_them(
    ratchet_cli: RunRatchet, tmp_path: Path
) -> None:
    weak = PROBLEMS[1] | {"test": "def check(candidate):\n    assert candidate.__code__\n    candidate(1)\n"}
    path = write(tmp_path / "p.jsonl", [PROBLEMS[0], weak])
    rows = write(tmp_path / "s.jsonl", samples("    return x + 1\n")[:2])
    done = ratchet_cli("score", path, "--samples", rows, "--quiet")
    assert done.returncode == 0, done.stderr
    for piece in (
        "tests in a process of their own: 1 of 2 samples (50.0%)",
        "tests in the sample's process: 1 sample of 1 problem;",
        "pass@1 without those problems: 0.000",
        "t/1: it reads __code__ of the function",
    ):
        assert piece in done.stdout, done.stdout
    done = ratchet_cli("score", path, "--samples", rows, "--oracle", "split", "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["oracles"]["refused"] == {"t/1": "it reads __code__ of the function"}
    assert (said["problems"], said["oracles"]["refused_samples"]) == (1, 1)
    done = ratchet_cli("score", path, "--samples", rows, "--oracle", "split", "--quiet")
    assert (
        "not judged, as their tests cannot be kept apart (--oracle split): 1 sample of 1 problem"
        in done.stdout
    )


def test_hostile_samples_pass_none(ratchet_cli: RunRatchet, problems: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", samples(*HOSTILE))
    done = ratchet_cli("score", problems, "--samples", path, "--out", "run", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["passed"] == 0
    assert len(verdicts(tmp_path / "run")) == len(HOSTILE) * 3


GOOD = samples("    return x\n")


@pytest.mark.parametrize(
    ("rows", "options", "sentence"),
    [
        (["{", *GOOD], [], "s.jsonl:1: not JSON"),
        ([{"task_id": 1, "completion": ""}], [], 's.jsonl:1: the field "task_id" must be a string'),
        ([*GOOD, {"task_id": "u/1", "completion": ""}], [], "problems has no problem u/1; did you mean"),
        (
            GOOD[:1],
            [],
            "2 of 3 problems of problems have no sample (t/1, t/2); add samples, or give --partial",
        ),
        (GOOD, ["--k", "1,2"], "pass@2 needs 2 samples of every problem, but t/0 has 1"),
        (GOOD, ["--k", "0"], "from 1 up"),
        (GOOD, ["--k", "x"], "not a list of whole numbers"),
        (GOOD, ["--timeout", "0"], "the timeout must be a number of seconds above 0"),
        (GOOD, ["--timeout", "nan"], "the timeout must be a number of seconds above 0"),
        (GOOD, ["--memory", "0"], "the memory limit must be 1 MiB or more"),
        (GOOD, ["--jobs", "0"], "the number of jobs must be 1 or more"),
        (GOOD, ["--resume"], "name the Run"),
        (GOOD, ["--resume", "--out", "none"], "there is no Run at none"),
        (GOOD, ["--out", "full"], "exists and is not empty"),
        ([], [], "there are no samples"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(
    ratchet_cli: RunRatchet,
    problems: Path,
    tmp_path: Path,
    rows: list[Any],
    options: list[str],
    sentence: str,
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    path = write(tmp_path / "s.jsonl", rows)
    done = ratchet_cli("score", problems, "--samples", path, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "none").exists()


def test_files_that_cannot_be_read(ratchet_cli: RunRatchet, problems: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b'{"task_id": "t/0", "completion": ""}\n' * 99)[:-9])
    (tmp_path / "latin").write_bytes('{"task_id": "ü"}'.encode("latin-1"))
    for name, sentence in {
        "cut.gz": "cut.gz is a damaged or cut-off gzip file",
        "latin": "latin:1: byte 14 of the line is not UTF-8",
        "none": "there is no file none",
        ".": ". is a directory",
    }.items():
        done = ratchet_cli("score", problems, "--samples", name)
        assert (done.returncode, done.stdout) == (2, "")
        assert sentence in done.stderr
        assert done.stderr.count("\n") == 1
    for name, sentence in {"humanevil": "did you mean humaneval?", "none.jsonl": "there is no file"}.items():
        done = ratchet_cli("score", name, "--samples", "latin")
        assert done.returncode == 2
        assert sentence in done.stderr


def slow_samples(tmp_path: Path) -> tuple[Path, int]:
    """Samples of which each takes a while, half of them right."""
    rows = samples(*(f"    import time\n    time.sleep(0.1)\n    return x + {i % 2}\n" for i in range(16)))
    return write(tmp_path / "slow.jsonl", rows), len(rows)


def stripped(run: Path) -> list[dict[str, Any]]:
    measured = ("wall_s", "cpu_s", "peak_memory")
    return [{key: v for key, v in line.items() if key not in measured} for line in verdicts(run)]


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_and_judges_nothing_twice(
    ratchet_cli: RunRatchet, ratchet_command: Path, problems: Path, tmp_path: Path
) -> None:
    path, total = slow_samples(tmp_path)
    call = ["score", str(problems), "--samples", str(path), "--out", "run"]
    with subprocess.Popen([ratchet_command, *call], cwd=tmp_path, stderr=subprocess.PIPE) as process:
        time.sleep(2.0)
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "run" / "verdicts.jsonl").exists()
    done = ratchet_cli(*call)
    assert done.returncode == 2
    assert "exists and is not empty" in done.stderr
    done = ratchet_cli(*call, "--timeout", "9", "--resume")
    assert done.returncode == 2
    assert "begun with something else as the limits (--timeout, --memory)" in done.stderr
    done = ratchet_cli(*call, "--resume")
    assert done.returncode == 0, done.stderr
    (before,) = [line for line in done.stderr.splitlines() if "were judged before" in line]
    first = int(before.split()[0])
    assert 0 < first < total
    assert f"judging: {total - first}/{total - first} samples" in done.stderr
    assert ratchet_cli(*call[:-1], "whole").returncode == 0
    assert stripped(tmp_path / "run") == stripped(tmp_path / "whole")
    kept = (tmp_path / "run" / "verdicts.jsonl").read_bytes()
    assert ratchet_cli(*call, "--resume").returncode == 0
    assert (tmp_path / "run" / "verdicts.jsonl").read_bytes() == kept
    write(path, samples("    return x\n"))
    done = ratchet_cli(*call, "--resume")
    assert done.returncode == 2
    assert "begun with something else as the samples" in done.stderr


def test_an_interrupt_ends_it_at_once_and_says_how_to_go_on(
    ratchet_cli: RunRatchet, ratchet_command: Path, problems: Path, tmp_path: Path
) -> None:
    path = write(tmp_path / "s.jsonl", samples(*["    while True: pass\n"] * 6))
    call = ["score", str(problems), "--samples", str(path), "--timeout", "30", "--out", "run"]
    with subprocess.Popen(
        [ratchet_command, *call], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        time.sleep(2.0)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert time.monotonic() - begun < 5
    assert process.returncode == 130, said
    assert f"go on with: ratchet score {problems} --samples {path} --out run --resume --timeout 30.0" in said
    assert "Traceback" not in said


def test_it_works_in_a_notebook_without_files(tmp_path: Path) -> None:
    from ratchet.judge import score
    from ratchet.problems import Sample, load_benchmark

    benchmark = load_benchmark(write(tmp_path / "p.jsonl", PROBLEMS))
    given = [Sample(row["task_id"], 0, row["completion"]) for row in samples("    return x\n")]
    result = score(benchmark, iter(given), out=tmp_path / "run", quiet=True, jobs=1)
    assert result.pass_at[0].mean == pytest.approx(1 / 3)
    assert result.settings["samples"] is None


def test_help_has_examples(ratchet_cli: RunRatchet) -> None:
    done = ratchet_cli("score", "--help")
    assert done.returncode == 0
    assert "Examples:" in done.stdout
    assert "ratchet score humaneval --samples samples.jsonl" in done.stdout


def test_with_the_guard_lowered_it_judges_the_same(
    ratchet_cli: RunRatchet, problems: Path, tmp_path: Path
) -> None:
    path = write(tmp_path / "s.jsonl", samples("    return x\n", "    import os\n    os._exit(0)\n"))
    done = ratchet_cli("score", problems, "--samples", path, "--walls", "process", "--out", "run", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["counts"]["passed"], said["settings"]["walls"]) == (1, "process")
