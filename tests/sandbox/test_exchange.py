"""The conversation itself, between two real processes: calls, exceptions, arguments in place."""

from __future__ import annotations

import json
import re
import socket
from typing import Any

import pytest

from ratchet.sandbox.inside import proxy, wire
from tests.sandbox.talking import Ended, Report, run, talk


def test_calls_in_order_with_keywords_and_errors() -> None:
    with talk("def f(a, b=1):\n    return a / b") as conversation:
        f = conversation.stub("f")
        assert (f(6), f(6, 2), f(6, b=3)) == (6, 3, 2)
        with pytest.raises(ZeroDivisionError, match="division by zero"):
            f(1, 0)
        with pytest.raises(TypeError):
            f("a", "b")
        assert conversation.calls == 5
        assert f.__name__ == "f"


def test_large_questions_and_answers() -> None:
    with talk("def f(x): return [x, x]") as conversation:
        big = "x" * 3_000_000
        assert conversation.stub("f")(big) == [big, big]
        assert conversation.stub("f")(1) == [1, 1]


@pytest.mark.parametrize("flags", [{}, {"in_place": True}, {"handles": True}])
def test_an_answer_over_the_limit_is_a_fault(flags: dict[str, bool]) -> None:
    with talk("def f(): return 'x' * (65 << 20)", **flags) as conversation, pytest.raises(Ended) as ended:
        conversation.stub("f")()
    assert ended.value.fault is not None
    assert "over the limit" in ended.value.fault
    assert not ended.value.tampered


ODD = """
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
import array, re
class Tag:
    def __init__(self, name): self.names = [name]
class Words(list):
    def __hash__(self): return 1
def f(kind):
    if kind == 'fraction': return Fraction(3**60000, 2**70000)
    if kind == 'decimal': return Decimal('1' * 10001)
    if kind == 'int': return 1 << (9 << 20)
    if kind == 'keys': return {i * (2**61 - 1): i for i in range(100)}
    if kind == 'items': return {i * (2**61 - 1) for i in range(100)}
    if kind == 'list as key': return {Words('ab'): 1}
    if kind == 'names': return SimpleNamespace(**{'a b': 1})
    if kind == 'characters': return array.array('u', 'ab')
    if kind == 'many': return [()] * 1_300_000
"""
_KINDS = ("fraction", "decimal", "int", "keys", "items", "list as key", "names", "characters")


@pytest.mark.parametrize("kind", [*_KINDS, pytest.param("many", marks=pytest.mark.slow)])
def test_what_the_reader_would_refuse_is_a_fault_and_no_tampering(kind: str) -> None:
    with talk(ODD) as conversation, pytest.raises(Ended) as ended:
        conversation.stub("f")(kind)
    assert (ended.value.fault or "").startswith("returned")
    assert not ended.value.tampered


def test_objects_known_by_their_identity_are_items_and_keys() -> None:
    source = ODD + "\ndef g(): return {Tag('a'): 1}, {Tag('b')}, re.match(b'a', bytearray(b'ab'))"
    with talk(source) as conversation:
        keys, items, match = conversation.stub("g")()
    assert [key.names for key in keys] == [["a"]]
    assert [item.names for item in items] == [["b"]]
    assert match.group() == b"a"


def test_patterns_are_compiled_by_the_candidate_only() -> None:
    with talk("def f(p, text): return p.findall(text), p") as conversation:
        found, mine = conversation.stub("f")(re.compile("A", re.IGNORECASE), "aAb")
        assert found == ["a", "A"]
        assert mine == re.compile("A", re.IGNORECASE)
        assert mine != re.compile("A")
        assert conversation.stub("f")(mine, "a")[0] == ["a"]


def test_short_plain_answers_take_the_same_form_as_all_others() -> None:
    values = [0, -1, 2**62, -(2**62), 10**30, True, False, None, "", 'a"\\\n\x7f', "é", "\ud800", 1.5, -0.0]
    values += [float("inf"), 1e300, [], [1], [1, 2**70], ["a", "é"], [1, "a"], [True, None], [0.5, 1e9]]
    values += [[float("nan")], (1,), [[1]], "x" * 5000, [7] * 5000, {}]
    with talk("def f(x): return x") as conversation:
        f = conversation.stub("f")
        for value in values:
            assert repr(f(value)) == repr(value)
        assert conversation.calls == len(values)


def test_questions_of_all_kinds_in_turn() -> None:
    source = "def f(*x, **k): return [*x, k] if k else g(*x)\ndef g(*x): return len(x)\nh = None"
    with talk(source) as conversation:
        f = conversation.stub("f")
        for _ in range(3):
            assert f(1) == 1
            assert f(1, a=2) == [1, {"a": 2}]
            assert conversation.stub("g")() == 0
            assert conversation.names() == ["f", "g"]
            assert f("x" * 10_000) == 1
            with pytest.raises(TypeError):
                conversation.stub("h")()
            assert f([1] * 10_000, (2,)) == 2


def test_helper_functions_and_names() -> None:
    source = "import math\nfrom os import path\nK = 1\n"
    source += "def f(): return g()\ndef g(): return 7\ndef _h(): pass\nclass C: pass"
    with talk(source) as conversation:
        assert conversation.names() == ["f", "g", "_h", "C"]
        assert conversation.stub("g")() == 7
        with pytest.raises(NameError, match="name 'nothing' is not defined"):
            conversation.stub("nothing")()


def test_a_missing_entry_point_ends_the_exam() -> None:
    with talk("x = 1") as conversation, pytest.raises(Ended) as ended:
        conversation.stub("f")()
    assert ended.value.fault == "does not define 'f'"


RAISES = """
import json, decimal
class Bad(ValueError):
    def __init__(self, code, text):
        super().__init__(code, text)
    def __str__(self):
        return 'it is bad'
class Stop(StopIteration): pass
def f(k):
    if k == 0: raise Bad(3, 'x')
    if k == 1: raise KeyError('k')
    if k == 2: json.loads('{')
    if k == 3: raise Stop
    if k == 4: raise OSError(2, 'no')
    if k == 5:
        import unittest
        raise unittest.SkipTest('skip me')
    if k == 6: return next(iter(()))
"""


def test_exceptions_are_of_the_class_that_a_test_would_catch() -> None:

    with talk(RAISES) as conversation:
        f = conversation.stub("f")
        with pytest.raises(ValueError, match="it is bad") as bad:
            f(0)
        assert (type(bad.value).__name__, bad.value.args) == ("Bad", (3, "x"))
        with pytest.raises(KeyError) as key:
            f(1)
        assert key.value.args == ("k",)
        with pytest.raises(json.JSONDecodeError):
            f(2)
        with pytest.raises(RuntimeError, match="raised Stop"):
            f(3)
        with pytest.raises(FileNotFoundError):
            f(4)
        with pytest.raises(Exception, match="skip me") as skip:
            f(5)
        import unittest

        assert not isinstance(skip.value, unittest.SkipTest)
        with pytest.raises(RuntimeError):
            f(6)


GROUPS = """
class Many(ExceptionGroup): pass
class Odd(BaseExceptionGroup):
    def __new__(cls, *args): return BaseExceptionGroup.__new__(cls, 'odd', [ValueError(1)])
def f(k):
    if k == 0: raise ExceptionGroup('all', [ValueError('a'), TypeError('b')])
    if k == 1: raise Many('many', [ValueError('a')])
    if k == 2: raise Odd()
    if k == 3: raise BaseExceptionGroup('base', [KeyboardInterrupt()])
    if k == 4: raise Many('lock', [ValueError(__import__('threading').Lock())])
"""


def test_groups_of_exceptions() -> None:
    classes: dict[str, Any] = {"__name__": "examiner"}
    run("class Odd(ExceptionGroup): pass", classes)
    with talk(GROUPS) as conversation:
        conversation.classes = classes
        f = conversation.stub("f")
        with pytest.raises(ExceptionGroup) as plain:
            f(0)
        assert [type(error) for error in plain.value.exceptions] == [ValueError, TypeError]
        with pytest.raises(ExceptionGroup) as own:
            f(1)
        assert type(own.value).__name__ == "Many"
        assert str(own.value.exceptions[0]) == "a"
        with pytest.raises(BaseException, match="odd"):
            f(2)
        with pytest.raises(BaseExceptionGroup):
            f(3)
        with pytest.raises(Exception, match="lock"):
            f(4)


def test_the_examiners_own_exception_classes_are_used() -> None:
    classes: dict[str, Any] = {"__name__": "examiner"}
    run("class Bad(Exception): pass", classes)
    with talk(RAISES) as conversation:
        conversation.classes = classes
        with pytest.raises(classes["Bad"]):
            conversation.stub("f")(0)


@pytest.mark.parametrize(
    ("source", "fault", "tampered"),
    [
        ("def f(): return object()", "returned a value of type object, which is not plain data", False),
        ("import os\ndef f(): os._exit(0)", None, False),
        ("import os\ndef f(): os.write({fd}, b'\\0\\0\\0\\1x')", "wrote", True),
        ("import os\ndef f(): os.write({fd}, b'\\0\\0\\0\\5hello')", "wrote", True),
        ("import os\ndef f(): os.write({fd}, b'\\xff\\xff\\xff\\xff')", "wrote", True),
        ("import os\ndef f(): os.write({fd}, b'\\0\\0\\0\\x0b[\"value\",1]' * 3)", "wrote", True),
        ("import os\ndef f(): os.write({fd}, b'\\0\\0\\0\\x0b[\"other\",1]')", "wrote", True),
        ("import os\ndef f(): os.write({fd}, b'\\0\\0\\0\\x0e[\"ask\",0,[],1]')", "wrote", True),
        (
            'import os\ndef f(): os.write({fd}, b\'\\0\\0\\0\\x22["ask",0,[],{{"t":"dict","v":[]}}]\')',
            "wrote",
            True,
        ),
    ],
)
@pytest.mark.parametrize("flags", [{}, {"in_place": True}, {"handles": True}])
def test_whatever_breaks_the_rules_ends_the_exam(
    source: str, fault: str | None, tampered: bool, flags: dict[str, bool]
) -> None:
    if "object()" in source and "handles" in flags:
        return
    near, far = socket.socketpair()  # the next pair takes the same numbers
    number = far.fileno()
    near.close()
    far.close()
    with talk(source.format(fd=number), **flags) as conversation, pytest.raises(Ended) as ended:
        conversation.stub("f")()
    assert (ended.value.fault or "").startswith(fault or "")
    assert ended.value.tampered is tampered


def test_bytes_before_the_first_question_are_unasked() -> None:
    near, far = socket.socketpair()
    far.send(wire.frame(b'["value",1]'))
    with pytest.raises(Ended, match="unasked"):
        proxy.Conversation(near.fileno(), Report()).stub("f")()
    near.close()
    far.close()


def test_names_that_a_test_takes_from_the_program() -> None:
    text = "import os\ndef check(c):\n    x = helper(len(c))\n    return [y for y in other(os)]\nz = 1\nz"
    assert proxy.unknown_names(compile(text, "t", "exec")) == {"helper", "other"}
