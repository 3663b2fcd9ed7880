"""The tags of pandas: frames, series and indexes, column by column, and its single values.

A column crosses in the layout of Arrow: values in one block, absent ones in a
bitmap (lowest bit first, 1 where there is a value), texts as offsets into one block
of UTF-8, categories as a dictionary and codes. The block's envelope is our own, as
the bytes may come from a hostile program: Arrow's IPC reader is much C++ to trust,
and what pandas puts into its metadata has to be rebuilt from our own tags anyway.
pandas is imported only where a value of its is read; attributes (`attrs`) and
sparse, Arrow-typed and third-party columns do not cross.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

from .frames import MAX_FRAME, NotPlainError, WireError
from .wire_arrays import array_tree
from .wire_columns import (
    CLOSED,
    FREQUENCY,
    UNITS,
    column,
    frequency,
    ints,
    labels,
    labels_tree,
    numpy_here,
    one_of,
    pandas_here,
    period_name,
    read_column,
    want_column,
)
from .wire_values import READERS as VALUE_READERS
from .wire_values import Tree, Write, tag, want, zone_tree


def writer(value: Any) -> Write | None:
    """How to write `value`, if it is pandas' own."""
    pandas = sys.modules.get("pandas")
    if pandas is None or type(value).__module__.partition(".")[0] != "pandas":
        return None
    if not hasattr(pandas, "Interval"):  # it is being imported
        return None
    for name, write in _WRITERS:
        if isinstance(value, getattr(pandas, name)):
            return write
    if value is pandas.NaT or value is pandas.NA:
        return lambda value, depth, codec: tag("absent", str(value))
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        return column
    return None


# Writing


def _write_index(value: Any, depth: int, codec: Tree) -> Any:
    pandas = sys.modules["pandas"]
    names = codec.items(list(value.names), depth)
    if isinstance(value, pandas.RangeIndex):
        if len(value) > MAX_FRAME:
            raise NotPlainError(f"an index of {len(value)} numbers, over the limit of {MAX_FRAME}")
        return tag("index", ["range", names, value.start, value.stop, value.step])
    if isinstance(value, pandas.MultiIndex):
        levels = [labels_tree(level, depth + 1, codec) for level in value.levels]
        codes = [array_tree(pandas.Series(code).to_numpy(), depth, codec) for code in value.codes]
        return tag("index", ["multi", names, levels, codes])
    regular = isinstance(value, pandas.DatetimeIndex | pandas.TimedeltaIndex)
    freq = _frequency_name(value.freq) if regular and value.freq is not None else None
    return tag("index", ["column", names, column(value.array, depth, codec), freq])


def _frequency_name(freq: Any) -> str | None:
    """What a frequency is called; None where the name does not tell all of it."""
    name = str(freq.freqstr)
    offset = importlib.import_module("pandas.tseries.frequencies").to_offset
    try:
        return name if FREQUENCY.fullmatch(name) and offset(name) == freq else None
    except ValueError:
        return None


def _write_series(value: Any, depth: int, codec: Tree) -> Any:
    index = _write_index(value.index, depth, codec)
    return tag("series", [codec.tree(value.name, depth), index, column(value.array, depth, codec)])


def _write_frame(value: Any, depth: int, codec: Tree) -> Any:
    heads = [_write_index(index, depth, codec) for index in (value.columns, value.index)]
    columns = [column(value.iloc[:, i].array, depth, codec) for i in range(value.shape[1])]
    return tag("frame", [*heads, columns])


def _write_timestamp(value: Any, depth: int, codec: Tree) -> Any:
    ticks = codec.tree(int(value.asm8.astype("int64")), depth)
    return tag("timestamp", [ticks, _unit(value), zone_tree(value.tzinfo, value), value.fold])


def _write_delta(value: Any, depth: int, codec: Tree) -> Any:
    return tag("delta", [codec.tree(int(value.asm8.astype("int64")), depth), _unit(value)])


def _unit(value: Any) -> str:
    """What a moment's ticks are: before pandas 2.0 all are nanoseconds."""
    return str(getattr(value, "unit", "ns"))


def _write_period(value: Any, depth: int, codec: Tree) -> Any:
    return tag("period", [value.ordinal, period_name(sys.modules["pandas"].PeriodDtype(value.freq))])


_WRITERS: tuple[tuple[str, Write], ...] = (
    ("DataFrame", _write_frame),
    ("Series", _write_series),
    ("Index", _write_index),
    ("Timestamp", _write_timestamp),
    ("Timedelta", _write_delta),
    ("Period", _write_period),
    (
        "Interval",
        lambda value, depth, codec: tag(
            "interval", [codec.tree(value.left, depth), codec.tree(value.right, depth), value.closed]
        ),
    ),
)


# Reading


def _read_index(parts: Any) -> Any:
    pandas = pandas_here()
    kind, names, *rest = want(parts, list)
    if kind == "range":
        made = pandas.RangeIndex(*(want(part, int) for part in rest))
        if len(made) > MAX_FRAME:
            raise WireError("an index that is longer than any column")
    elif kind == "multi":
        levels, codes = rest
        levels = [labels(level) for level in want(levels, list)]
        made = pandas.MultiIndex(levels=levels, codes=[ints(code) for code in want(codes, list)])
    else:
        column, freq = rest
        values = want_column(column)
        made = pandas.Index(values, dtype=values.dtype)
        if freq is not None:
            if not isinstance(made, pandas.DatetimeIndex | pandas.TimedeltaIndex):
                raise WireError("a frequency of what has none")
            made.freq = frequency(freq)
    made.names = want(names, list)
    return made


def _series_of(values: Any, index: Any) -> Any:
    pandas = pandas_here()
    if not isinstance(index, pandas.Index) or len(index) != len(values):
        raise WireError("an index that does not fit its column")
    return pandas.Series(values, index=index, dtype=values.dtype)


def _read_series(parts: Any) -> Any:
    name, index, column = want(parts, list, 3)
    made = _series_of(want_column(column), index)
    made.name = name
    return made


def _read_frame(parts: Any) -> Any:
    pandas = pandas_here()
    heads, index, columns = want(parts, list, 3)
    if not isinstance(heads, pandas.Index) or len(heads) != len(want(columns, list)):
        raise WireError("a frame with the wrong number of columns")
    if not isinstance(index, pandas.Index):
        raise WireError("a frame without an index")
    series = {number: _series_of(want_column(column), index) for number, column in enumerate(columns)}
    made = pandas.DataFrame(series, index=index)
    made.columns = heads
    return made


def _read_timestamp(parts: Any) -> Any:
    numpy, pandas = numpy_here(), pandas_here()
    ticks, unit, zone, fold = want(parts, list, 4)
    made = pandas.Timestamp(numpy.datetime64(want(ticks, int), one_of(unit, UNITS)))
    if zone is not None:
        made = made.tz_localize("UTC").tz_convert(VALUE_READERS["zone"](zone))
    return made if not want(fold, int) else made.replace(fold=1)


def _read_delta(parts: Any) -> Any:
    numpy, pandas = numpy_here(), pandas_here()
    ticks, unit = want(parts, list, 2)
    return pandas.Timedelta(numpy.timedelta64(want(ticks, int), one_of(unit, UNITS)))


def _read_absent(parts: Any) -> Any:
    pandas = pandas_here()
    return {"NaT": pandas.NaT, "<NA>": pandas.NA}[want(parts, str)]


def _read_one_period(parts: Any) -> Any:
    pandas = pandas_here()
    ordinal, freq = want(parts, list, 2)
    return pandas.Period(ordinal=want(ordinal, int), freq=frequency(freq))


def _read_one_interval(parts: Any) -> Any:
    pandas = pandas_here()
    left, right, closed = want(parts, list, 3)
    return pandas.Interval(left, right, closed=one_of(closed, CLOSED))


READERS: dict[str, Callable[[Any], Any]] = {
    "frame": _read_frame,
    "series": _read_series,
    "index": _read_index,
    "column": read_column,
    "timestamp": _read_timestamp,
    "delta": _read_delta,
    "absent": _read_absent,
    "period": _read_one_period,
    "interval": _read_one_interval,
}
