"""Objects that stay with the candidate, functions that stay with the examiner, and records of both."""

from __future__ import annotations

import operator
from typing import Any

import pytest

from tests.sandbox.talking import Ended, run, talk

STACK = """
class Empty(Exception): pass
class Stack:
    limit = 10
    def __init__(self, items=()):
        self.items = list(items)
        self.log = {}
    def push(self, x):
        self.items.append(x)
        return self
    def pop(self):
        if not self.items: raise Empty('nothing')
        return self.items.pop()
    @classmethod
    def of(cls, *items): return cls(items)
    @property
    def top(self): return self.items[-1]
    def __len__(self): return len(self.items)
    def __iter__(self): return iter(self.items)
    def __contains__(self, x): return x in self.items
    def __getitem__(self, i): return self.items[i]
    def __setitem__(self, i, x): self.items[i] = x
    def __delitem__(self, i): del self.items[i]
    def __add__(self, other): return Stack(self.items + list(other))
    def __mul__(self, other): return sum(a * b for a, b in zip(self, other))
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __hash__(self): return 1
    def __bool__(self): return False
    def __str__(self): return 'Stack of ' + str(len(self))
    def __enter__(self): self.log['in'] = 1; return self
    def __exit__(self, *what): self.log['out'] = what[0] and what[0].__name__; return True
    def same(self, other): return self is other
    def visit(self, do): return [do(x) for x in self.items]
f = Stack
def make(): return Stack([1])
def counter():
    n = 0
    while True:
        yield n
        n += 1
def adder(n): return lambda x: x + n
"""


def test_a_class_is_made_and_used_over_there() -> None:
    with talk(STACK, handles=True) as conversation:
        kind = conversation.stub("f")
        conversation.stub("Stack")
        s = kind()
        s.push(1).push(2)
        assert s.items == [1, 2]
        assert s.pop() == 2
        assert len(s) == 1
        assert 1 in s
        assert 5 not in s
        assert list(s) == [1]
        assert (s[0], s.top, str(s)) == (1, 1, "Stack of 1")
        s[0] = 4
        assert s.items == [4]
        s.items = [7, 8]
        del s[0]
        assert s.pop() == 8
        with pytest.raises(Exception, match="nothing") as empty:
            s.pop()
        assert type(empty.value).__name__ == "Empty"
        with pytest.raises(AttributeError):
            s.no_such_thing()
        assert s.same(s) is True
        assert s.same(kind()) is False


def test_classes_have_attributes_and_instances() -> None:
    with talk(STACK, handles=True) as conversation:
        kind = conversation.stub("Stack")
        assert kind.limit == 10
        made = kind.of(1, 2)
        assert made.items == [1, 2]
        assert isinstance(made, kind)
        assert not isinstance([], kind)
        assert type(made) is not list


def test_operators_between_objects() -> None:
    with talk(STACK, handles=True) as conversation:
        kind = conversation.stub("Stack")
        a, b = kind([1, 2]), kind([3, 4])
        assert (a + b).items == [1, 2, 3, 4]
        assert a * b == 11
        with pytest.raises(TypeError):
            a - b


def test_equality_order_hash_and_truth_are_never_asked() -> None:
    with talk(STACK, handles=True) as conversation:
        kind = conversation.stub("Stack")
        a, b = kind(), kind()
        asked = conversation.calls
        assert a != b
        assert a == a
        assert a != []
        assert [a] != [[]]
        assert len({a, b}) == 2
        assert a
        for compare in (
            lambda: a < b,
            lambda: a < 1,
            lambda: a >= 1,
            lambda: sorted([a, b]),
            lambda: max(3, a),
        ):
            with pytest.raises(TypeError):
                compare()
        assert conversation.calls == asked


LIAR = """
class Liar:
    def __sub__(self, other): return 0.0
    __rsub__ = __add__ = __mul__ = __sub__
    def __abs__(self): return 0.0
    def __contains__(self, x): return True
    def __len__(self): return 3
    def __eq__(self, other): return True
    def __float__(self): return 0.0
    def __iter__(self): return iter(())
def f(x): return Liar()
def g(x): return Liar
class Sum:
    def total(self): return Liar()
"""


def test_an_object_in_the_place_of_a_number_cannot_lie_itself_right() -> None:
    with talk(LIAR, handles=True) as conversation:
        f, g = conversation.stub("f"), conversation.stub("g")
        for got in (f(1), conversation.stub("Sum")().total(), g(1)()):
            with pytest.raises(TypeError):
                assert abs(got - 3.5) < 1e-6
            with pytest.raises(TypeError):
                assert abs(3.5 - got) < 1e-6
            assert 7 not in got
            assert got != 3.5
        with pytest.raises(TypeError):
            assert abs(f(1) - f(2)) < 1e-6


def test_an_assertion_within_a_context_is_never_swallowed() -> None:
    with talk(STACK, handles=True) as conversation:
        s = conversation.stub("Stack")()
        with pytest.raises(AssertionError, match="found"), s as inner:
            raise AssertionError(f"found {inner.log}")
        assert s.log == {"in": 1, "out": "AssertionError"}


def test_generators_functions_and_bound_methods() -> None:
    with talk(STACK, handles=True) as conversation:
        numbers = conversation.stub("counter")()
        assert [next(numbers), next(numbers)] == [0, 1]
        assert [n for n, _ in zip(numbers, range(3), strict=False)] == [2, 3, 4]
        assert conversation.stub("adder")(3)(4) == 7
        assert list(map(conversation.stub("Stack")().push(9).pop, [])) == []


def test_handles_are_freed_when_they_are_dropped() -> None:
    source = STACK + "\nimport gc\ndef count(): return sum(type(x) is Stack for x in gc.get_objects())"
    with talk(source, handles=True) as conversation:
        make, count = conversation.stub("make"), conversation.stub("count")
        kept = make()
        for _ in range(50):
            make()
        assert count() == 1
        assert kept.push(1) is kept
        del kept
        assert count() == 0


def test_too_many_handles() -> None:
    source = "class C:\n    def m(self): pass\ndef f(n): return [C() for _ in range(n)]"
    with talk(source, handles=True) as conversation:
        assert len(conversation.stub("f")(100)) == 100
        with pytest.raises(Ended, match="10000"):
            conversation.stub("f")(20_000)


def test_functions_as_arguments_are_called_back() -> None:
    with talk("def f(do, xs):\n    return [do(x) for x in xs]") as conversation:
        f = conversation.stub("f")
        seen: list[int] = []
        assert f(lambda x: x * 2, [1, 2]) == [2, 4]
        assert f(seen.append, [1, 2]) == [None, None]
        assert seen == [1, 2]
        assert f(len, ["ab"]) == [2]
        assert f(str, [1]) == ["1"]
        with pytest.raises(ZeroDivisionError):
            f(lambda x: 1 / x, [0])


def test_calls_back_may_call_again() -> None:
    with talk("def f(do, n):\n    return 0 if n == 0 else 1 + do(n - 1)") as conversation:
        f = conversation.stub("f")

        def again(n: int) -> int:
            return int(f(again, n))

        assert f(again, 20) == 20
        with pytest.raises(RecursionError):
            f(again, 300)
        assert f(again, 3) == 3


def test_what_a_function_of_the_test_asserts_cannot_be_swallowed() -> None:
    def check(x: int) -> None:
        assert x == 2

    source = "def f(do):\n    try: do(1)\n    except BaseException: pass"
    with talk(source) as conversation, pytest.raises(AssertionError):
        conversation.stub("f")(check)


REACHES = """
def f(reach, thing):
    for path in ('_inner.ask', '_ask', '_ask._conversation._report.end', '_number', '__init__.__globals__'):
        try: found = reach(thing, path)
        except BaseException: continue
        if callable(found): found(True, '', None, False)
    return True
def g(make): return make()(1)
class Thing:
    _number = 7
    def __init__(self): self._ask = 'mine'
    def m(self): pass
def thing(): return Thing()
"""


@pytest.mark.parametrize("flags", [{"handles": True}, {"handles": True, "in_place": True}])
def test_functions_of_a_test_lead_to_nothing_of_ours(flags: dict[str, bool]) -> None:
    def attributes(thing: Any, path: str) -> Any:
        return operator.attrgetter(path)(thing)

    with talk(REACHES, **flags) as conversation:
        thing = conversation.stub("thing")()
        for reach in (attributes, getattr):
            assert conversation.stub("f")(reach, thing) is True
            assert conversation.stub("f")(reach, [thing, [1], {1: 2}]) is True
        assert (thing._number, thing._ask) == (7, "mine")  # names of its own, whatever they are


def test_what_a_function_of_the_test_returns_is_plain_data_or_a_handle() -> None:
    with talk(REACHES, handles=True) as conversation:
        with pytest.raises(Exception, match="not plain data"):
            conversation.stub("g")(lambda: lambda x: x)
        thing = conversation.stub("thing")()
        conversation.stub("f")(lambda thing, path: thing, thing)


def test_a_bare_object_is_lent() -> None:
    with talk("def f(*x): return x[0] if x else object()", handles=True) as conversation:
        lent = conversation.stub("f")()
        assert conversation.stub("f")(lent) is lent


def test_an_answer_to_a_call_back_that_is_too_long() -> None:
    source = "def f(do):\n    try: return do()\n    except BaseException as e: return str(e)[-8:]"
    with talk(source) as conversation:
        assert conversation.stub("f")(lambda: "x" * (65 << 20)) == str(64 << 20)
        assert conversation.stub("f")(lambda: 1) == 1


def test_the_candidates_own_functions_can_be_handed_back() -> None:
    with talk("def g(x): return x + 1\ndef f(do): return do(1)") as conversation:
        assert conversation.stub("f")(conversation.stub("g")) == 2


RECORDS = """
from dataclasses import dataclass
from collections import namedtuple
from enum import Enum
class Colour(Enum):
    RED = 1
@dataclass
class Point:
    x: int
    y: int = 0
    def __eq__(self, other): return True
class Node:
    def __init__(self, value, next=None): self.value, self.next = value, next
Pair = namedtuple('Pair', 'a b')
def f(x): return x
def point(x, y): return Point(x, y)
def swap(p):
    assert type(p) is Point
    return Point(p.y, p.x)
def flip(c):
    assert c is Colour.RED
    return c
def pair(): return Pair(1, 2)
def total(node): return 0 if node is None else node.value + total(node.next)
"""


def test_records_both_ways() -> None:
    own: dict[str, Any] = {"__name__": "examiner"}
    run(RECORDS.replace("def __eq__(self, other): return True", "pass"), own)
    point, colour, node = own["Point"], own["Colour"], own["Node"]
    with talk(RECORDS) as conversation:
        got = conversation.stub("point")(1, 2)
        assert got == point(1, 2)
        assert point(1, 2) == got
        assert got != point(1, 3)
        assert got not in (3, (1, 2), {"x": 1, "y": 2})
        assert (got.x, repr(got)) == (1, "Point(x=1, y=2)")
        assert conversation.stub("swap")(point(1, 2)) == point(2, 1)
        assert conversation.stub("flip")(colour.RED) == colour.RED
        pair = conversation.stub("pair")()
        assert (pair, pair.b) == ((1, 2), 2)
        assert conversation.stub("total")(node(1, node(2))) == 3
        back = conversation.stub("f")(node(1, node(2)))
        assert (back.value, back.next.value, back.next.next) == (1, 2, None)


def test_a_fork_of_the_program_answers_nothing() -> None:
    source = "import os\ndef f():\n    if os.fork() == 0: return 'child'\n    os.wait()\n    return 'parent'"
    with talk(source) as conversation:
        assert [conversation.stub("f")() for _ in range(3)] == ["parent"] * 3
