"""What is asked of a sandbox and what it answers survives JSON, and nothing malformed is taken for either."""

from __future__ import annotations

import copy
import json
import string
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox import LocalSandbox
from ratchet.sandbox.backends import messages
from ratchet.sandbox.inside import wire
from ratchet.sandbox.languages import Unsplittable
from ratchet.sandbox.types import (
    CallOutcome,
    CallResult,
    ExamOutcome,
    Limits,
    Outcome,
    Program,
    Raised,
    Status,
)

SURROGATES = "".join(map(chr, (0xD83D, 0xDE00, 0x61)))
"""Two lone surrogates which JSON would join to one letter, and a letter."""
TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(codec=None), max_size=5),
    st.just(SURROGATES),
)
COUNTS = st.integers(0, 1 << 50)
SECONDS = st.floats(0, 1e9)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS | st.binary(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(TEXTS, inner, max_size=3)
        | st.frozensets(st.integers(), max_size=3)
    ),
    max_leaves=6,
)
PROGRAMS = st.builds(
    Program,
    source=TEXTS,
    language=st.sampled_from(["python", "cpp"]),
    stdin=TEXTS,
    files=st.dictionaries(TEXTS, TEXTS | st.binary(max_size=10), max_size=2),
    arguments=st.lists(TEXTS, max_size=2).map(tuple),
    packages=st.lists(TEXTS, max_size=2).map(tuple),
)
LIMITS = st.builds(
    Limits,
    wall_s=SECONDS,
    cpu_s=st.none() | SECONDS,
    memory_bytes=COUNTS,
    output_bytes=COUNTS,
    processes=COUNTS,
    open_files=COUNTS,
    disk_bytes=COUNTS,
)
PLAIN_OUTCOMES = st.builds(
    Outcome,
    status=st.sampled_from(Status),
    exit_code=st.none() | st.integers(0, 255),
    signal=st.none() | st.integers(1, 64),
    stdout=TEXTS,
    stderr=TEXTS,
    stdout_truncated=st.booleans(),
    stderr_truncated=st.booleans(),
    wall_s=SECONDS,
    cpu_s=SECONDS,
    peak_memory=COUNTS,
    memory_by=st.sampled_from(["rlimit", "cgroup v2"]),
    files=st.dictionaries(TEXTS, st.binary(max_size=10), max_size=2),
    reason=TEXTS,
)
OUTCOMES = st.builds(
    lambda outcome, compilation: replace(outcome, compilation=compilation),
    PLAIN_OUTCOMES,
    st.none() | PLAIN_OUTCOMES,
)
RESULTS = st.builds(
    CallResult,
    value=PLAIN,
    raised=st.none() | st.builds(Raised, TEXTS, TEXTS),
    arguments=st.none() | st.lists(PLAIN, max_size=3).map(tuple),
)
FAULTS = st.none() | TEXTS
CALL_OUTCOMES = st.builds(
    CallOutcome,
    outcome=OUTCOMES,
    results=st.lists(RESULTS, max_size=3).map(tuple),
    fault=FAULTS,
    tampered=st.booleans(),
)
EXAM_OUTCOMES = st.builds(
    ExamOutcome,
    passed=st.booleans(),
    detail=TEXTS,
    candidate=OUTCOMES,
    examiner=st.none() | OUTCOMES,
    calls=COUNTS,
    fault=FAULTS,
    tampered=st.booleans(),
)


class Recorder:
    """A sandbox that keeps what it was asked, and answers what it was told to."""

    slots = 1

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.asked: tuple[Any, ...] = ()

    def run(self, *given: Any, **options: Any) -> Any:
        return self._note(given, options)

    def call(self, *given: Any, **options: Any) -> Any:
        return self._note(given, options)

    def examine(self, *given: Any, **options: Any) -> Any:
        return self._note(given, options)

    def _note(self, given: tuple[Any, ...], options: dict[str, Any]) -> Any:
        self.asked = (*given, options)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None: ...


def across(message: Any) -> Any:
    """The message as it arrives, by a JSON library that writes UTF-8."""
    return json.loads(json.dumps(message, ensure_ascii=False).encode())


def performed(sandbox: Any, request: Any) -> Any:
    return across(messages.perform(sandbox, across(request)))


@given(PROGRAMS, LIMITS, st.none() | LIMITS, st.lists(TEXTS, max_size=3), OUTCOMES)
def test_a_run_crosses_both_ways(
    program: Program, limits: Limits, compile_limits: Limits | None, fetch: Sequence[str], outcome: Outcome
) -> None:
    there = Recorder(outcome)
    request = messages.request_run(program, limits, compile_limits=compile_limits, fetch=fetch)
    assert messages.outcome_of(performed(there, request)) == outcome
    assert there.asked == (program, limits, {"compile_limits": compile_limits, "fetch": fetch})


@given(
    PROGRAMS, TEXTS, st.lists(st.lists(PLAIN, max_size=3), max_size=3), LIMITS, st.booleans(), CALL_OUTCOMES
)
def test_calls_cross_both_ways(
    program: Program, name: str, calls: list[list[Any]], limits: Limits, in_place: bool, outcome: CallOutcome
) -> None:
    there = Recorder(outcome)
    request = messages.request_call(program, name, calls, limits, in_place=in_place)
    assert messages.call_outcome_of(performed(there, request)) == outcome
    assert there.asked == (program, name, calls, limits, {"in_place": in_place})


@given(
    PROGRAMS,
    TEXTS,
    PROGRAMS,
    LIMITS,
    st.fixed_dictionaries(dict.fromkeys(("in_process", "in_place", "handles"), st.booleans())),
    TEXTS,
    EXAM_OUTCOMES,
)
def test_an_exam_crosses_both_ways(
    candidate: Program,
    name: str,
    examiner: Program,
    limits: Limits,
    flags: dict[str, bool],
    declaration: str,
    outcome: ExamOutcome,
) -> None:
    there = Recorder(outcome)
    request = messages.request_examine(candidate, name, examiner, limits, declaration=declaration, **flags)
    assert messages.exam_outcome_of(performed(there, request)) == outcome
    assert there.asked == (candidate, name, examiner, limits, {**flags, "declaration": declaration})


VALUES = [
    [1, (2, "x"), {3: {4, 5}}],
    10**40,
    float("inf"),
    1 - 2j,
    Decimal("1.10"),
    Fraction(1, 3),
    date(2024, 2, 29),
    timedelta(days=1, microseconds=2),
    deque([1, 2], maxlen=3),
    Counter("abca"),
    OrderedDict([("b", 1), ("a", 2)]),
    defaultdict(list, {"a": [1]}),
    bytearray(b"xyz"),
    range(2, 9, 3),
    SURROGATES,
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_crosses_with_its_type(value: Any) -> None:
    outcome = CallOutcome(an_outcome(), (CallResult(value, arguments=(value,)), CallResult(value)))
    seen = messages.call_outcome_of(performed(Recorder(outcome), a_call()))
    for found in (seen.results[0].value, seen.results[0].arguments[0], seen.results[1].value):
        assert (type(found), found) == (type(value), value)


def test_arrays_and_frames_cross() -> None:
    array = numpy.arange(6, dtype="int16").reshape(2, 3)
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", None]})
    there = Recorder(CallOutcome(an_outcome(), (CallResult([array, frame]),)))
    seen = messages.call_outcome_of(performed(there, a_call(array, frame)))
    for found, table in (seen.results[0].value, there.asked[2][0]):
        assert found.dtype == array.dtype
        assert (found == array).all()
        pandas.testing.assert_frame_equal(table, frame)


PROGRAMS_OWN = [
    "import re\ndef f(): return re.match('(?P<a>.)(x)?', 'abc')",
    "import re\ndef f(): return re.compile('a+', re.I)",
    "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\ndef f(): return P([1])",
    "from collections import namedtuple\ndef f(): return namedtuple('P', 'x y')(1, [2])",
    "import enum\nclass C(enum.Enum):\n    RED = 1\ndef f(): return C.RED",
    "class E(ValueError): pass\ndef f(): return E('no', 3)",
    "def f(): return int, len",
]


@pytest.mark.parametrize("source", PROGRAMS_OWN)
def test_what_a_program_made_crosses_once_more_as_it_came(sandbox: LocalSandbox, source: str) -> None:
    here = sandbox.call(Program(source), "f", [()]).results[0].value
    there = messages.call_outcome_of(performed(sandbox, messages.request_call(Program(source), "f", [()])))
    found = there.results[0].value
    assert type(found).__name__ == type(here).__name__
    assert repr(found) == repr(here)
    assert wire.pack(found) == wire.pack(here)
    if hasattr(here, "groupdict"):
        assert (found.groups(), found.groupdict(), found.span()) == (
            here.groups(),
            here.groupdict(),
            here.span(),
        )


def test_an_object_passed_twice_is_one_object_there() -> None:
    there = Recorder(CallOutcome(an_outcome(), ()))
    shared = [1]
    performed(there, messages.request_call(Program(""), "f", [(shared, shared)], in_place=True))
    first, second = there.asked[2][0]
    assert first == [1]
    assert first is second


def test_an_argument_that_was_returned_is_still_the_argument() -> None:
    shared = [1]
    there = Recorder(CallOutcome(an_outcome(), (CallResult(shared, arguments=(shared,)),)))
    result = messages.call_outcome_of(performed(there, a_call())).results[0]
    assert result.value is result.arguments[0]


def test_the_same_is_seen_as_without_messages(sandbox: LocalSandbox) -> None:
    limits = Limits(wall_s=5)
    program = Program("def f(x):\n    x.append(SystemExit)\n    return x[0]")
    there = messages.call_outcome_of(
        performed(sandbox, messages.request_call(program, "f", [([1],), ((),)], limits, in_place=True))
    )
    here = sandbox.call(program, "f", [([1],), ((),)], limits, in_place=True)
    assert there.results == here.results
    assert there.results[0] == CallResult(1, arguments=([1, SystemExit],))
    assert there.results[1].raised.name == "AttributeError"
    ran = messages.outcome_of(performed(sandbox, messages.request_run(Program("print(input())", stdin="ü"))))
    assert (ran.status, ran.stdout) == (Status.OK, "ü\n")
    test = Program("assert f([3]) == 3\nassert f([4]) == 5")
    exam = messages.exam_outcome_of(performed(sandbox, messages.request_examine(program, "f", test)))
    assert not exam.passed
    assert exam.calls == 2
    assert exam.detail == sandbox.examine(program, "f", test).detail


@pytest.mark.parametrize("kind", [RatchetError, HarnessError, Unsplittable])
def test_an_error_is_raised_as_the_same_error(kind: type[Exception]) -> None:
    answer = performed(Recorder(kind(f"it is so{SURROGATES}.")), messages.request_run(Program("")))
    for read in (messages.outcome_of, messages.call_outcome_of, messages.exam_outcome_of):
        with pytest.raises(kind, match="it is so") as caught:
            read(answer)
        assert type(caught.value) is kind
        assert str(caught.value) == f"it is so{SURROGATES}."


def test_an_argument_that_is_not_plain_data_is_refused_here() -> None:
    with pytest.raises(RatchetError, match=r"an argument of a call is .* type lock"):
        a_call(__import__("threading").Lock())


def a_call(*arguments: Any) -> dict[str, Any]:
    return messages.request_call(Program(""), "f", [arguments])


def an_outcome() -> Outcome:
    return Outcome(Status.OK, 0, None, "", "", False, False, 0.1, 0.1, 1)


MALFORMED: list[tuple[Any, str]] = [
    ([], "the request must be a JSON object, not a list"),
    (None, "the request must be a JSON object, not null"),
    ({}, "the request has no 'do'"),
    ({"do": "eval"}, "the request.do must be one of run, call, examine, not 'eval'"),
    ({"do": []}, "the request.do must be a text, not a list"),
    ({"do": "run"}, "the request has no 'program'"),
    ({"do": "run", "program": {}}, "the request.program has no 'source'"),
    ({"do": "run", "program": {"source": 1}}, "program.source must be a text, not a number"),
    ({"do": "run", "program": {"source": "", "soruce": ""}}, "unknown key 'soruce'"),
    ({"do": "run", "program": {"source": ""}, "extra": 1}, "unknown key 'extra'"),
    ({"do": "run", "program": {"source": "", "files": {}}}, "files must be a list, not an object"),
    (
        {"do": "run", "program": {"source": "", "files": [{"path": "a"}]}},
        r"program.files\[0\] has no 'text'",
    ),
    (
        {"do": "run", "program": {"source": "", "files": [{"path": "a", "base64": "?"}]}},
        r"files\[0\].base64 is not base64",
    ),
    (
        {"do": "run", "program": {"source": "", "files": [{"path": "a", "text": "", "base64": ""}]}},
        "unknown key 'text'",
    ),
    ({"do": "run", "program": {"source": {"surrogates": "/w=="}}}, "not UTF-8 with surrogates"),
    (
        {"do": "run", "program": {"source": ""}, "limits": {"wall_s": "1"}},
        "wall_s must be a number, not a text",
    ),
    (
        {"do": "run", "program": {"source": ""}, "limits": {"processes": True}},
        "processes must be a whole number, not a truth value",
    ),
    ({"do": "run", "program": {"source": ""}, "limits": {"memory": 1}}, "unknown key 'memory'"),
    ({"do": "run", "program": {"source": ""}, "fetch": [1]}, r"fetch\[0\] must be a text, not a number"),
    ({"do": "call", "program": {"source": ""}, "entry_point": "f"}, "has no 'calls'"),
    (
        {"do": "call", "program": {"source": ""}, "entry_point": "f", "calls": ["AAAA"]},
        r"calls\[0\] is not plain data",
    ),
    (
        {"do": "call", "program": {"source": ""}, "entry_point": "f", "calls": ["MQ=="]},
        r"calls\[0\] must be a list, not a number",
    ),
    (
        {
            "do": "examine",
            "candidate": {"source": ""},
            "entry_point": "f",
            "examiner": {"source": ""},
            "handles": 1,
        },
        "handles must be true or false, not a number",
    ),
]


@pytest.mark.parametrize(("request_", "reason"), MALFORMED)
def test_a_malformed_request_is_refused_with_its_reason(request_: Any, reason: str) -> None:
    answer = messages.perform(Recorder(), request_)
    assert answer["error"]["kind"] == "input"
    with pytest.raises(RatchetError, match=reason):
        messages.outcome_of(answer)


def test_a_request_may_leave_out_what_has_a_default() -> None:
    there = Recorder(an_outcome())
    messages.perform(there, {"do": "run", "program": {"source": "1"}})
    assert there.asked == (Program("1"), Limits(), {"compile_limits": None, "fetch": []})


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def paths_in(tree: Any) -> list[tuple[Any, ...]]:
    """The way to every value in a JSON tree."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [(), *[(key, *path) for key, inner in items for path in paths_in(inner)]]


@given(CALL_OUTCOMES, st.data())
def test_an_answer_with_one_part_lost_or_changed_is_never_half_read(
    outcome: CallOutcome, data: st.DataObject
) -> None:
    answer = performed(Recorder(outcome), a_call())
    path = data.draw(st.sampled_from(paths_in(answer)[1:]))
    damaged = copy.deepcopy(answer)
    holder = damaged
    for key in path[:-1]:
        holder = holder[key]
    if data.draw(st.booleans()) and isinstance(holder, dict):
        del holder[path[-1]]
    else:
        holder[path[-1]] = data.draw(JSON_VALUES)
    try:
        seen = messages.call_outcome_of(damaged)
    except (HarnessError, RatchetError, Unsplittable):
        return
    assert messages.call_outcome_of(performed(Recorder(seen), a_call())) == seen


@given(JSON_VALUES)
def test_anything_else_is_no_answer(value: Any) -> None:
    for read in (messages.outcome_of, messages.call_outcome_of, messages.exam_outcome_of):
        with pytest.raises(HarnessError):
            read(value)
