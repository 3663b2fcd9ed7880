"""What is read off a test text: its function, its names, and whether it can be split."""

from __future__ import annotations

import pytest

from ratchet.errors import RatchetError
from ratchet.problems.assertions import assertion_problem
from ratchet.problems.literals import read_inputs
from ratchet.problems.syntax import entry_point_of, missing_imports, unbound_names, why_together
from ratchet.problems.types import CheckOracle


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("import inspect\ndef check(candidate):\n    inspect.getsource(candidate)", "inspect.getsource"),
        ("import inspect\nassert inspect.signature(f).parameters", "inspect.signature"),
        ("def check(candidate):\n    assert candidate.__code__.co_argcount == 2", "__code__"),
        ("assert f.__doc__", "__doc__"),
        ("from unittest import mock\nwith mock.patch('os.listdir'):\n    assert f('.') == []", "mock.patch"),
        ("import unittest.mock\n@unittest.mock.patch('os.x')\ndef check(candidate): pass", "patch"),
        ("from unittest.mock import patch\nwith patch.object(os, 'x'):\n    f()", "patch.object"),
    ],
)  # fmt: skip
def test_what_cannot_be_split_is_found_with_its_reason(test: str, reason: str) -> None:
    assert reason in why_together(test, "f")


@pytest.mark.parametrize(
    "test",
    [
        "def check(candidate):\n    assert candidate(1) == 2",
        "assert f(1) == 2, f.__name__",
        "import inspect\nassert inspect.isfunction(len)",
        "assert sorted([1], key=lambda x: f(x)) == [1]",
        "assert set(map(f, [1, 2])) == {1}",
        "assert f(patch) == 2",
        "def check(candidate):\n    assert candidate(lambda x: x + 1, 2) == 3",
        "does not parse(",
        "assert f('\0')",
        "(" * 300,
        "",
    ],
)
def test_what_can_be_split_is_left_alone(test: str) -> None:
    assert why_together(test, "f") == ""


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("assert f(1) == 2", "f"),
        ("assert set(similar((3, 4))) == set((4, 5))", "similar"),
        ("assert math.isclose(volume(10), 4188.79, rel_tol=0.001)", "volume"),
        ("assert not (is_(root))", "is_"),
        ("assert sum(10, 15) == 6", "sum"),
        ("assert chain([Pair(5, 24)], 4) == 3", "chain"),
        ("assert 1 == 1", None),
        ("assert (", None),
    ],
)
def test_the_function_is_read_off_the_assertion(test: str, name: str | None) -> None:
    assert entry_point_of(test) == name


def test_names_that_a_test_takes_for_granted() -> None:
    test = (
        "from os import path as p\nimport os.path, json as j\nroot = Node(1)\n"
        "try: p, os, j\nexcept ValueError as e: print(e)\n"
        "assert f([x for x in range(3)]) == sys.getsizeof((lambda y: y)(root))"
    )
    assert unbound_names(test) == {"Node", "f", "sys"}
    assert missing_imports(test) == "import sys\n"


def test_a_problem_of_assertions() -> None:
    problem = assertion_problem(
        "m/1",
        "Make it.\r\n",
        "def f(x): ...",
        ["assert f(root) == 1", "assert f(2) == g"],
        setup="root = Node(1)\r\ng = 2",
    )
    assert problem.prompt == '"""\nMake it.\nassert f(root) == 1\n"""\n'
    assert isinstance(problem.oracle, CheckOracle)
    assert problem.oracle.test == "root = Node(1)\ng = 2\nassert f(root) == 1\nassert f(2) == g\n"
    assert (problem.oracle.entry_point, problem.oracle.script, problem.oracle.handles) == ("f", True, True)
    with pytest.raises(RatchetError, match="the problem m/2 has no assertion"):
        assertion_problem("m/2", "", "", ["assert True"])
    with pytest.raises(RatchetError, match="the problem m/3 has no assertion"):
        assertion_problem("m/3", "", "", [])


def test_inputs_are_literals_with_infinities() -> None:
    assert read_inputs("[[1, (2, {3})], ('inf',), [-inf, 2j, set()]]") == [
        (1, (2, {3})), ("inf",), (float("-inf"), 2j, set()),
    ]  # fmt: skip
    (((number,),),) = (read_inputs("[[nan]]"),)
    assert number != number


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "{}", "[1]", "[[x]]", "[[print()]]", "[[1, 2]] + 1", "(" * 500]
)
def test_inputs_that_are_none(text: str) -> None:
    with pytest.raises(RatchetError, match="no list of argument lists"):
        read_inputs(text)
