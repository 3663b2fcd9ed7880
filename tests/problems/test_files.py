"""Files that other people wrote: each thing wrong has one sentence with its place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ratchet.errors import RatchetError
from ratchet.problems import CheckOracle, load_benchmark, read_samples

PROBLEM = {
    "task_id": "t/0",
    "prompt": "def f():\n",
    "entry_point": "f",
    "test": "def check(candidate):\n    assert candidate() == 1\n",
}


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def samples_of(path: Path) -> list[tuple[str, int, str, bool]]:
    return [(s.problem_id, s.index, s.completion, s.standalone) for s in read_samples(path)]


def test_samples_are_counted_per_problem_in_both_formats(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "s.jsonl",
        {"task_id": "a", "completion": "x", "temperature": 0.2},
        {"task_id": "b", "solution": "y"},
        "",
        {"task_id": "a", "completion": "old", "solution": "z"},
    )
    assert samples_of(path) == [("a", 0, "x", False), ("b", 0, "y", True), ("a", 1, "z", True)]


def test_gzip_is_recognised_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(gzip.compress(b'{"task_id": "a", "completion": "x"}\n'))
    assert samples_of(path) == [("a", 0, "x", False)]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"task_id": "a", "completion": "x"}\r\n\r\n')
    assert samples_of(path) == [("a", 0, "x", False)]


def test_samples_are_streamed(tmp_path: Path) -> None:
    path = lines(tmp_path / "s.jsonl", {"task_id": "a", "completion": "x"}, "not json")
    stream = read_samples(path)
    assert next(stream).problem_id == "a"
    with pytest.raises(RatchetError, match=r"s\.jsonl:2: not JSON"):
        next(stream)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("{oops", r"s\.jsonl:2: not JSON \(.*column 2\)"),
        ("[1, 2]", r":2: each line must be a JSON object, not an array"),
        ("7", r":2: .* not a number"),
        ({"completion": "x"}, r':2: the field "task_id" is missing \(the line has completion\)'),
        ({"task_id": 3, "completion": "x"}, r':2: the field "task_id" must be a string, not a number'),
        ({"task_id": "a", "completion": None}, r':2: the field "completion" must be a string, not null'),
        ({"task_id": "a", "solution": ["x"]}, r':2: the field "solution" must be a string, not an array'),
        ({"task_id": "a", "text": "x"}, r':2: a sample needs "completion" or "solution" \(.*task_id, text\)'),
        ("1" * 5000, r":2: not usable JSON"),
        ("[" * 100_000, r":2: the JSON is nested too deeply"),
    ],
)
def test_a_bad_sample_is_named_by_file_and_line(tmp_path: Path, row: Any, sentence: str) -> None:
    path = lines(tmp_path / "s.jsonl", {"task_id": "a", "completion": "x"}, row)
    with pytest.raises(RatchetError, match=sentence):
        samples_of(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match="there is no file"):
        samples_of(tmp_path / "none.jsonl")
    with pytest.raises(RatchetError, match="is a directory"):
        samples_of(tmp_path)
    packed = gzip.compress(b'{"task_id": "a", "completion": "x"}\n' * 1000)
    for name, content in {"cut": packed[:-20], "bad": packed[:30] + b"\0" * 40}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RatchetError, match="damaged or cut-off gzip"):
            samples_of(tmp_path / name)
    (tmp_path / "latin").write_bytes('{"task_id": "ä"}\n'.encode("latin-1"))
    with pytest.raises(RatchetError, match=r"latin:1: byte 14 of the line is not UTF-8"):
        samples_of(tmp_path / "latin")


def test_problems_in_humanevals_format(tmp_path: Path) -> None:
    path = lines(tmp_path / "mine.jsonl", PROBLEM | {"canonical_solution": "    return 1"})
    benchmark = load_benchmark(path)
    (problem,) = benchmark.problems
    assert (benchmark.name, benchmark.default_limits.wall_s) == ("mine", 3.0)
    assert (problem.id, problem.language, problem.reference) == ("t/0", "python", "    return 1")
    assert problem.oracle == CheckOracle("f", PROBLEM["test"], preamble=PROBLEM["prompt"])
    assert load_benchmark(str(path)) == benchmark


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (PROBLEM, r':2: the task_id "t/0" has occurred before'),
        (PROBLEM | {"task_id": ""}, r':2: the field "task_id" must be a text'),
        ('{"task_id": "\\ud800", "prompt": "", "test": "", "entry_point": ""}', r':2: the field "task_id"'),
        (PROBLEM | {"task_id": "u", "prompt": 1}, r':2: the field "prompt" must be a string, not a number'),
        (PROBLEM | {"task_id": "u", "entry_point": "a b"}, r':2: the field "entry_point" must be the name'),
        (PROBLEM | {"task_id": "u", "entry_point": "def"}, r':2: the field "entry_point" must be the name'),
        (PROBLEM | {"task_id": "u", "test": "assert f()"}, r':2: the field "test" does not define check'),
        (PROBLEM | {"task_id": "u", "language": 3}, r':2: the field "language" must be a string'),
        (PROBLEM | {"task_id": "u", "canonical_solution": []}, r':2: the field "canonical_solution" must'),
    ],
)
def test_a_bad_problem_is_named_by_file_and_line(tmp_path: Path, row: Any, sentence: str) -> None:
    path = lines(tmp_path / "p.jsonl", PROBLEM, row)
    with pytest.raises(RatchetError, match=sentence):
        load_benchmark(path)


def test_a_file_without_problems(tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match="holds no problems"):
        load_benchmark(lines(tmp_path / "p.jsonl", ""))
