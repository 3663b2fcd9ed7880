"""Benchmarks in several languages: found by name and language, and how a program is put together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.problems import NativeOracle, benchmark_names, load_benchmark
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.heads import head_of, name_in


def test_a_family_of_benchmarks_is_found_by_name_and_choice() -> None:
    names = benchmark_names()
    assert {"humaneval-x:cpp", "humaneval-x:rust", "multipl-e:mbpp-java", "multipl-e:sh"} <= set(names)
    assert "humaneval-x" not in names
    for name in ("humaneval-x", "humaneval-x:", "humaneval-x:kotlin", "humaneval-x:cpp:17"):
        with pytest.raises(RatchetError) as told:
            load_benchmark(name)
        assert str(told.value) == (
            "humaneval-x is there for each of cpp, go, java, js, python, rust: "
            "name one, as in humaneval-x:cpp."
        )
    with pytest.raises(RatchetError, match="did you mean humaneval-x:cpp"):
        load_benchmark("humanevalx:cpp")
    with pytest.raises(RatchetError, match='called "humaneval:cpp"'):
        load_benchmark("humaneval:cpp")


def test_another_package_adds_a_family_by_an_entry_point(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text(
        "from ratchet.problems import Benchmark, CallOracle, Case, Problem\n"
        "from ratchet.sandbox.types import Limits\n"
        "def load(choice):\n"
        "    problem = Problem(f'o/{choice}', 'def f(x):\\n', CallOracle('f', (Case((1,), 2),)))\n"
        "    return Benchmark('outside', (problem,), Limits(), 'MIT', 'here')\n"
    )
    info = tmp_path / "outside-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ratchet.benchmarks]\noutside = outside:load\n")
    code = "from ratchet.problems import load_benchmark\nprint(load_benchmark('outside:any').problems[0].id)"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("o/any", "")


def test_a_file_that_was_made_from_a_published_one_is_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RATCHET_DATA", raising=False)
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path))
    file = DataFile("made/file.jsonl", "http://127.0.0.1:9/file.jsonl", "0" * 64, "one field left out")
    with pytest.raises(RatchetError) as told:
        find_data(file)
    assert str(told.value) == (
        "made/file.jsonl is not on this machine and cannot be fetched: it is http://127.0.0.1:9/file.jsonl "
        f"with one field left out; put it at {tmp_path}/data/made/file.jsonl, or set RATCHET_DATA to a "
        "directory that holds it."
    )


@pytest.mark.parametrize(
    ("language", "declaration", "name"),
    [
        ("cpp", "int g(int a){ return f(a); }\nvector<int> f(vector<pair<int,int>> a, int n=int(3)){\n", "f"),
        ("cpp", "std::function<int(int)> f(std::function<int(int)> g) {\n", "f"),
        ("cpp", "struct S { int g() { return 1; } };\nbool f() {", "f"),
        ("java", "class Solution {\n    public int g(int x) { return x; }\n    public int f(int x) {\n", "f"),
        ("java", "class S {\n public String f(String s) throws java.io.IOException {\n", "f"),
        ("csharp", "class Problem {\n    public static long F(List<long> a) {\n", "F"),
        ("go", "func g(x int) int { return x }\nfunc f(x func(int) int) (int, error) {\n", "f"),
        ("rust", "fn g() {}\npub fn f<T: Ord>(x: &[T]) -> Option<&T> {\n", "f"),
        ("javascript", "const g = 1\nconst f = (x, y = {a: 1}) => {\n", "f"),
        ("javascript", "function f(x){\n", "f"),
        ("typescript", "function f<T>(x: T[]): {[key: string]: T} {\n", "f"),
        ("php", "<?php\nfunction f($x) {\n", "f"),
        ("bash", "#!/bin/bash\n# $1 is g() {\nf() {\n", "f"),
        ("swift", "func f(x: Int) -> [Int : Int] {\n", "f"),
    ],
)
def test_the_name_of_the_function_that_is_to_be_written(language: str, declaration: str, name: str) -> None:
    assert name_in(declaration, language) == name
    with pytest.raises(RatchetError, match=f"no function of {language} begins in 'x = 1'"):
        name_in("x = 1", language)


@pytest.mark.parametrize(
    "comment", ["", "/* it\n{ does */\n", "// it does\n", "  # it does {\n", "/* a */\n// b\n"]
)
def test_a_declaration_ends_with_the_brace_of_the_function(comment: str) -> None:
    assert head_of(f"// before {{\nint f(int x) {{\n    {comment}") == "// before {\nint f(int x) {\n"
    with pytest.raises(RatchetError, match="does not end within a function"):
        head_of("int f(int x)\n")


def test_humaneval_x_is_whole(benchmark_data: Path) -> None:
    for choice in ("cpp", "go", "java", "js", "python", "rust"):
        benchmark = load_benchmark(f"humaneval-x:{choice}")
        assert (benchmark.name, benchmark.licence) == (f"humaneval-x:{choice}", "Apache-2.0")
        assert len({problem.id for problem in benchmark.problems}) == 164
        for problem in benchmark.problems:
            assert problem.reference
            assert problem.oracle.entry_point in problem.prompt
            if isinstance(problem.oracle, NativeOracle):
                assert problem.oracle.declaration.endswith("{\n")
        assert set(benchmark.exceptions) <= {problem.id for problem in benchmark.problems}


SIZES = {
    "humaneval": {
        "cpp": 161, "cs": 158, "go": 154, "java": 158, "js": 161,
        "php": 161, "rs": 156, "sh": 158, "swift": 158, "ts": 159,
    },
    "mbpp": {"cpp": 397, "go": 374, "java": 386, "js": 397, "rs": 354},
}  # fmt: skip


@pytest.mark.parametrize("source", SIZES)
def test_multipl_e_is_whole_and_its_tests_stand_by_themselves(benchmark_data: Path, source: str) -> None:
    for choice, size in SIZES[source].items():
        benchmark = load_benchmark(f"multipl-e:{source}-{choice}")
        assert len({problem.id for problem in benchmark.problems}) == size
        assert "not to be used as training data" in benchmark.licence
        for problem in benchmark.problems:
            assert isinstance(problem.oracle, NativeOracle)
            assert problem.stop
            assert problem.oracle.declaration.endswith("{\n")
            assert bool(problem.closing) == (problem.stop[0] in ("\n}", "\n    }\n"))
            assert not problem.oracle.test.lstrip().startswith("}")
            whole = problem.prompt + problem.closing
            assert choice == "sh" or whole.count("{") - whole.count("}") == (not problem.closing), problem.id
    assert load_benchmark("multipl-e:sh").name == "multipl-e:humaneval-sh"
