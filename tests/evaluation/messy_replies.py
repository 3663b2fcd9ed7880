# ruff: noqa: E501  (rows of a table)
"""Chat models' replies as they come: with prose, broken fences, repeated heads, tests, and less.

Each row is the problem, what is messy about it, and the reply. All of them mean a right program.
"""

from __future__ import annotations

from ratchet.problems import CheckOracle, Problem

ADD = Problem(
    "add",
    'def add(a: int, b: int) -> int:\n    """The sum.\n    >>> add(2, 3)\n    5\n    """\n',
    CheckOracle(
        "add", "def check(candidate):\n    assert candidate(2, 3) == 5\n    assert candidate(-1, 1) == 0\n"
    ),
)
TOTAL = Problem(
    "total",
    "from typing import List\n\n\ndef half(x: float) -> float:\n    return x / 2\n\n\n"
    'def total(xs: List[float]) -> float:\n    """The sum of the halves of xs, with half()."""\n',
    CheckOracle(
        "total", "def check(candidate):\n    assert candidate([2, 4]) == 3\n    assert candidate([]) == 0\n"
    ),
)
FACT = Problem(
    "fact",
    '"""\nWrite a function for the factorial of a number.\nassert fact(4) == 24\n"""\n',
    CheckOracle("fact", "assert fact(4) == 24\nassert fact(0) == 1\nassert fact(6) == 720\n", script=True),
)
PROBLEMS = {"add": ADD, "total": TOTAL, "fact": FACT}

_ADD = "def add(a: int, b: int) -> int:\n    return a + b\n"
_TOTAL = "def total(xs: List[float]) -> float:\n    return sum(half(x) for x in xs)\n"
_FACT = "import math\n\ndef fact(n):\n    return math.factorial(n)\n"

REPLIES: list[tuple[str, str, str]] = [
    ("add", "a plain fence", f"```python\n{_ADD}```\n"),
    ("add", "no fence", _ADD),
    ("add", "prose on both sides", f"Sure! Here's the function:\n\n```python\n{_ADD}```\n\nIt's O(1).\n"),
    ("add", "no language", f"```\n{_ADD}```"),
    ("add", "the wrong language", f"```javascript\n{_ADD}```"),
    ("add", "upper case", f"```Python3\n{_ADD}```"),
    ("add", "attributes", f'```{{.python title="add.py"}}\n{_ADD}```'),
    ("add", "tildes", f"~~~python\n{_ADD}~~~"),
    ("add", "four backticks", f"````python\n{_ADD}````"),
    ("add", "never closed", f"Here:\n```python\n{_ADD}"),
    ("add", "cut off in the tests", f"```python\n{_ADD}\ndef test_add():\n    assert add(1, "),
    ("add", "CRLF", f"Here:\n```python\n{_ADD}```\n".replace("\n", "\r\n")),
    ("add", "in a list", "1. The code:\n\n   ```python\n" + "".join(f"   {x}\n" for x in _ADD.splitlines()) + "   ```\n2. Done."),
    ("add", "on a bullet", "- ```python\n" + "".join(f"  {x}\n" for x in _ADD.splitlines()) + "  ```\n"),
    ("add", "in a quotation", "".join(f"> {x}\n" for x in ["```python", *_ADD.splitlines(), "```"])),
    ("add", "fence behind prose", f"The answer is: ```python\n{_ADD}```\nThat's it."),
    ("add", "fence closed behind code", f"```python\n{_ADD.rstrip()}```\nThat's it."),
    ("add", "opened twice", f"```\n```python\n{_ADD}```\n```\n"),
    ("add", "the shell first", f"```bash\npip install numpy\n```\nThen\n```python\n{_ADD}```\n"),
    ("add", "its output after", f"```python\n{_ADD}print(add(2, 3))\n```\nOutput:\n```\n5\n```\n"),
    ("add", "usage after", f"```python\n{_ADD}```\nUse it:\n```python\nfrom solution import add\nprint(add(2, 3))\n```\n"),
    ("add", "unfenced, usage fenced", f"{_ADD}\nUse it:\n```python\n>>> add(2, 3)\n5\n```\n"),
    ("add", "unfenced between prose", f"I'd write it so:\n\n{_ADD}\nIt doesn't need more.\n"),
    ("add", "unfenced, prose at once", f"Answer:\n{_ADD}This simply adds the two numbers.\n"),
    ("add", "a thought before", f"<think>\nMaybe\n```python\ndef add(a, b):\n    return a - b\n```\nNo.\n</think>\n```python\n{_ADD}```"),
    ("add", "the end of a thought", f"Is it a - b? No.\n```python\ndef add(a, b):\n    return a\n```</think>\n\n{_ADD}"),
    ("add", "a control token", f"```python\n{_ADD}```<|im_end|>\n<|im_start|>user\nThanks"),
    ("add", "an end-of-text token", f"{_ADD}<|endoftext|>def add(a, b):\n    return 0\n"),
    ("add", "a session", ">>> def add(a, b):\n...     return a + b\n...\n>>> add(2, 3)\n5\n"),
    ("add", "a fenced session", "```python\n>>> def add(a, b):\n...     return a + b\n...\n>>> add(2, 3)\n5\n```"),
    ("add", "the prompt again", f"```python\n{ADD.prompt}    return a + b\n```"),
    ("add", "the prompt, then the answer", f"You gave:\n```python\n{ADD.prompt}    pass\n```\nSolved:\n```python\n{_ADD}```"),
    ("add", "the answer, then a stub", f"```python\n{_ADD}```\nThe head was:\n```python\ndef add(a, b):\n    ...\n```\n"),
    ("add", "a correction", "```python\ndef add(a, b):\n    return a - b\n```\nWait, that's wrong:\n" f"```python\n{_ADD}```"),
    ("add", "a redefinition", f"```python\ndef add(a, b):\n    return a - b  # too simple\n\n{_ADD}```"),
    ("add", "only a body", "    return a + b\n"),
    ("add", "only a body, fenced", "```python\n    return a + b\n```"),
    ("add", "a dedented body", "```python\nresult = a + b\nreturn result\n```"),
    ("add", "a stripped body", "if a == 0:\n        return b\n    return a + b"),
    ("add", "a body, then prose", "    return a + b\n\nThis returns the sum.\n"),
    ("add", "a body between prose", "The body is:\n\n    return a + b\n\nThat's all.\n"),
    ("add", "inline code", "Just use `def add(a, b): return a + b`."),
    ("add", "an inline body", "All that's missing is `return a + b`."),
    ("add", "a lambda", "```python\nadd = lambda a, b: a + b\n```"),
    ("add", "indented as a whole", "```python\n" + "".join(f"    {x}\n" for x in _ADD.splitlines()) + "```"),
    ("add", "a fence in a docstring", '```python\ndef add(a, b):\n    """Adds.\n\n    ```python\n    add(2, 3)\n    ```\n    """\n    return a + b\n```\n'),
    ("add", "a main guard that fails", f'```python\n{_ADD}\nif __name__ == "__main__":\n    assert add(1, 1) == 3\n```'),
    ("add", "tests that fail", f"```python\n{_ADD}\nassert add(1, 1) == 3\nprint(undefined)\n```"),
    ("add", "input()", f"```python\n{_ADD}\na = int(input())\nb = int(input())\nprint(add(a, b))\n```"),
    ("add", "an import that is not there", f"```python\nimport pytest_of_mine\n{_ADD}\ndef test_add():\n    pytest_of_mine.run()\n```"),
    ("add", "exit", f"```python\n{_ADD}\nimport sys\nsys.exit(1)\n```"),
    ("add", "tags", f"[PYTHON]\n{_ADD}[/PYTHON]\n[TESTS]\nassert add(1, 1) == 2\n[/TESTS]"),
    ("add", "a heading before code", f"### Solution\n{_ADD}\n### Explanation\n* It adds.\n"),
    ("add", "a class around tests", f"```python\nimport unittest\n{_ADD}\nclass T(unittest.TestCase):\n    def test(self):\n        self.fail()\n\nunittest.main()\n```"),
    ("add", "from __future__", f"```python\nfrom __future__ import annotations\n{_ADD}```"),
    ("total", "an import that the prompt had", f"```python\n{_TOTAL}```"),
    ("total", "an import and a helper repeated", f"```python\n{TOTAL.prompt}    return sum(map(half, xs))\n```"),
    ("total", "future and missing imports", f"```python\nfrom __future__ import annotations\n\n{_TOTAL}```"),
    ("total", "a body alone", "```python\nreturn sum(half(x) for x in xs)\n```"),
    ("total", "a body with a local of the function's name", "```python\ntotal = 0\nfor x in xs:\n    total += half(x)\nreturn total\n```"),
    ("total", "helper in a block of its own", "```python\nfrom typing import List\n\ndef quarter(x):\n    return x / 4\n```\nand\n```python\ndef total(xs: List[float]) -> float:\n    return sum(2 * quarter(x) for x in xs)\n```"),
    ("total", "helper after", "```python\ndef total(xs):\n    return _sum(half(x) for x in xs)\n\ndef _sum(xs):\n    s = 0\n    for x in xs:\n        s += x\n    return s\n```"),
    ("fact", "an import above", f"```python\n{_FACT}```"),
    ("fact", "import and function apart", "First\n```python\nimport math\n```\nand then\n```python\ndef fact(n):\n    return math.factorial(n)\n```"),
    ("fact", "unfenced import and function", f"You need:\n\nimport math\n\nand then:\n\n{_FACT.split(chr(10), 2)[2]}\nDone, isn't it?"),
    ("fact", "a decorator and a constant", "```python\nfrom functools import lru_cache\n\nONE = 1\n\n@lru_cache(maxsize=None)\ndef fact(n):\n    return ONE if n == 0 else n * fact(n - 1)\n\nprint(fact(5))\n```"),
    ("fact", "a table filled by a loop", "```python\nTABLE = [1]\nfor i in range(1, 10):\n    TABLE.append(TABLE[-1] * i)\n\ndef fact(n):\n    return TABLE[n]\n```"),
    ("fact", "a memo changed in place", "```python\nmemo = {}\nmemo[0] = 1\n\ndef fact(n):\n    if n not in memo:\n        memo[n] = n * fact(n - 1)\n    return memo[n]\n\nassert fact(3) == 7\n```"),
    ("fact", "import within try", "```python\ntry:\n    from math import factorial\nexcept ImportError:\n    factorial = None\n\ndef fact(n):\n    return factorial(n)\n```"),
    ("fact", "the recursion limit", "```python\nimport sys\nsys.setrecursionlimit(5000)\n\ndef fact(n):\n    return 1 if n == 0 else n * fact(n - 1)\n```"),
    ("fact", "a generator without return", "```python\ndef steps(n):\n    value = 1\n    yield value\n    for i in range(1, n + 1):\n        value *= i\n        yield value\n\ndef fact(n):\n    return list(steps(n))[-1]\n```"),
    ("fact", "a helper without return", "```python\ndef fill(table, n):\n    for i in range(1, n + 1):\n        table.append(table[-1] * i)\n\ndef fact(n):\n    table = [1]\n    fill(table, n)\n    return table[n]\n```"),
    ("fact", "several statements on a line", "```python\nimport math; print('loaded'); x = 1 / 1\ndef fact(n): return math.factorial(n)\n```"),
    ("fact", "an annotated global", "```python\nimport math\nF: dict[int, int] = {n: math.factorial(n) for n in range(9)}\n\ndef fact(n: int) -> int:\n    return F[n]\n```"),
]  # fmt: skip
"""(problem, what is messy, reply)."""

WRONG: list[tuple[str, str]] = [
    ("add", "```python\ndef add(a, b):\n    return a - b\n```"),
    ("add", "I cannot help with that."),
    ("add", ""),
    ("add", "```python\n```"),
    ("add", "```python\ndef sum_of(a, b):\n    return a + b\n```"),
    ("add", "<think>\nreturn a - b\n"),
    ("fact", "```python\nprint 'hello'\n```"),
    ("fact", "```python\ndef fact(n):\n    return math.factorial(n)\n```"),
]
"""(problem, a reply without a right program): none of them may pass."""
