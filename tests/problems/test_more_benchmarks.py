"""Benchmarks in formats of their own: what is read out of them, and what is refused."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.problems import benchmark_names, load_benchmark
from ratchet.problems.benchmarks.livecodebench import pickled_text
from ratchet.problems.surroundings import why_shared
from ratchet.problems.types import ContextOracle, EachCallOracle, PredictionOracle, StdioOracle
from tests.problems.published_records import bigcodebench, ds1000, livecodebench, packed, write


def test_a_file_in_a_format_of_its_own_is_named_after_its_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path))
    monkeypatch.delenv("RATCHET_DATA", raising=False)
    rows = [row for row, _ in ds1000()]
    named = load_benchmark(f"ds1000:{write(tmp_path / 'mine.jsonl', rows)}")
    assert (named.name, len(named.problems)) == ("ds1000", len(rows))
    with pytest.raises(
        RatchetError, match=r"get it from https://github.com/xlang-ai.*name it, as in ds1000:PATH"
    ):
        load_benchmark("ds1000")
    there = tmp_path / "data" / "ds1000"
    there.mkdir(parents=True)
    write(there / "ds1000.jsonl.gz", rows)
    assert load_benchmark("ds1000").digest() == named.digest()
    with pytest.raises(RatchetError, match="there is no file"):
        load_benchmark(f"livecodebench:{tmp_path}/none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    for name in ("ds1000", "livecodebench", "bigcodebench", "bigcodebench-instruct"):
        assert name in benchmark_names()
        with pytest.raises(RatchetError, match="holds no problems"):
            load_benchmark(f"{name}:{tmp_path}/empty.jsonl")


def test_ds1000_says_what_is_read_and_what_cannot_be_kept_apart(tmp_path: Path) -> None:
    rows = [row for row, _ in ds1000()]
    problems = load_benchmark(f"ds1000:{write(tmp_path / 'd.jsonl', rows)}").problems
    oracles = [problem.oracle for problem in problems]
    assert all(isinstance(oracle, ContextOracle) for oracle in oracles)
    assert [oracle.outputs for oracle in oracles] == [("result",)] * 7 + [()]
    assert [oracle.together for oracle in oracles] == [""] * 7 + ["it looks at figures"]
    assert problems[3].packages == ("numpy==1.26.4", "pandas==1.5.3")
    assert problems[3].labels == {"library": "Pandas", "perturbation": "Origin"}
    gap = problems[4]
    assert (gap.prompt, gap.suffix.startswith("\n</code>")) == ("Fill.\n<code>\n", True)
    assert not any(problem.prompt_in_program for problem in problems)
    with pytest.raises(RatchetError, match=r"d.jsonl:1.*does not define test_execution"):
        load_benchmark(f"ds1000:{write(tmp_path / 'd.jsonl', [rows[0] | {'code_context': 'x = 1'}])}")
    asks = rows[0]["code_context"].replace("np.arange(9.0)", 'sns.load_dataset("penguins")')
    loaded = load_benchmark(
        f"ds1000:{write(tmp_path / 'd.jsonl', [rows[0] | {'code_context': asks}, rows[1]])}"
    )
    assert loaded.broken == {"ds1000/0": "its test downloads data, and there is no network"}
    whole = rows[0]["code_context"].replace('exec_test(test_env["result"]', "exec_test(test_env")
    changed = load_benchmark(f"ds1000:{write(tmp_path / 'd.jsonl', [rows[0] | {'code_context': whole}])}")
    assert changed.problems[0].oracle.together == "it looks at more than the variables of the program"


def test_livecodebench_is_read_in_both_forms_of_its_tests(tmp_path: Path) -> None:
    stdin, method = load_benchmark(f"livecodebench:{write(tmp_path / 'l.jsonl', livecodebench())}").problems
    assert stdin.oracle == StdioOracle((("3 4\n", "7\n0.5"), ("10 -3\n", "7\n1.5")))
    assert isinstance(method.oracle, EachCallOracle)
    assert [(case.args, case.expected) for case in method.oracle.cases] == [
        (([1, 2, 3], 2), [2, 4, 6]),
        (([], 7), []),
        (([5], 0), [0]),
    ]
    assert "def scale(self" in method.prompt
    plain = [
        row | {name: json.loads(row[name]) for name in ("public_test_cases", "metadata")}
        for row in livecodebench()
    ]
    again = load_benchmark(f"livecodebench:{write(tmp_path / 'l.jsonl', plain)}")
    assert again.problems == (stdin, method)
    assert "Read the inputs from stdin" in stdin.prompt
    assert stdin.labels == {"difficulty": "easy", "platform": "atcoder", "month": "2024-03"}


class Touch:
    """Unpickled it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_text_is_read_without_unpickling(tmp_path: Path, protocol: int) -> None:
    for text in ("[]", "é" * 300, "x" * 70_000, "\U0001f600\n"):
        assert pickled_text(pickle.dumps(text, protocol), "it") == text
    for other in (Touch(tmp_path / "made"), ["[]"], {"a": 1}, 3, None, b"[]"):
        with pytest.raises(RatchetError, match="something else than a text"):
            pickled_text(pickle.dumps(other, protocol), "it")
    assert not (tmp_path / "made").exists()
    with pytest.raises(RatchetError, match="damaged pickle"):
        pickled_text(pickle.dumps("x" * 300, protocol)[:-5], "it")


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("!!", "neither JSON nor zlib"),
        (base64.b64encode(b"abc").decode(), "neither JSON nor zlib"),
        (base64.b64encode(zlib.compress(b"junk")).decode(), "pickle"),
        (packed([{"input": "1"}]), 'needs the texts "input" and "output"'),
        ("[1]", 'needs the texts "input" and "output"'),
        ("[", "not JSON"),
    ],
)
def test_damaged_tests_are_refused_with_their_place(tmp_path: Path, tests: str, said: str) -> None:
    row = livecodebench()[0] | {"private_test_cases": tests}
    with pytest.raises(RatchetError, match=rf"l.jsonl:1.*private_test_cases.*{said}"):
        load_benchmark(f"livecodebench:{write(tmp_path / 'l.jsonl', [row])}")


def test_bigcodebench_is_there_as_a_beginning_and_in_words(tmp_path: Path) -> None:
    rows = [row for row, _ in bigcodebench()]
    file = write(tmp_path / "b.jsonl", rows)
    complete = load_benchmark(f"bigcodebench:{file}").problems
    words = load_benchmark(f"bigcodebench-instruct:{file}").problems
    assert [problem.prompt for problem in complete] == [row["complete_prompt"] for row in rows]
    assert [problem.prompt for problem in words] == [row["instruct_prompt"] for row in rows]
    assert [bool(problem.oracle.together) for problem in complete] == [False, False, True, True]
    assert complete[1].packages == ("numpy==1.23.5", "pandas==2.0.3")
    assert (complete[0].prompt_in_program, words[0].prompt_in_program) == (True, False)
    with pytest.raises(RatchetError, match="class TestCases"):
        load_benchmark(f"bigcodebench:{write(tmp_path / 'c.jsonl', [rows[0] | {'test': 'pass'}])}")


@pytest.mark.parametrize(
    ("test", "why"),
    [
        ("assert f([1]) == [1]", ""),
        ("import math\nassert math.isclose(f(1), 2)", ""),
        ("import os\nassert f('a') == os.path.join('a', 'b')", ""),
        ("open('a', 'w').write('x')\nassert f('a') == 'x'", "it shares files with the function (open)"),
        (
            "import os\nf('a')\nassert os.path.exists('a')",
            "it shares files with the function (os.path.exists)",
        ),
        ("import sys, io\nsys.stdout = io.StringIO()\nf()", "it shares the output of the process"),
        ("import random\nrandom.seed(1)\nassert f() == 17", "it shares the state of the random numbers"),
        ("import numpy as np\nnp.random.seed(1)\nassert f()", "it shares the state of the random numbers"),
        ("from unittest.mock import Mock\nimport m\nm.g = Mock()\nf()", "it replaces with Mock"),
        ("import bs4\nassert f(bs4.BeautifulSoup('')) is None", "it works with objects of bs4"),
        ("assert 'gen' in str(type(f()))", "it looks at the class of what comes back"),
        ("import inspect\nassert inspect.getsource(f)", "it looks into the function with inspect.getsource"),
        ("assert f(", ""),
    ],
)
def test_what_a_test_shares_with_its_function(test: str, why: str) -> None:
    found = why_shared(test, "f")
    assert found.startswith(why)
    assert bool(found) is bool(why)


@pytest.mark.slow
def test_benchmarks_of_the_data_directory_are_whole(
    benchmark_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path))
    sizes = {
        "odex": 439,
        "cruxeval:input": 800,
        "cruxeval:output": 800,
        "humaneval-infilling:single-line": 1033,
        "humaneval-infilling:random-span": 1640,
        "humaneval-infilling:random-span-light": 164,
    }
    loaded = {name: load_benchmark(name) for name in sizes}
    assert {name: len({p.id for p in found.problems}) for name, found in loaded.items()} == sizes
    assert {found.name for found in loaded.values()} == set(sizes)
    odex = {problem.id: problem for problem in loaded["odex"].problems}
    assert set(loaded["odex"].broken) | set(loaded["odex"].exceptions) < set(odex)
    asked = odex["odex/3283984"]
    head = 'def f_3283984():\n    """decode a hex string \'4a4b4c\' to UTF-8.\n    """\n    return '
    assert (asked.prompt, asked.packages, asked.labels) == (head, (), {"library": "none"})
    gaps = loaded["humaneval-infilling:single-line"].problems
    assert all(problem.suffix == problem.closing for problem in gaps)
    assert sum(problem.suffix == "" for problem in gaps) == 156
    crux = loaded["cruxeval:output"].problems[0]
    assert isinstance(crux.oracle, PredictionOracle)
    assert crux.prompt.endswith("assert f([1, 1, 3, 1, 3, 1]) == ??\n[/PYTHON]\n[ANSWER]\n")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mbpp", "mbpp-sanitized", "mbpp+"])
def test_mbpp_is_put_in_two_styles(
    benchmark_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path))
    plain, shot = load_benchmark(name), load_benchmark(f"{name}:3-shot")
    assert (plain.name, shot.name) == (name, f"{name}:3-shot")
    for one, other in zip(plain.problems, shot.problems, strict=True):
        assert (one.id, one.oracle, one.reference) == (other.id, other.oracle, other.reference)
    problem = shot.problems[-1]
    blocks = problem.prompt.split("You are an expert Python programmer, and here is your task: ")
    assert [block.endswith("\n[DONE]\n\n") for block in blocks] == [False, True, True, True, False]
    assert problem.prompt.endswith("\n[BEGIN]\n")
    assert (problem.stop, problem.prompt_in_program) == (("[DONE]",), False)
    assert "\r" not in problem.prompt
    solved = ["def similar_elements(", "def is_not_prime(", "def heap_queue_largest("]
    if name == "mbpp":  # the other two have mended solutions of the same tasks
        assert all(text in block for text, block in zip(solved, blocks[1:], strict=False))
