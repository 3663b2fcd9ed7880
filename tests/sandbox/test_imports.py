"""What a program imports is there before it starts, and what it does not import is not."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from ratchet.sandbox import Limits, LocalSandbox, Program, imports
from ratchet.sandbox.imports import EXTRA, HEAVY, needed

INSTALLED = frozenset(name for name in HEAVY if importlib.util.find_spec(name) is not None)
ALL_EXTRA = frozenset(EXTRA)


@pytest.mark.parametrize(
    ("source", "heavy"),
    [
        ("", set()),
        ("print('numpy')", set()),
        ("import math, json, re\nfrom collections import Counter", set()),
        ("import numpy as np", {"numpy"}),
        ("from torch import nn", {"torch"}),
        ("import numpy.linalg", {"numpy"}),
        ("from numpy import (\n    array,\n    zeros)", {"numpy"}),
        ("def f():\n    import pandas as pd\n    return pd", {"pandas"}),
        ("try:\n\timport scipy\nexcept ImportError: pass", {"scipy"}),
        ("import math, numpy", {"numpy"}),
        ("import sys; import numpy", {"numpy"}),
        ("import numpy\nimport pandas\nimport math", {"numpy", "pandas"}),
        ("import numpy_financial", set()),
        ("from mynumpy import x", set()),
        ("# import torch", set()),
        ("text = 'import torch'", set()),
        ("import math\n" * 1000 + "import numpy", {"numpy"}),
        ("import math as\nimport", set()),
        ("from", set()),
    ],
)
def test_what_is_needed_is_read_off_the_text(source: str, heavy: set[str]) -> None:
    assert needed(source) == heavy & INSTALLED


def test_one_of_the_many_small_ones_brings_them_all() -> None:
    assert needed("import unittest") == needed("from asyncio import run") == ALL_EXTRA
    assert needed("import numpy\nimport tempfile") == ALL_EXTRA | ({"numpy"} & INSTALLED)


@pytest.fixture
def one() -> Iterator[LocalSandbox]:
    """A sandbox of one slot."""
    with LocalSandbox(slots=1) as made:
        yield made


def loaded(one: LocalSandbox, imports: str = "") -> set[str]:
    """Which packages are there before the program imports any, told by each kind of job."""
    names = (*HEAVY, "unittest")
    told = f"import sys\nfound = [name for name in {names} if name in sys.modules]\n"
    by_run = one.run(Program(f"{told}print(found)\n{imports}"))
    assert by_run.exit_code == 0, by_run
    [called] = one.call(Program(f"{told}{imports}\ndef f(): return found"), "f", [()]).results
    exam = one.examine(Program(f"{told}{imports}\ndef f(): return found"), "f", Program("print(f())"))
    assert exam.passed, exam
    assert exam.examiner is not None
    assert by_run.stdout == f"{called.value}\n" == exam.examiner.stdout
    return set(called.value)


@pytest.mark.skipif("numpy" not in INSTALLED, reason="numpy is not installed")
def test_a_program_starts_with_what_it_imports_and_nothing_heavy_besides(one: LocalSandbox) -> None:
    assert loaded(one) == set()
    assert loaded(one, "import numpy") == {"numpy"}
    assert loaded(one) == set()
    assert loaded(one, "import unittest") == {"unittest"}
    assert loaded(one, "import numpy, unittest") == {"numpy", "unittest"}
    assert not loaded(one) & set(HEAVY)
    assert loaded(one, "import numpy") >= {"numpy"}


@pytest.mark.slow
@pytest.mark.local
def test_a_plain_program_never_meets_torch(one: LocalSandbox) -> None:
    assert loaded(one, "import torch") >= {"torch"}
    assert not loaded(one) & set(HEAVY)
    assert "torch" not in loaded(one, "import numpy")
    assert not loaded(one, "import unittest") & set(HEAVY)


def test_a_tests_imports_count_too(one: LocalSandbox) -> None:
    if "numpy" not in INSTALLED:
        pytest.skip("numpy is not installed")
    candidate = Program("import sys\ndef f(): return 'numpy' in sys.modules")
    assert one.examine(candidate, "f", Program("import numpy\nassert f() is True")).passed
    assert one.examine(candidate, "f", Program("assert f() is False")).passed


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(INSTALLED))
def test_a_package_imported_ahead_is_a_whole_one(one: LocalSandbox, name: str) -> None:
    outcome = one.run(Program(f"import {name}\nprint({name}.__name__)"), Limits(wall_s=30))
    assert (outcome.stdout, outcome.stderr) == (f"{name}\n", "")


@pytest.mark.slow
def test_a_slot_keeps_few_zygotes(one: LocalSandbox) -> None:
    kinds = [
        "",
        "import unittest",
        *(f"import {name}" for name in sorted(INSTALLED - {"torch", "matplotlib"})),
    ]
    for lines in kinds * 2:
        assert one.run(Program(f"{lines}\nprint(1)")).stdout == "1\n"
        [kept] = one._idle.queue
        assert kept is not None
        assert len(kept._warm) <= 6
    if len(kinds) <= 4:
        pytest.skip("too few packages are installed to see one go")


def test_a_package_that_fails_to_import_fails_in_the_program_alone(one: LocalSandbox) -> None:
    """A broken `numpy.py` of its own, where the zygote has the right one."""
    broken = Program("import numpy\nprint(numpy.X)", files={"numpy.py": "X = 1"})
    assert one.run(broken).exit_code in (0, 1)
    assert one.run(Program("import no_such_module")).stderr.endswith("No module named 'no_such_module'\n")
    assert one.run(Program("print(1)")).stdout == "1\n"


def test_long_texts_are_not_remembered() -> None:
    """A server would hold a thousand of them: seen as 70 MB more each minute."""
    before = imports._remembered.cache_info().currsize
    assert imports.needed("import numpy\n" + "#" * (1 << 20)) == imports.needed("import numpy")
    assert imports._remembered.cache_info().currsize <= before + 1
