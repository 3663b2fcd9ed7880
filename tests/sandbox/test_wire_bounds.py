"""What is too much for the reader: refused in time by it, and by the writer before it is sent."""

from __future__ import annotations

import array
import re
import sys
import time
import types
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from ratchet.sandbox.backends import talks
from ratchet.sandbox.inside import wire
from ratchet.sandbox.inside.records import Pattern, Record, fields_of


def numbered(form: bytes, count: int) -> bytes:
    return b"[%s]" % b",".join(form.replace(b"@", b"%d" % i) for i in range(count))


FRAME = b'{"t":"frame","v":[@,@,[]]}'.replace(
    b"@", b'{"t":"index","v":["column",[null],{"t":"ndarray","v":["<i8",[0],""]},null]}'
)


@pytest.mark.parametrize(
    ("form", "count"),
    [
        (FRAME, 20_000),
        (b'{"t":"exception","v":["E@","ValueError",[],""]}', 100_000),
        (b'{"t":"timestamp","v":[@,"s",["Europe/Berlin",null,null],0]}', 100_000),
        (b'{"t":"period","v":[1,"1@D"]}', 100_000),
        (b'{"t":"long fraction","v":[{"t":"int","v":"0x%s"},3]}' % (b"f" * 9000), 1000),
        (b'{"t":"tuple","v":[]}', 1_250_000),
    ],
)
def test_much_work_in_few_bytes_is_refused_in_time(form: bytes, count: int) -> None:
    pytest.importorskip("pandas", reason="needs pandas: pip install pandas")
    payload = numbered(form, count)
    started = time.process_time()
    with pytest.raises(wire.WireError, match="too long to read"):
        wire.unpack(payload)
    assert time.process_time() - started < 10  # about 1 where nothing else runs


def test_zones_that_do_not_exist_cost_nothing() -> None:
    payload = numbered(b'{"t":"zone","v":["Nowhere/@",3600,null]}', 20_000)
    started = time.process_time()
    zones = wire.unpack(payload)
    assert zones[0].utcoffset(None).total_seconds() == 3600
    assert time.process_time() - started < 1


def test_patterns_are_not_compiled() -> None:
    text = "[\\u0001-\\uffff]" * 650
    payload = b'{"t":"pattern","v":["%s",32]}' % text.encode("ascii")
    started = time.process_time()
    pattern = wire.unpack(payload)
    assert type(pattern) is Pattern
    assert len(pattern.pattern) == len(text.encode().decode("unicode_escape"))
    assert time.process_time() - started < 0.5


def test_patterns_are_equal_by_text_and_flags() -> None:
    compiled = re.compile("a", re.IGNORECASE)
    back = wire.unpack(wire.pack(compiled))
    assert back == compiled
    assert compiled == back
    assert back != re.compile("a")
    assert back != re.compile(b"a", re.IGNORECASE)
    assert wire.unpack(wire.pack(back)) == back
    assert len({back, wire.unpack(wire.pack(compiled))}) == 1


class Words(list):  # type: ignore[type-arg]
    def __hash__(self) -> int:  # type: ignore[override]
        return 1


def many_fields() -> Any:
    return np.zeros(1, [(f"f{i}", "i1") for i in range(1001)])


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fraction(3**60000, 2**70000),
        lambda: Decimal("1" * 10_001),
        lambda: 1 << (9 << 20),
        lambda: {i * (2**61 - 1): i for i in range(100)},
        lambda: {(i * (2**61 - 1),) for i in range(100)},
        lambda: {Words("ab"): 1},
        lambda: {Words("ab")},
        lambda: types.SimpleNamespace(**{"a b": 1}),
        lambda: types.SimpleNamespace(__len__=1),
        lambda: types.SimpleNamespace(**{"a" * 201: 1}),
        lambda: array.array("u", "ab"),
        lambda: np.zeros(3, [("a", "i4"), ("b", "i4")]).view(np.ma.MaskedArray),
        lambda: np.zeros((1,) * 40),
        lambda: np.zeros(3, np.dtype([])),
        many_fields,
        pytest.param(lambda: [()] * 1_300_000, marks=pytest.mark.slow),
        lambda: [ValueError()] * 20_000,
    ],
)
def test_the_writer_refuses_what_the_reader_would(make: Callable[[], Any]) -> None:
    try:
        value = make()
    except ValueError:
        pytest.skip("this numpy cannot make it either")
    with pytest.raises(wire.NotPlainError):
        wire.pack(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fraction(3**40000, 2**65000),
        lambda: Fraction(3**40, 2**500),
        lambda: Decimal("1" * 10_000),
        lambda: 1 << (8 << 20) - 20,
        lambda: {i * (2**61 - 1): i for i in range(64)},
        lambda: [(i, i) for i in range(100_000)],
        lambda: {(i, str(i)): i for i in range(10_000)},
        lambda: set(range(100_000)),
        lambda: {-1, -2, *range(1000)},
        lambda: {1.5 * i for i in range(1000)},
        lambda: [Decimal(i) for i in range(10_000)],
    ],
)
def test_what_is_within_the_bounds_crosses(make: Callable[[], Any]) -> None:
    value = make()
    assert wire.unpack(wire.pack(value)) == value


def test_frames_that_need_care_cross_or_are_refused() -> None:
    pd = pytest.importorskip("pandas", reason="needs pandas: pip install pandas")
    ranged = pd.MultiIndex.from_arrays([pd.RangeIndex(4), pd.RangeIndex(4)])
    for value in (
        pd.Series(range(4), index=ranged),
        pd.Series(pd.Categorical.from_codes([0, 1], categories=pd.RangeIndex(2))),
        pd.Series([1, 2], index=pd.date_range("2020", periods=2, freq=pd.DateOffset(days=1, hours=2))),
        pd.Series([1, 2], index=pd.date_range("2020", periods=2, freq="QS-OCT")),
        pd.Series([1, 2], index=pd.interval_range(0, 2)),
    ):
        assert wire.unpack(wire.pack(value)).equals(value)
    with pytest.raises(wire.NotPlainError):
        wire.pack(pd.RangeIndex(1 << 30))
    labels = b'{"t":"index","v":["range",[null],0,1048576,1]}'
    codes = b'{"t":"ndarray","v":["|i1",[0],""]}'
    with pytest.raises(wire.WireError, match="labels"):
        wire.unpack(b'{"t":"column","v":["dictionary",%s,%s,false]}' % (codes, labels))


def test_an_import_that_fails_is_a_wire_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(wire.WireError, match="import"):
        wire.unpack(b'{"t":"tensor","v":["float32",{"t":"ndarray","v":["<f4",[0],""]}]}')


def test_the_supervisor_imports_no_torch_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    numbers = wire.pack(np.array([1.0, 2.0], "f4")).decode()
    halves = wire.pack(np.array([0x3F80, 0x4000], "i2")).decode()
    answer = f'[{{"t":"tensor","v":["float32",{numbers}]}},{{"t":"tensor","v":["bfloat16",{halves}]}}]'
    for tensor in talks.read(answer.encode()):
        assert tensor.dtype == np.float32
        assert tensor.tolist() == [1.0, 2.0]
    assert "torch" not in sys.modules


@pytest.mark.parametrize("folder", ["/packages/0", "/x/lib/python3.11/site-packages"])
def test_objects_of_libraries_are_no_records(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("somelibrary")
    module.__file__ = f"{folder}/somelibrary/__init__.py"
    exec("class Thing:\n    def __init__(self): self.a = 1", module.__dict__)
    monkeypatch.setitem(sys.modules, "somelibrary", module)
    assert fields_of(module.Thing()) is None
    module.__file__ = "/work/somelibrary.py"
    assert fields_of(module.Thing()) == {"a": 1}


def test_records_hash_by_what_can_be_hashed() -> None:
    listed = Record("P", [("x", 1), ("y", [1])])
    assert hash(listed) == hash(Record("P", [("x", 1), ("y", [1])]))
    assert len({listed, Record("P", [("x", 1), ("y", [2])])}) == 2
