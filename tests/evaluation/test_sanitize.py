# ruff: noqa: E501  (rows of tables)
"""Replies of chat models become programs, and the programs are run."""

from __future__ import annotations

import ast
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ratchet.evaluation.sanitize import program_of
from ratchet.judge.judging import judge_many
from ratchet.problems import CheckOracle, NativeOracle, Problem, Sample, load_benchmark
from ratchet.problems.types import PredictionOracle, StdioOracle
from ratchet.sandbox import LocalSandbox
from ratchet.sandbox.types import Limits
from tests.evaluation.messy_replies import ADD, FACT, PROBLEMS, REPLIES, TOTAL, WRONG

LIMITS = Limits(wall_s=5)


def passed(answers: list[tuple[Problem, str, bool]]) -> list[bool]:
    pairs = [(p, Sample(p.id, i, text, standalone)) for i, (p, text, standalone) in enumerate(answers)]
    with LocalSandbox() as sandbox:
        verdicts = dict(judge_many(iter(pairs), sandbox, LIMITS))
    return [verdicts[i].passed for i in range(len(pairs))]


@pytest.mark.slow
def test_every_messy_reply_is_a_program_that_passes_and_no_wrong_one_does() -> None:
    messy = [(PROBLEMS[name], *program_of(reply, PROBLEMS[name])) for name, _, reply in REPLIES]
    wrong = [(PROBLEMS[name], *program_of(reply, PROBLEMS[name])) for name, reply in WRONG]
    found = passed(messy + wrong)
    lost = [REPLIES[i][:2] for i in range(len(messy)) if not found[i]]
    assert lost == []
    assert not any(found[len(messy) :])


@pytest.mark.slow
@pytest.mark.data
def test_published_samples_of_real_models_keep_their_verdicts_within_fences() -> None:
    data = Path(os.environ.get("RATCHET_DATA", "/nowhere"))
    path = data / "samples" / "python_model_samples.jsonl.gz"
    if not path.exists():
        pytest.skip("RATCHET_DATA has no samples")
    problems = {problem.id: problem for problem in load_benchmark("humaneval").problems}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["task_id"] in problems]
    rows = [row for row in rows if row["source"] != "codet-codegen-16b"][::4] + rows[-1600::40]
    answers = []
    for row in rows:
        problem = problems[row["task_id"]]
        reply = f"Here is the solution:\n\n```python\n{row['text']}\n```\n\nIt doesn't need more than that."
        answers.append((problem, *program_of(reply, problem)))
    found = passed(answers)
    lost = [row["id"] for row, now in zip(rows, found, strict=True) if row["verdict"] == "pass" and not now]
    assert lost == []
    # What stood behind the function, and made it fail, is cut off: no more than that is won.
    assert sum(found) - sum(row["verdict"] == "pass" for row in rows) <= 2


@pytest.mark.slow
def test_evalplus_makes_no_more_of_them() -> None:
    pytest.importorskip(
        "tree_sitter_python", reason="needs evalplus with datasets, tree-sitter and its Python grammar"
    )
    evalplus = pytest.importorskip("evalplus.sanitize", reason="needs evalplus with its dependencies")
    theirs: list[tuple[Problem, str, bool]] = []
    for name, _, reply in REPLIES:
        problem = PROBLEMS[name]
        theirs.append((problem, evalplus.sanitize(reply, problem.oracle.entry_point), True))
        theirs.append(
            (problem, evalplus.sanitize(problem.prompt + "\n" + reply, problem.oracle.entry_point), True)
        )
    found = passed(theirs)
    best = [found[i] or found[i + 1] for i in range(0, len(found), 2)]
    assert sum(best) <= len(REPLIES)
    assert sum(best) >= len(REPLIES) // 3  # or it was not EvalPlus that was tried


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("```python\ndef add(a, b):\n    # Sum.\n    return a + b\n\nprint(add(1, 2))\n```", "def add(a, b):\n    # Sum.\n    return a + b\n"),
        ("```python\nimport os\nimport re\n\ndef add(a, b):\n    return re.sub('', '', a + b)\n```", "import re\n\ndef add(a, b):\n    return re.sub('', '', a + b)\n"),
        ("```python\ndef add(a, b):\n    return a + b\n\ndef unused():\n    pass\n```", "def add(a, b):\n    return a + b\n"),
        ("```python\n@wraps\ndef other(): ...\n\n@cache\ndef add(a, b):\n    return a + b\n```", "@cache\ndef add(a, b):\n    return a + b\n"),
    ],
)  # fmt: skip
def test_what_is_kept_stays_as_it_was_written(reply: str, text: str) -> None:
    assert program_of(reply, ADD) == (text, True)


def test_what_the_tests_work_with_is_kept() -> None:
    problem = Problem("p", "", CheckOracle("f", "assert f(Pair(1, 2)) == 3", script=True))
    pair = "class Pair:\n    def __init__(self, a, b):\n        self.a, self.b = a, b\n"
    code = f"{pair}\ndef f(pair):\n    return pair.a + pair.b\n"
    assert program_of(f"```python\n{code}\nclass Other: pass\nprint(f(Pair(1, 2)))\n```", problem) == (
        code,
        True,
    )


def test_what_the_prompt_brought_along_is_put_back_where_it_lacks() -> None:
    text, standalone = program_of(
        "```python\ndef total(xs: List[float]):\n    return sum(map(half, xs))\n```", TOTAL
    )
    assert standalone
    assert "from typing import List" in text
    assert text.count("def half") == 1
    text, _ = program_of(
        "```python\ndef half(x):\n    return x * 0.5\n\ndef total(xs):\n    return half(sum(xs))\n```", TOTAL
    )
    assert text.count("def half") == 1
    assert "typing" not in text


def test_a_body_alone_goes_on_from_the_prompt() -> None:
    text, standalone = program_of("```python\nreturn a + b\n```", ADD)
    assert (text, standalone) == ("    return a + b\n", False)
    ast.parse(ADD.prompt + text)


def test_a_reply_without_a_program_is_kept_as_it_is() -> None:
    assert program_of("I cannot.", ADD) == ("I cannot.", False)
    assert program_of("```python\nprint 'x'\n```", FACT) == ("print 'x'", False)


@pytest.mark.slow
@pytest.mark.parametrize("line", ["x = (1,\n", "import os and then\n", "    word word\n\n"])
def test_a_model_that_writes_in_circles_does_not_keep_the_parser_busy_for_ever(line: str) -> None:
    reply = line * 3000  # minutes, if every beginning were tried with every end
    assert program_of(reply, ADD) == (reply, False)


@pytest.mark.parametrize(
    ("prompt", "reply", "completion"),
    [
        ("x = [1]\n# Its length:\ny =", "```python\ny = len(x)\n```", " len(x)\n"),
        ("x = [1]\n# Its length:\ny =", "```python\nx = [1]\n# Its length:\ny = len(x)\n```", " len(x)\n"),
        ("x = [1]\n# Its length:\ny =", "```\nlen(x)\n```", " len(x)\n"),
        ("x = [1]\nfor i in x:\n", "```python\nprint(i)\n```", "    print(i)\n"),
        ("x = [1]\n", "```python\nx = [1]\nprint(x)\n```", "print(x)\n"),
        ("x = [1]\n", "Then\n\n```python\n>>> import sys\n>>> print(x)\n[1]\n```", "import sys\nprint(x)\n"),
    ],
)  # fmt: skip
def test_a_script_goes_on_where_its_prompt_ends(prompt: str, reply: str, completion: str) -> None:
    problem = Problem("s", prompt, CheckOracle("", "pass", script=True))
    text, standalone = program_of(reply, problem)
    assert (text.strip("\n"), standalone) == (completion.strip("\n"), False)
    ast.parse(prompt + text)


def test_a_script_that_imports_more() -> None:
    problem = Problem("s", "x = [1]\ny =", CheckOracle("", "pass", script=True))
    text, standalone = program_of("```python\nimport math\nx = [1]\ny = math.fsum(x)\n```", problem)
    assert standalone
    variables: dict[str, object] = {}
    exec(text, variables)
    assert variables["y"] == 1.0


@pytest.mark.parametrize(
    "reply",
    [
        "assert f(1) == 2",
        "[ANSWER]\nassert f(1) == 2\n[/ANSWER]",
        "Let me see: assert f(0) == 0?\nassert f(5) == 6\n\nSo:\n```python\nassert f(1) == 2\n```",
        "[PYTHON]\n[/PYTHON]\n[ANSWER]\nassert f(3) == 4\n[/ANSWER]\nNo:\n[ANSWER]\nassert f(1) == 2",
        "<think>[ANSWER]assert f(9)[/ANSWER]</think>The answer is:\n`assert f(1) == 2`",
    ],
)
def test_an_assertion_is_the_last_that_is_given(reply: str) -> None:
    oracle = PredictionOracle("def f(x): return x + 1", "output", "2")
    problem = Problem("p", "[ANSWER]\n", oracle, prompt_in_program=False)
    assert program_of(reply, problem) == ("assert f(1) == 2\n", False)


def test_a_program_for_standard_input_is_the_last_block() -> None:
    problem = Problem("p", "Add numbers.", StdioOracle((("1 2", "3"),)), prompt_in_program=False)
    code = "import sys\nprint(sum(map(int, sys.stdin.read().split())))\n"
    reply = f"First idea:\n```python\nprint(0)\nprint(1)\nprint(2)\nprint(3)\n```\nBetter:\n```python\n{code}```\n"
    assert program_of(reply, problem) == (code, False)
    assert program_of(code, problem) == (code, False)


def test_what_stands_between_prompt_and_closing() -> None:
    problem = Problem(
        "p",
        "def f(x):\n    if x:\n",
        CheckOracle("f", "pass"),
        closing="    return 2\n",
        suffix="    return 2\n",
    )
    for reply in (
        "```python\n        return 1\n```",
        "```\nreturn 1\n```",
        "```python\n    if x:\n        return 1\n```",
    ):
        text, standalone = program_of(reply, problem)
        assert (text.strip("\n"), standalone) == ("        return 1", False)
        ast.parse(problem.prompt + text + problem.closing)
    whole = "def f(x):\n    return 2 - bool(x)\n"
    assert program_of(f"```python\n{whole}```", problem) == (whole, True)


@pytest.mark.parametrize(
    "reply",
    [
        "```python\nreturn x + 1\n```",
        "`return x + 1`",
        "```python\nx + 1\n```",
        "def f(x):\n    return x + 1",
    ],
)
def test_a_prompt_that_breaks_off_within_a_line(reply: str) -> None:
    problem = Problem("p", "def f(x):\n    # One more.\n    return ", CheckOracle("f", "pass"))
    text, standalone = program_of(reply, problem)
    variables: dict[str, Callable[[int], int]] = {}
    exec(text if standalone else problem.prompt + text, variables)
    assert variables["f"](2) == 3


CPP = Problem(
    "cpp",
    "#include <vector>\n// Doubles x.\nint twice(int x) {\n",
    NativeOracle("twice", "#include <vector>\nint twice(int x) {\n", "int main() { return twice(2) - 4; }"),
    language="cpp",
    closing="\n}\n",
    stop=("\n}",),
)


@pytest.mark.parametrize(
    ("reply", "text", "standalone"),
    [
        ("```cpp\nint twice(int x) {\n    return 2 * x;\n}\n```", "\n    return 2 * x;", False),
        ("```c++\n#include <vector>\nint twice( int x ){\n    return 2 * x;\n}\n\nint main() {}\n```", "\n    return 2 * x;", False),
        ("```cpp\n    return 2 * x;\n}\n```\n", "    return 2 * x;", False),
        ("```cpp\n    return x ? twice(x - 1) + 2 : 0;\n}\n```\n", "    return x ? twice(x - 1) + 2 : 0;", False),
        ("```cpp\n    if (twice(0)) {\n        return 0;\n    }\n    return 2 * x;\n}\n```\n", "    if (twice(0)) {\n        return 0;\n    }\n    return 2 * x;", False),
        ("```bash\ng++ a.cpp\n```\n```cpp\nint twice(int x) {\n    return 2 * x;\n}\n```\nand\n```\n8\n```", "\n    return 2 * x;", False),
        ("```cpp\nint two() { return 2; }\nint twice(int x) {\n    return two() * x;\n}\nint main() {}\n```", "#include <vector>\nint two() { return 2; }\nint twice(int x) {\n    return two() * x;\n}\n", True),
        ("```cpp\nint twice(const int x)\n{\n    return 2 * x;\n}\n```", "#include <vector>\nint twice(const int x)\n{\n    return 2 * x;\n}\n", True),
    ],
)  # fmt: skip
def test_other_languages(reply: str, text: str, standalone: bool) -> None:
    assert program_of(reply, CPP) == (text, standalone)
