# ruff: noqa: E501 - programs on one line each read as a table
"""Tasks beyond plain values: classes that the test uses, arguments that are changed in place; and liars."""

from __future__ import annotations

import pytest

from ratchet.sandbox import ExamOutcome, Limits, LocalSandbox, Program

LIMITS = Limits(wall_s=8)
BOTH = {"in_place": True, "handles": True}


def exam(sandbox: LocalSandbox, source: str, test: str, name: str = "f", **flags: bool) -> ExamOutcome:
    return sandbox.examine(Program(source), name, Program(test), LIMITS, **flags)


STACK = """
class Stack:
    def __init__(self, items=()): self._items = list(items)
    def push(self, item): self._items.append(item)
    def pop(self): return self._items.pop()
    def __len__(self): return len(self._items)
    def __iter__(self): return iter(self._items)
    def __contains__(self, item): return item in self._items
    def __getitem__(self, at): return self._items[at]
    @property
    def top(self): return self._items[-1]
    @classmethod
    def of(cls, *items): return cls(items)
"""
STACK_TEST = """
s = Stack([1, 2])
s.push(3)
assert len(s) == 3 and s.top == 3 and list(s) == [1, 2, 3] and s[0] == 1
assert 2 in s and 9 not in s
assert s.pop() == 3 and s.pop() == 2
t = Stack.of("a", "b")
assert t.top == "b" and len(s) == 1
t.push(s)
assert t.pop().top == 1
try:
    Stack().pop()
except IndexError:
    pass
else:
    raise AssertionError("no IndexError")
for i in range(50):
    t.push(i)
assert [t.pop() for _ in range(50)] == list(range(49, -1, -1))
"""
WRONG_STACKS = {
    "pops the first": ("self._items.pop()", "self._items.pop(0)"),
    "forgets": ("self._items.append(item)", "None"),
    "counts wrongly": ("return len(self._items)", "return 3"),
    "shares its items": ("self._items = list(items)", "self._items = Stack.__dict__.get('all') or list(items); Stack.all = self._items"),
    "hides the error": ("return self._items.pop()", "return self._items.pop() if self._items else None"),
}  # fmt: skip


@pytest.mark.parametrize("in_place", [False, True])
def test_a_class_is_used_as_if_it_were_here(sandbox: LocalSandbox, in_place: bool) -> None:
    seen = exam(sandbox, STACK, STACK_TEST, "Stack", handles=True, in_place=in_place)
    assert seen.passed, seen
    assert seen.calls > 60


@pytest.mark.parametrize("name", WRONG_STACKS)
def test_a_wrong_class_fails(sandbox: LocalSandbox, name: str) -> None:
    seen = exam(sandbox, STACK.replace(*WRONG_STACKS[name]), STACK_TEST, "Stack", handles=True)
    assert not seen.passed
    assert not seen.tampered, seen


def test_without_handles_an_object_is_no_data(sandbox: LocalSandbox) -> None:
    assert not exam(sandbox, STACK, STACK_TEST, "Stack").passed
    seen = exam(sandbox, "def f(x): return lambda: x", "assert f(1)() == 1")
    assert not seen.passed
    assert "not plain data" in (seen.fault or "")
    assert exam(sandbox, "def f(x): return lambda: x", "assert f(1)() == 1", handles=True).passed


SORTS = {
    "sorts": ("def f(xs): xs.sort()", True),
    "sorts a copy": ("def f(xs): return sorted(xs)", False),
    "replaces the name": ("def f(xs): xs = sorted(xs)", False),
    "by slices": ("def f(xs): xs[:] = sorted(xs)", True),
    "empties": ("def f(xs): xs.clear()", False),
    "doubles": ("def f(xs): xs += sorted(xs)", False),
    "puts liars in": ("class E(int):\n    def __eq__(s, o): return True\n    __hash__ = int.__hash__\ndef f(xs): xs[:] = [E(0)] * len(xs)", False),
}  # fmt: skip
SORT_TEST = "xs = [3, 1, 2]\nsame = xs\nassert f(xs) is None\nassert same is xs and xs == [1, 2, 3]"


@pytest.mark.parametrize("name", SORTS)
@pytest.mark.parametrize("handles", [False, True])
def test_a_sort_in_place(sandbox: LocalSandbox, name: str, handles: bool) -> None:
    source, right = SORTS[name]
    assert exam(sandbox, source, SORT_TEST, in_place=True, handles=handles).passed is right
    assert not exam(sandbox, source, SORT_TEST, handles=handles).passed


def test_nested_and_shared_arguments_keep_their_identity(sandbox: LocalSandbox) -> None:
    source = "def f(grid, seen):\n    grid[0][0] = 9\n    seen.add(1)\n    grid.append(grid[0])\n    return grid[0]"
    test = """
row = [0, 0]
grid, seen = [row, row], set()
got = f(grid, seen)
assert got is row and row == [9, 0] and grid[2] is row and seen == {1}
"""
    assert exam(sandbox, source, test, in_place=True).passed


def test_what_a_call_made_of_its_arguments(sandbox: LocalSandbox) -> None:
    source = Program(
        "def f(xs, d):\n    xs.reverse()\n    d['n'] = len(xs)\n    if not xs: raise ValueError('empty')\n    return 1"
    )
    given: list[tuple[list[int], dict[str, int]]] = [([1, 2], {}), ([], {})]
    first, second = sandbox.call(source, "f", given, LIMITS, in_place=True).results
    assert (first.value, first.arguments) == (1, ([2, 1], {"n": 2}))
    assert second.raised is not None
    assert second.arguments is None
    assert given == [([1, 2], {}), ([], {})]
    assert sandbox.call(source, "f", given, LIMITS).results[0].arguments is None


LIAR = """
class Liar:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __contains__ = __lt__
    def __hash__(self): return 0
    def __bool__(self): return False
    def __len__(self): return 0
    def __iter__(self): return iter(())
    def __add__(self, other): return other
    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __and__ = __rand__ = __xor__ = __truediv__ = __mod__ = __add__
    def __getitem__(self, at): return self
    def __getattr__(self, name): return self
    def __call__(self, *args, **kwargs): return self
    def __int__(self): return -1
    def __float__(self): return -1.0
    def __index__(self): return -1
    def __str__(self): return '-1'
    __repr__ = __str__
    def __instancecheck__(self, other): return True
    def __enter__(self): return self
    def __exit__(self, *args): return True
    def __next__(self): raise StopIteration
"""
LIES = {
    "an object": "def f(x): return Liar()",
    "one object": "one = Liar()\ndef f(x): return one",
    "a class": "f = Liar",
    "an object for a function": "f = Liar()",
    "a list of them": "def f(x): return [Liar()] * 3",
    "a dict of them": "def f(x): return {0: Liar()}",
    "a number of its own": "class N(int, Liar):\n    __eq__ = Liar.__eq__\n    __hash__ = Liar.__hash__\ndef f(x): return N(-1)",
    "a text of its own": "class N(str):\n    def __eq__(self, other): return True\n    __hash__ = str.__hash__\ndef f(x): return N('x')",
    "a function": "def f(x): return lambda *a, **k: Liar()",
    "a generator": "def f(x):\n    yield Liar()",
    "its arguments changed": "def f(x):\n    try: x.clear(); x.append(Liar())\n    except AttributeError: pass\n    return Liar()",
    "a callback that lies": "def f(x): return x if callable(x) else Liar()",
}  # fmt: skip
TESTS = {
    "equality": "assert f(2) == 69",
    "equality the other way": "assert 69 == f(2)",
    "no difference": "assert not f(2) != 69",
    "identity of types": "assert type(f(2)) is int",
    "an instance": "assert isinstance(f(2), int)",
    "order": "assert 68 < f(2) < 70",
    "a list": "assert f(2) in [69, 70]",
    "a set": "assert f(2) in {69}",
    "a key": "assert {69: 1}[f(2)]",
    "what it holds": "assert 69 in f(2)",
    "its items": "assert list(f(2)) == [69]",
    "its only item": "[x] = f(2)\nassert x == 69",
    "its sum": "assert sum(f(2)) == 69",
    "falsehood": "assert not f(2)",
    "its length": "assert len(f(2)) == 69",
    "a sum with it": "assert f(2) + 1 == 70",
    "a difference": "assert abs(f(2) - 69) < 1e-6",
    "nearly": "import math\nassert math.isclose(f(2), 69.0)",
    "a number of it": "assert int(f(2)) == 69",
    "a text of it": "assert str(f(2)) == '69' and f'{f(2)}' == '69'",
    "in a list": "assert [f(2)] == [69]",
    "in a tuple and a dict": "assert {'k': (f(2),)} == {'k': (69,)}",
    "sorted": "assert sorted([f(2), f(1)]) == [38, 69]",
    "the largest": "assert max(f(2), f(1)) == 69",
    "counted": "from collections import Counter\nassert Counter([f(2)])[69] == 1",
    "found": "assert [69].index(f(2)) == 0 and [69].count(f(2)) == 1",
    "equal to itself": "assert f(2) == f(2) == 69",
    "by unittest": "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(f(2), 69)\nt = T('test')\nt.debug()",
    "an exception swallowed": "with f(2) as x:\n    assert x == 69",
    "an argument changed": "xs = [1]\nf(xs)\nassert xs == [69]",
    "an attribute": "assert f(2).value == 69",
    "a method": "assert f(2).get() == 69",
    "an item": "assert f(2)[0] == 69",
    "by numpy": "import numpy\nassert numpy.array_equal(numpy.array([f(2)]), numpy.array([69]))",
    "by numpy, nearly": "import numpy\nx = f(2)\nassert numpy.shape(x) == () and numpy.allclose(x, 69)",
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_no_object_passes_by_its_own_word(sandbox: LocalSandbox, lie: str) -> None:
    """Whatever it answers about itself: what it is compared with, it does not know."""
    passed = [
        name for name, test in TESTS.items() if exam(sandbox, f"{LIAR}\n{LIES[lie]}", test, **BOTH).passed
    ]
    assert passed == []


def test_the_right_answer_passes_them() -> None:
    """Those that a number can pass: so it is the lies that fail above."""
    source = "def f(x): return x * 31 + 7"
    not_for_numbers = {"what it holds", "its items", "its only item", "its sum", "falsehood", "its length"}
    not_for_numbers |= {
        "an exception swallowed",
        "an argument changed",
        "an attribute",
        "a method",
        "an item",
    }
    with LocalSandbox(slots=1) as one:
        failed = {name for name, test in TESTS.items() if not exam(one, source, test, **BOTH).passed}
    assert failed == not_for_numbers
