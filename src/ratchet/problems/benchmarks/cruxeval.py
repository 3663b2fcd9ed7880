"""CRUXEval: 800 short Python functions, whose input or output is to be predicted (Gu et al. 2024, MIT).

Prompts are the published direct ones (facebookresearch/cruxeval, prompts.py), their limit of 3 s
is kept. A predicted output is evaluated without the function, so that it cannot call it.
"""

from __future__ import annotations

from typing import Literal

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.registry import benchmark
from ratchet.problems.types import PredictionOracle, Problem
from ratchet.sandbox.types import Limits

FILE = DataFile(
    path="cruxeval/cruxeval.jsonl",
    url="https://github.com/facebookresearch/cruxeval/raw/190faf16d175/data/cruxeval.jsonl",
    sha256="8368b81047dc5014e4caf5a2f97604eff7644e0ecd7415e3ceeb184bbc2e0c96",
)

LIMITS = Limits(wall_s=3.0)

_ASKS_OUTPUT = """\
You are given a Python function and an assertion containing an input to the function. Complete the \
assertion with a literal (no unsimplified expressions, no function calls) containing the output when \
executing the provided code on the given input, even if the function is incorrect or incomplete. Do NOT \
output any extra information. Provide the full assertion with the correct output in [ANSWER] and \
[/ANSWER] tags, following the examples.

[PYTHON]
def f(n):
    return n
assert f(17) == ??
[/PYTHON]
[ANSWER]
assert f(17) == 17
[/ANSWER]

[PYTHON]
def f(s):
    return s + "a"
assert f("x9j") == ??
[/PYTHON]
[ANSWER]
assert f("x9j") == "x9ja"
[/ANSWER]

[PYTHON]
{code}
assert f({input}) == ??
[/PYTHON]
[ANSWER]
"""

_ASKS_INPUT = """\
You will be given a function f and an output in the form f(??) == output. Find any input such that \
executing f on the input leads to the given output. There may be multiple answers, but you should only \
output one. In [ANSWER] and [/ANSWER] tags, complete the assertion with one such input that will produce \
the output when executing the function.

[PYTHON]
def f(my_list):
    count = 0
    for i in my_list:
        if len(i) % 2 == 0:
            count += 1
    return count
assert f(??) == 3
[/PYTHON]
[ANSWER]
assert f(["mq", "px", "zy"]) == 3
[/ANSWER]

[PYTHON]
def f(s1, s2):
    return s1 + s2
assert f(??) == "banana"
[/PYTHON]
[ANSWER]
assert f("ba", "nana") == "banana"
[/ANSWER]

[PYTHON]
{code}
assert f(??) == {output}
[/PYTHON]
[ANSWER]
"""


@benchmark("cruxeval", choices=("input", "output"))
def load(asked: Literal["input", "output"]) -> Benchmark:
    """The 800 functions; `asked` is what is to be predicted."""
    problems = tuple(_problem(row, asked) for row in read_rows(find_data(FILE)))
    return Benchmark(f"cruxeval:{asked}", problems, LIMITS, "MIT", FILE.url)


def _problem(row: Row, asked: Literal["input", "output"]) -> Problem:
    code, given, result = row.text("code"), row.text("input"), row.text("output")
    if asked == "output":
        prompt = _ASKS_OUTPUT.format(code=code, input=given)
    else:
        prompt = _ASKS_INPUT.format(code=code, output=result)
    return Problem(
        id=f"cruxeval/{row.text('id')}",
        prompt=prompt,
        oracle=PredictionOracle(code, asked, result),
        turns=(prompt,),
        reference=f"assert f({given}) == {result}\n",
        stop=("[/ANSWER]",),
        prompt_in_program=False,
    )
