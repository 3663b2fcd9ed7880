"""The conversation itself, between two real processes: calls, exceptions, arguments in place."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
from collections import OrderedDict, defaultdict, deque
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.sandbox.backends.talks import Answers
from ratchet.sandbox.inside import answering, proxy, wire
from ratchet.sandbox.inside.wire_shared import Mirror
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
    import json

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


IN_PLACE = """
def f(x, *more):
    if isinstance(x, list): x.sort(key=str); x.append('end')
    elif isinstance(x, dict): x.pop('a', None); x['z'] = [1]
    elif isinstance(x, set): x.add(99)
    elif isinstance(x, bytearray): x[0:0] = b'!'
    elif hasattr(x, 'popleft'): x.appendleft(0)
    elif hasattr(x, 'fill'): x.fill(7)
    return x
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([3, 1], [1, 3, "end"]),
        ({"a": 1}, {"z": [1]}),
        (OrderedDict(b=1, a=2), OrderedDict(b=1, z=[1])),
        (defaultdict(list, a=[2]), {"z": [1]}),
        ({1}, {1, 99}),
        (bytearray(b"ab"), bytearray(b"!ab")),
        (deque([1], 3), deque([0, 1], 3)),
    ],
)
def test_arguments_are_changed_in_place(before: Any, after: Any) -> None:
    kind = type(before)
    with talk(IN_PLACE, in_place=True) as conversation:
        result = conversation.stub("f")(before)
    assert before == after
    assert type(before) is kind
    assert result is before


def test_an_array_is_changed_in_place() -> None:
    array = np.zeros((2, 2))
    with talk(IN_PLACE, in_place=True) as conversation:
        assert conversation.stub("f")(array) is array
    assert array.tolist() == [[7, 7], [7, 7]]


def test_a_frame_is_changed_in_place() -> None:
    pd = pytest.importorskip("pandas", reason="needs pandas: pip install pandas")
    frame, series = pd.DataFrame({"a": [2, 1]}), pd.Series([1, 2], name="s")
    source = """
def f(frame, series):
    frame['b'] = frame['a'] * 2
    frame.drop(index=0, inplace=True)
    series[0] = 9
"""
    with talk(source, in_place=True) as conversation:
        assert conversation.stub("f")(frame, series) is None
    pd.testing.assert_frame_equal(frame, pd.DataFrame({"a": [1], "b": [2]}, index=[1]))
    assert series.tolist() == [9, 2]
    assert series.name == "s"


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(max_size=2), inner, max_size=3)
            | st.tuples(inner, inner)
            | st.sets(st.integers(), max_size=3)
        ),
        max_leaves=12,
    )
)
def test_what_is_not_changed_stays_the_same_object(value: Any) -> None:
    asker, answerer = Mirror(), Mirror()
    question = [[value, value], {}]
    before = repr(value)
    (first, second), _ = answerer.unpack_question(asker.pack_question(question))
    assert first == second == value
    mine = list(asker.objects)
    reply = asker.unpack_answer(answerer.pack_answer(["value", [first]]))
    assert reply == ["value", [value]]
    assert all(a is b for a, b in zip(mine, asker.objects, strict=True))
    assert repr(value) == before
    if type(value) in (list, dict, set):
        assert first is second
        assert reply[1][0] is value


tags = st.sampled_from(["see", "at", "dict", "set", "tuple"])


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.integers(-2, 5) | st.just([]) | st.text(max_size=2),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.builds(
                lambda t, v: {"t": t, "v": v}, st.sampled_from(["see", "at", "dict", "set", "tuple"]), inner
            )
        ),
        max_leaves=15,
    )
)
def test_hostile_answers_about_arguments(held: Any) -> None:
    asker = Mirror()
    value: list[Any] = [[1], {"a": 2}]
    asker.pack_question([[value], {}])
    count = len(asker.objects)
    with contextlib.suppress(wire.WireError):
        asker.unpack_answer(json.dumps(["value", None, held]).encode())
    assert len(asker.objects) == count


def test_questions_of_the_supervisor_in_place() -> None:
    asked = [([3, 1],), ([2], {"k": [1]}), ("x",)]
    questions = [Answers.question(args, in_place=True) for args in asked]
    near, far = socket.socketpair()
    if (child := os.fork()) == 0:
        namespace: dict[str, Any] = {}
        run("def f(x, y=None):\n    x.sort()\n    if y: y['k'].append(x)\n    return x", namespace)
        near.close()
        answering.serve(namespace, "f", far.fileno(), in_place=True, handles=False)
        os._exit(0)
    far.close()
    near.setblocking(False)
    over: list[bool] = []
    answers = Answers(near, questions, "f", lambda: over.append(True), in_place=True)
    try:
        while not over:
            poll = select.poll()
            poll.register(near, answers.talk.events())
            for _, events in poll.poll(5000):
                answers.talk.on_ready(events)
    finally:
        near.close()
        os.waitpid(child, 0)
    assert [result.value for result in answers.results] == [[1, 3], [2], None]
    assert answers.arguments == [([1, 3],), ([2], {"k": [1, [2]]}), None]
    assert asked[0] == ([3, 1],)
    assert answers.results[2].raised is not None
    assert not answers.tampered


def test_without_being_asked_nothing_is_changed() -> None:
    before = [2, 1]
    with talk(IN_PLACE) as conversation:
        assert conversation.stub("f")(before) == [1, 2, "end"]
    assert before == [2, 1]


def test_what_was_one_object_stays_one() -> None:
    inner, twice = [1], [2]
    outer = [twice, inner]
    source = """
def f(outer, a, b):
    assert a is b and outer[0] is a
    a.append(3)
    outer.reverse()
    outer.append([5])
    return [a, outer]
"""
    with talk(source, in_place=True) as conversation:
        result = conversation.stub("f")(outer, twice, twice)
    assert outer == [[1], [2, 3], [5]]
    assert outer[0] is inner
    assert outer[1] is twice
    assert result[0] is twice
    assert result[1] is outer


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    x.append(x)",
        "def f(*xs):\n    for a, b in zip(xs, xs[1:]): a[:] = [b, b]",
        "def f(x):\n    x.append({1: (x,)})",
    ],
)
def test_arguments_that_never_end_are_refused(source: str) -> None:
    with talk(source, in_place=True) as conversation, pytest.raises(Ended, match="no answer"):
        conversation.stub("f")(*([] for _ in range(60 if "*" in source else 1)))


def test_an_exception_leaves_the_arguments_alone_and_the_talk_goes_on() -> None:
    with talk("def f(x):\n    x.append(1)\n    return 1 / len(x[1:])", in_place=True) as conversation:
        x: list[int] = []
        with pytest.raises(ZeroDivisionError):
            conversation.stub("f")(x)
        assert conversation.stub("f")([5]) == 1


def test_names_that_a_test_takes_from_the_program() -> None:
    text = "import os\ndef check(c):\n    x = helper(len(c))\n    return [y for y in other(os)]\nz = 1\nz"
    assert proxy.unknown_names(compile(text, "t", "exec")) == {"helper", "other"}
