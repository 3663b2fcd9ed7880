# ruff: noqa: E501 - programs on one line each read as a table
"""Which texts an examiner may outlive, and which not."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import pytest

from ratchet.judge.exam import exam_text
from ratchet.problems import CheckOracle, load_benchmark
from ratchet.sandbox.inside.tidy import is_tidy


def tidy(text: str) -> bool:
    return is_tidy(compile(text, "examiner.py", "exec", dont_inherit=True))


TIDY = [
    "",
    "assert f(1) == 2, 'a message'",
    "def check(candidate):\n    for x in range(5):\n        assert candidate(x) == x\ncheck(f)",
    "import math\nassert math.isclose(f(1), 2.0)",
    "import math, re as r\nfrom collections import Counter\nassert Counter(f('x')) == Counter(r.split(',', 'a'))",
    "cases = [1]\ncases.append(2)\ncases[0] = 3\ndel cases[1]\nglobal_one = {}\nglobal_one['k'] = 1",
    "try:\n    f(1)\nexcept ValueError as error:\n    assert str(error).startswith('x')\nelse:\n    raise AssertionError",
    "assert [x for x in (y for y in f(3))] == [*map(lambda v: v + 1, range(3))]",
    "from random import randint\nassert f(randint(1, 5))",
    "def g(n):\n    global total\n    total = n\n    return total\nassert f(g(1)) == 2\nprint(total, sep='')",
    "import copy\nx = [1]\ny = copy.deepcopy(x)\nf(y)\nassert x == [1]",
    "if __name__ == '__main__':\n    pass\nassert __candidate__(1) == 2",
    "match f(1):\n    case [1, *rest]:\n        pass\n    case {'k': v}:\n        pass",
    "import functools\n@functools.cache\ndef g(x): return x\nassert g(1) == f(0)",
    "from typing import List\ndef check(xs: List[int]) -> None:\n    assert f(xs) == xs\ncheck([1])",
    "x: int = 5\nassert f(x) == 6",
    "import re, functools\nassert f(functools.reduce(re.sub, [])) == 6",
]
UNTIDY = [
    "import os",
    "import sys\nsys.path.append('x')",
    "from os import getpid",
    "def g():\n    import subprocess",
    "import os.path",
    "import collections.abc, os",
    "__import__('os')",
    "exec('import os')",
    "eval('1')",
    "open('x', 'w')",
    "class A: pass",
    "def g():\n    class A: pass",
    "f.seen = 1",
    "del f.seen",
    "setattr(f, 'x', 1)",
    "getattr(f, 'x')",
    "globals()['x'] = 1",
    "f.__code__ = 1",
    "().__class__.__base__",
    "import builtins",
    "import math\nmath.pi = 3",
    "from math import *\nimport enum\nenum.sys",
    "import random\nrandom._os",
    "import random\nrandom.seed(1)",
    "from random import seed",
    "import decimal\ndecimal.getcontext().prec = 3",
    "from decimal import localcontext\nwith localcontext(): pass",
    "import copy\ncopy._deepcopy_dispatch",
    "import string\nstring.digits.x = 1",
    "import re\nre.enum.sys",
    "import enum\nenum.re.functools.GenericAlias\nenum.bltns",
    "import re\nre.purge()",
    "import json\njson.decoder",
    "import collections\ncollections.abc.Sized.register(int)",
    "async def g():\n    await f(1)",
    "input()",
    "exit()",
    "import threading",
    "import time",
    "import signal",
    "import no_such_module",
    "import heapq\n" * 300 + "import os",
    "x = 0\n" + "".join(f"import math as m{i}, re as r{i}\n" for i in range(200)) + "import os",
]
NUMPY_TIDY = [
    "import numpy as np\nassert np.allclose(f(np.array([1.0])), [2.0])",
    "import numpy\nassert numpy.linalg.norm(f(1)) == 2",
    "from numpy import array\nassert f(array([1]))",
    "import numpy\nassert f(numpy.random.rand())",
    "from numpy import random\nassert f(random.rand())",
]
NUMPY_UNTIDY = [
    "import numpy.random",
    "import numpy\nnumpy.random.seed(1)",
    "from numpy import random\nrandom.seed(1)",
    "import numpy as np\nnp.seterr(all='raise')",
    "import numpy as np\nnp.testing.assert_allclose(f(1), 2)",
    "import numpy as np\nnp.typecodes['All']",
    "import numpy as np\nnp.f2py.os",
    "import numpy as np\nnp.set_printoptions(precision=2)",
    "import numpy as np\nnp.array([1]).tofile('x')",
]


@pytest.mark.parametrize("text", TIDY)
def test_these_leave_nothing(text: str) -> None:
    assert tidy(text)


@pytest.mark.parametrize("text", UNTIDY)
def test_of_these_nobody_knows(text: str) -> None:
    assert not tidy(text)
    if "*" not in text:
        assert not tidy("def check(candidate):\n    " + text.replace("\n", "\n    "))


@pytest.mark.skipif(importlib.util.find_spec("numpy") is None, reason="numpy is not installed")
@pytest.mark.parametrize("text", NUMPY_TIDY + NUMPY_UNTIDY)
def test_numpy(text: str) -> None:
    """With `numpy.random` loaded, whose state is put back; numpy itself loads it when it is first named."""
    importlib.import_module("numpy.random")
    assert tidy(text) is (text in NUMPY_TIDY)


def test_the_texts_of_a_benchmark_are_tidy(benchmark_data: Path) -> None:
    """Else every one of its samples would pay for an examiner of its own."""
    problems = load_benchmark("humaneval").problems
    texts = [exam_text(problem.oracle) for problem in problems if isinstance(problem.oracle, CheckOracle)]
    assert len(texts) == 164
    assert sum(map(tidy, texts)) >= 160
