# ruff: noqa: E501 - programs in few lines read better
"""What `judge` says of programs in other languages than Python that set out to pass: never "passed".

The programs are those of `tests/sandbox/attacks/languages`, each a function f that
shall return x and 31 x + 7, and has its test in the manner of HumanEval-X or MultiPL-E.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ratchet.judge import Verdict, judge
from ratchet.problems import NativeOracle, Problem, Sample
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
