# ruff: noqa: E501 - programs in few lines read better
"""What `judge` says of programs in other languages than Python that set out to pass: never "passed".

The programs are those of `tests/sandbox/attacks/languages`, each a function f that
shall return x and 31 x + 7, and has its test in the manner of HumanEval-X or MultiPL-E.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.judge import Verdict, judge, score
from ratchet.problems import Benchmark, NativeOracle, Problem, Sample
from ratchet.sandbox import Limits, LocalSandbox
from ratchet.sandbox.languages import Missing, toolchain
from tests.sandbox.attack_files import LANGUAGES, Attack, read_attacks

ATTACKS = read_attacks(LANGUAGES)
USUAL_S = 10.0

CPP = NativeOracle(
    "f",
    "#include <vector>\nusing namespace std;\nvector<int> f(int x){\n",
    "#undef NDEBUG\n#include<assert.h>\nint main(){\n"
    "    assert (f(0) == vector<int>({0, 7}));\n    assert (f(1) == vector<int>({1, 38}));\n"
    "    assert (f(1000) == vector<int>({1000, 31007}));\n}\n",
)
JAVASCRIPT = NativeOracle(
    "f",
    "const f = (x) => {\n",
    "const testF = () => {\n  console.assert(JSON.stringify(f(0)) === JSON.stringify([0, 7]))\n"
    "  console.assert(JSON.stringify(f(1)) === JSON.stringify([1, 38]))\n"
    "  console.assert(JSON.stringify(f(1000)) === JSON.stringify([1000, 31007]))\n}\ntestF()\n",
)
JAVA = NativeOracle(
    "f",
    "import java.util.*;\nimport java.lang.*;\n\nclass Solution {\n    public List<Integer> f(int x) {\n",
    "public class Main {\n    public static void main(String[] args) {\n        Solution s = new Solution();\n"
    "        List<Boolean> correct = Arrays.asList(\n                s.f(0).equals(Arrays.asList(0, 7)),\n"
    "                s.f(1).equals(Arrays.asList(1, 38)),\n"
    "                s.f(1000).equals(Arrays.asList(1000, 31007))\n        );\n"
    "        if (correct.contains(false)) {\n            throw new AssertionError();\n        }\n    }\n}\n",
)
RUST = NativeOracle(
    "f",
    "fn f(x: i64) -> Vec<i64> {\n",
    "#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn test_f() {\n"
    "        assert_eq!(f(0), vec![0, 7]);\n        assert_eq!(f(1), vec![1, 38]);\n"
    "        assert_eq!(f(1000), vec![1000, 31007]);\n    }\n}\n",
)
GO = NativeOracle(
    "f",
    "package main\n\nfunc f(x int) []int {\n",
    'package main\n\nimport (\n    "testing"\n    "github.com/stretchr/testify/assert"\n)\n\n'
    "func TestF(t *testing.T) {\n    assert := assert.New(t)\n    assert.Equal([]int{0, 7}, f(0))\n"
    "    assert.Equal([]int{1, 38}, f(1))\n    assert.Equal([]int{1000, 31007}, f(1000))\n}\n",
)
BASH = NativeOracle(
    "f",
    "#!/bin/bash\nf() {\n",
    'candidate() {\n    f "$@"\n}\n\nset -e\nrun_test() {\n    [[ $(candidate "0") = "0 7" ]]\n'
    '    [[ $(candidate "1") = "1 38" ]]\n    [[ $(candidate "1000") = "1000 31007" ]]\n}\n\nrun_test\n',
)
PHP = NativeOracle(
    "f",
    "<?php\nfunction f($x) {\n",
    "function candidate(...$args) {\n    return f(...$args);\n}\n\nfunction test(): void {\n"
    '    if (candidate(0) !== [0, 7]) { throw new Exception("Test failed!"); }\n'
    '    if (candidate(1) !== [1, 38]) { throw new Exception("Test failed!"); }\n'
    '    if (candidate(1000) !== [1000, 31007]) { throw new Exception("Test failed!"); }\n}\n\ntest();\n',
)
ORACLES = {
    "bash": BASH, "cpp": CPP, "go": GO, "java": JAVA, "javascript": JAVASCRIPT, "php": PHP, "rust": RUST,
}  # fmt: skip
RIGHT = {
    "bash": '    echo "noise" >&2\n    echo "$1 $(($1 * 31 + 7))"\n}\n',
    "cpp": "    return {x, x * 31 + 7};\n}\n",
    "go": "\treturn []int{x, x*31 + 7}\n}\n",
    "java": "        return Arrays.asList(x, x * 31 + 7);\n    }\n}\n",
    "javascript": "  console.log('noise')\n  return [x, x * 31 + 7]\n}\n",
    "php": '    echo "noise";\n    return [$x, $x * 31 + 7];\n}\n',
    "rust": '    println!("noise");\n    vec![x, x * 31 + 7]\n}\n',
}
SLOW = pytest.mark.slow
QUICK = ("bash", "php")
EACH = [name if name in QUICK else pytest.param(name, marks=SLOW) for name in ORACLES]


@pytest.fixture(scope="module")
def slots() -> Iterator[LocalSandbox]:
    """More slots than cores: many attacks only wait for their time to run out."""
    with LocalSandbox(slots=3) as sandbox:
        yield sandbox


def problem(language: str) -> Problem:
    oracle = ORACLES[language]
    return Problem(language, oracle.declaration, oracle, language=language)


def skip_without(language: str) -> None:
    try:
        toolchain(language)
    except Missing as missing:
        pytest.skip(str(missing))


def verdict(sandbox: LocalSandbox, language: str, source: str, seconds: float) -> Verdict:
    limits = Limits(seconds, memory_bytes=1 << 30, disk_bytes=16 << 20)
    text = f"package main\n\n{source}" if language == "go" else source
    sample = Sample(language, 0, text, standalone=True)
    return judge(problem(language), sample, sandbox, limits, oracle="auto")


@pytest.mark.parametrize("language", EACH)
def test_what_is_right_passes_split(slots: LocalSandbox, language: str) -> None:
    skip_without(language)
    sample = Sample(language, 0, RIGHT[language])
    seen = judge(problem(language), sample, slots, Limits(30.0, memory_bytes=1 << 30))
    assert (seen.status, seen.oracle, seen.tests_run) == ("passed", "split", 3), seen


@pytest.mark.slow
@pytest.mark.parametrize("language", EACH)
def test_no_attack_passes_and_each_is_told_as_what_it_was(slots: LocalSandbox, language: str) -> None:
    skip_without(language)

    def complaint(attack: Attack) -> str:
        seconds = attack.seconds if "timeout" in attack.expect else USUAL_S
        seen = verdict(slots, language, attack.source, seconds)
        if seen.status == "timeout" and "timeout" not in attack.expect:
            seen = verdict(slots, language, attack.source, 8 * seconds)
        wrong = seen.passed or seen.status not in attack.expect or not seen.detail or seen.oracle != "split"
        unclear = seen.status == "tampered" and attack.evidence not in seen.detail
        return f"{attack.name}: {seen.status} ({seen.oracle}): {seen.detail}" if wrong or unclear else ""

    with ThreadPoolExecutor(slots.slots) as pool:
        found = list(filter(None, pool.map(complaint, ATTACKS[language])))
    assert not found, "\n".join(found)


PRINTS_E = "f() { echo e; }\n"
UNSAFE = {
    "arithmetic": ("e=4\n[[ $(f 2) -eq $e ]] || exit 1\n", PRINTS_E),
    "arithmetic in a text": ('e=4\n[[ "$(( $(f 2) ))" = 4 ]] || exit 1\n', PRINTS_E),
    "operators": ("[ $(f 2) = 4 ] || exit 1\n", "f() { echo 'a = a -o z'; }\n"),
    "operators of test": ("test `f 2` = 4 || exit 1\n", "f() { echo 'a = a -o z'; }\n"),
    "a pattern": ("[[ 4 == $(f 2) ]] || exit 1\n", "f() { echo '*'; }\n"),
    "a command": ("if $(f 2); then exit 0; fi\nexit 1\n", "f() { echo true; }\n"),
}
"""Tests in which an answer is more than compared, and what passes them: such a test is not split."""


def weak(name: str) -> tuple[Problem, Sample]:
    test, source = UNSAFE[name]
    problem = Problem(name, "", NativeOracle("f", "f() {\n", test), language="bash")
    return problem, Sample(name, 0, source, standalone=True)


@pytest.mark.parametrize("name", UNSAFE)
def test_an_answer_takes_no_part_in_the_verdict(slots: LocalSandbox, name: str) -> None:
    problem, sample = weak(name)
    with pytest.raises(RatchetError, match=rf"tests of {name} cannot be kept apart from the program \(it "):
        judge(problem, sample, slots, Limits(10.0))
    seen = judge(problem, sample, slots, Limits(10.0), oracle="auto")
    assert (seen.oracle, seen.together[:3]) == ("in-process", "it ")


@pytest.mark.slow
def test_a_score_tells_what_turned_out_to_be_weak(tmp_path: Path) -> None:
    apart = problem("bash")
    together, sample = weak("operators")
    benchmark = Benchmark("two", (apart, together), Limits(10.0), "MIT", "here")
    samples = [Sample("bash", 0, RIGHT["bash"]), sample, Sample("bash", 1, "    echo\n}\n"), sample]
    auto = score(benchmark, samples, out=tmp_path / "auto", quiet=True)
    reason = "it has answers without quotes where they can be operators"
    assert auto.oracles.in_process == {"operators": reason}
    assert (auto.oracles.split, auto.oracles.in_process_samples) == (2, 2)
    again = score(benchmark, samples, out=tmp_path / "auto", resume=True, quiet=True)
    assert again.as_dict() == auto.as_dict()
    strict = score(benchmark, samples, out=tmp_path / "split", oracle="split", quiet=True)
    assert (strict.problems, strict.oracles.refused_samples) == (1, 2)
    assert strict.oracles.refused == {"operators": reason}
    assert (strict.pass_at[0].mean, strict.oracles.split_share) == (0.5, 1.0)
    lines = (tmp_path / "split" / "verdicts.jsonl").read_text().splitlines()
    assert [json.loads(line)["task_id"] for line in lines] == ["bash", "bash"]
    only = Benchmark("one", (together,), Limits(10.0), "MIT", "here")
    with pytest.raises(RatchetError, match="no test of one can be kept apart"):
        score(only, [sample], oracle="split", out=tmp_path / "none", quiet=True)


@pytest.mark.parametrize("language", EACH)
def test_in_one_process_right_and_wrong_are_told_too(slots: LocalSandbox, language: str) -> None:
    skip_without(language)
    asked = problem(language)
    for body, status in ((RIGHT[language], "passed"), (RIGHT[language].replace("7", "8"), "failed")):
        sample = Sample(language, 0, body)
        seen = judge(asked, sample, slots, Limits(30.0, memory_bytes=1 << 30), oracle="in-process")
        assert (seen.status, seen.oracle, seen.together) == (status, "in-process", ""), seen
        assert bool(seen.detail) == (status == "failed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "source", "said"),
    [
        (
            "cpp",
            "#include <vector>\nstd::vector<int> f(int x) { return nothing; }",
            "error: .nothing. was not",
        ),
        ("java", "class Solution { public int f(int x) { return y; } }", "error: cannot find symbol"),
        ("rust", "fn f(x: i64) -> Vec<i64> { y }", r"error\[E0425\]: cannot find value `y`"),
        ("go", "func f(x int) []int { return y }", "undefined: y"),
    ],
)
def test_what_does_not_compile_is_told_with_the_first_error(
    slots: LocalSandbox, language: str, source: str, said: str
) -> None:
    skip_without(language)
    seen = verdict(slots, language, source, USUAL_S)
    assert (seen.status, seen.oracle) == ("invalid", "split"), seen
    assert re.search(said, seen.detail), seen.detail


def test_a_language_that_is_not_there_stops_before_any_work(tmp_path: Path) -> None:
    try:
        toolchain("swift")
    except Missing:
        pass
    else:
        pytest.skip("Swift is here")
    asked = Problem("s", "func f() {\n", NativeOracle("f", "func f() {\n", ""), language="swift")
    benchmark = Benchmark("swift", (asked,), Limits(), "MIT", "here")
    with pytest.raises(RatchetError, match=r"Swift is not available here: .*apt install"):
        score(benchmark, [Sample("s", 0, "}")], out=tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()
    with LocalSandbox(slots=1) as sandbox, pytest.raises(RatchetError, match="Swift is not available here"):
        judge(asked, Sample("s", 0, "}"), sandbox, Limits(), oracle="auto")
