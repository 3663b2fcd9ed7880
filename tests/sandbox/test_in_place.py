"""Arguments that are changed in place, and what two of them share, between two real processes."""

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
from ratchet.sandbox.inside import answering, wire
from ratchet.sandbox.inside.wire_shared import Mirror
from tests.sandbox.talking import Ended, run, talk

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


def test_an_array_takes_another_shape_in_place() -> None:
    source = "def f(x, y):\n    x.shape = (3, 2)\n    y.shape = (1, 2)\n    y[0, 1] = 9"
    whole, base = np.arange(6).reshape(2, 3), np.arange(4)
    view = base[1:3]
    with talk(source, in_place=True) as conversation:
        conversation.stub("f")(whole, view)
    assert whole.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert (view.tolist(), base.tolist()) == ([[1, 9]], [0, 1, 9, 3])


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
