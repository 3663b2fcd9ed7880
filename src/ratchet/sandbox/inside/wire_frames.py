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
import re
import sys
from collections.abc import Callable
from typing import Any

from .frames import MAX_FRAME, NotPlainError, WireError
from .wire_arrays import array_tree
from .wire_values import READERS as VALUE_READERS
from .wire_values import Tree, Write, from_base64, tag, to_base64, want, zone_tree

_MASKED = re.compile(r"U?Int(8|16|32|64)|Float(32|64)|boolean")
_MAX_LABELS = 1 << 20
_UNITS = ("s", "ms", "us", "ns")
_FREQUENCY = re.compile(r"[A-Za-z0-9.+-]{1,40}")
_CLOSED = ("left", "right", "both", "neither")


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
        return lambda value, depth, codec: tag("extension", _column(value, depth, codec))
    return None


# Writing


def _column(array: Any, depth: int, codec: Tree) -> list[Any]:
    """Kind and parts of one column."""
    pandas = sys.modules["pandas"]
    kind = type(array.dtype).__name__
    if isinstance(array.dtype, pandas.StringDtype):
        return ["string", array.dtype.storage, array.dtype.na_value is pandas.NA, *_strings(array)]
    if _MASKED.fullmatch(str(array.dtype)) and hasattr(array, "_mask"):
        values = array.to_numpy(dtype=array.dtype.numpy_dtype, na_value=array.dtype.numpy_dtype.type(0))
        return ["masked", str(array.dtype), array_tree(values, depth, codec), _bitmap(~array.isna())]
    if kind == "CategoricalDtype":
        categories = _write_index(array.categories, depth + 1, codec)
        return ["dictionary", array_tree(array.codes, depth, codec), categories, bool(array.ordered)]
    if kind == "DatetimeTZDtype":
        values = array.astype("int64") if not hasattr(array, "asi8") else array.asi8
        return ["zoned", array.dtype.unit, array_tree(values, depth, codec), zone_tree(array.dtype.tz, None)]
    if kind == "PeriodDtype":
        return ["period", _period_name(array.dtype), array_tree(array.asi8, depth, codec)]
    if kind == "IntervalDtype":
        ends = [_write_index(end, depth + 1, codec) for end in (array.left, array.right)]
        return ["interval", array.closed, *ends]
    if not isinstance(array, pandas.arrays.NumpyExtensionArray) and kind not in _NUMPY_TYPES:
        raise NotPlainError(f"a column of dtype {array.dtype}, which is not plain data")
    return ["numpy", array_tree(array.to_numpy(), depth, codec)]


_NUMPY_TYPES = ("DateTime64DType", "TimeDelta64DType")


def _strings(array: Any) -> list[Any]:
    numpy = sys.modules["numpy"]
    present = ~array.isna()
    blocks = [
        str(item).encode("utf-8", "surrogatepass") if there else b""
        for item, there in zip(array, present, strict=True)
    ]
    offsets = numpy.zeros(len(blocks) + 1, "<i8")
    numpy.cumsum([len(block) for block in blocks], out=offsets[1:])
    return [to_base64(offsets.tobytes()), to_base64(b"".join(blocks)), _bitmap(present)]


def _bitmap(present: Any) -> str:
    numpy = sys.modules["numpy"]
    return to_base64(numpy.packbits(numpy.asarray(present, bool), bitorder="little").tobytes())


def _write_index(value: Any, depth: int, codec: Tree) -> Any:
    pandas = sys.modules["pandas"]
    names = codec.items(list(value.names), depth)
    if isinstance(value, pandas.RangeIndex):
        return tag("index", ["range", names, value.start, value.stop, value.step])
    if isinstance(value, pandas.MultiIndex):
        levels = [_write_index(level, depth + 1, codec) for level in value.levels]
        codes = [array_tree(pandas.Series(code).to_numpy(), depth, codec) for code in value.codes]
        return tag("index", ["multi", names, levels, codes])
    regular = isinstance(value, pandas.DatetimeIndex | pandas.TimedeltaIndex)
    freq = value.freqstr if regular else None
    return tag("index", ["column", names, _column(value.array, depth, codec), freq])


def _write_series(value: Any, depth: int, codec: Tree) -> Any:
    index = _write_index(value.index, depth, codec)
    return tag("series", [codec.tree(value.name, depth), index, _column(value.array, depth, codec)])


def _write_frame(value: Any, depth: int, codec: Tree) -> Any:
    heads = [_write_index(index, depth, codec) for index in (value.columns, value.index)]
    columns = [_column(value.iloc[:, i].array, depth, codec) for i in range(value.shape[1])]
    return tag("frame", [*heads, columns])


def _write_timestamp(value: Any, depth: int, codec: Tree) -> Any:
    ticks = int(value.asm8.astype("int64"))
    return tag(
        "timestamp", [codec.tree(ticks, depth), value.unit, zone_tree(value.tzinfo, value), value.fold]
    )


def _write_delta(value: Any, depth: int, codec: Tree) -> Any:
    return tag("delta", [codec.tree(int(value.asm8.astype("int64")), depth), value.unit])


def _write_period(value: Any, depth: int, codec: Tree) -> Any:
    return tag("period", [value.ordinal, _period_name(sys.modules["pandas"].PeriodDtype(value.freq))])


def _period_name(dtype: Any) -> str:
    """The frequency as periods name it: that of dates has other names for some."""
    return str(dtype.name).removeprefix("period[").removesuffix("]")


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


def _pandas() -> Any:
    return importlib.import_module("pandas")


def _numpy() -> Any:
    return importlib.import_module("numpy")


def _one_of(parts: Any, allowed: tuple[str, ...]) -> str:
    if parts not in allowed:
        raise WireError("a part that is none of those that are known")
    return str(parts)


def _frequency(parts: Any) -> str:
    if not _FREQUENCY.fullmatch(want(parts, str)):
        raise WireError("a malformed frequency")
    return str(parts)


def _ints(part: Any) -> Any:
    numpy = _numpy()

    if type(part) is not numpy.ndarray or part.dtype.kind != "i" or part.ndim != 1:
        raise WireError("a part that is not a row of integers")
    return part


def _present(parts: Any, length: int) -> Any:
    numpy = _numpy()

    raw = from_base64(parts)
    if len(raw) != (length + 7) // 8:
        raise WireError("a bitmap that does not fit its column")
    return numpy.unpackbits(numpy.frombuffer(raw, "u1"), count=length, bitorder="little").astype(bool)


def _read_string(parts: list[Any]) -> Any:
    numpy, pandas = _numpy(), _pandas()

    storage, na, offsets, data, bitmap = parts
    ends = numpy.frombuffer(from_base64(offsets), "<i8")
    raw = from_base64(data)
    if not len(ends) or ends[0] != 0 or ends[-1] != len(raw) or (numpy.diff(ends) < 0).any():
        raise WireError("offsets that do not fit their texts")
    present = _present(bitmap, len(ends) - 1)
    bounds = ends.tolist()
    texts: list[str | None] = [
        raw[start:end].decode("utf-8", "surrogatepass") if there else None
        for start, end, there in zip(bounds, bounds[1:], present.tolist(), strict=False)
    ]
    kind = pandas.StringDtype(
        _one_of(storage, ("python", "pyarrow")), na_value=pandas.NA if na else numpy.nan
    )
    return pandas.array(texts, dtype=kind)


def _read_masked(parts: list[Any]) -> Any:
    numpy, pandas = _numpy(), _pandas()

    name, values, bitmap = parts
    if not _MASKED.fullmatch(want(name, str)) or type(values) is not numpy.ndarray or values.ndim != 1:
        raise WireError("a malformed column")
    kind = {"b": pandas.arrays.BooleanArray, "f": pandas.arrays.FloatingArray}
    made = kind.get(values.dtype.kind, pandas.arrays.IntegerArray)(values, ~_present(bitmap, len(values)))
    if str(made.dtype) != name:
        raise WireError("a column of another type than it says")
    return made


def _read_dictionary(parts: list[Any]) -> Any:
    pandas = _pandas()

    codes, categories, ordered = parts
    categories = _labels(categories)
    return pandas.Categorical.from_codes(
        _ints(codes), categories=categories, ordered=bool(want(ordered, bool))
    )


def _labels(index: Any) -> Any:
    """An index that codes refer to: pandas writes out even a range that was sent as three numbers."""
    if not isinstance(index, _pandas().Index) or len(index) > _MAX_LABELS:
        raise WireError("labels that are no index, or too many")
    return index


def _read_zoned(parts: list[Any]) -> Any:
    pandas = _pandas()

    unit, values, zone = parts
    moments = pandas.DatetimeIndex(_ints(values).view(f"M8[{_one_of(unit, _UNITS)}]"))
    return moments.tz_localize("UTC").tz_convert(VALUE_READERS["zone"](zone)).array


def _read_period(parts: list[Any]) -> Any:
    pandas = _pandas()

    freq, values = parts
    return pandas.PeriodIndex.from_ordinals(_ints(values), freq=_frequency(freq)).array


def _read_interval(parts: list[Any]) -> Any:
    pandas = _pandas()

    closed, left, right = parts
    return pandas.arrays.IntervalArray.from_arrays(
        _labels(left), _labels(right), closed=_one_of(closed, _CLOSED)
    )


def _read_numpy(parts: list[Any]) -> Any:
    numpy = _numpy()

    (values,) = parts
    if type(values) is not numpy.ndarray or values.ndim != 1 or values.dtype.names is not None:
        raise WireError("a malformed column")
    return values


_COLUMNS: dict[str, Callable[[list[Any]], Any]] = {
    "string": _read_string,
    "masked": _read_masked,
    "dictionary": _read_dictionary,
    "zoned": _read_zoned,
    "period": _read_period,
    "interval": _read_interval,
    "numpy": _read_numpy,
}


def _read_column(parts: Any) -> Any:
    kind, *rest = want(parts, list)
    return _COLUMNS[want(kind, str)](rest)


def _read_index(parts: Any) -> Any:
    pandas = _pandas()

    kind, names, *rest = want(parts, list)
    if kind == "range":
        made = pandas.RangeIndex(*(want(part, int) for part in rest))
        if len(made) > MAX_FRAME:
            raise WireError("an index that is longer than any column")
    elif kind == "multi":
        levels, codes = rest
        levels = [_labels(level) for level in want(levels, list)]
        made = pandas.MultiIndex(levels=levels, codes=[_ints(code) for code in want(codes, list)])
    else:
        column, freq = rest
        values = _read_column(column)
        made = pandas.Index(values, dtype=values.dtype)
        if freq is not None:
            if not isinstance(made, pandas.DatetimeIndex | pandas.TimedeltaIndex):
                raise WireError("a frequency of what has none")
            made.freq = _frequency(freq)
    made.names = want(names, list)
    return made


def _series_of(values: Any, index: Any) -> Any:
    pandas = _pandas()

    if not isinstance(index, pandas.Index) or len(index) != len(values):
        raise WireError("an index that does not fit its column")
    return pandas.Series(values, index=index, dtype=values.dtype)


def _read_series(parts: Any) -> Any:
    name, index, column = want(parts, list, 3)
    made = _series_of(_read_column(column), index)
    made.name = name
    return made


def _read_frame(parts: Any) -> Any:
    pandas = _pandas()

    heads, index, columns = want(parts, list, 3)
    if not isinstance(heads, pandas.Index) or len(heads) != len(want(columns, list)):
        raise WireError("a frame with the wrong number of columns")
    if not isinstance(index, pandas.Index):
        raise WireError("a frame without an index")
    series = {number: _series_of(_read_column(column), index) for number, column in enumerate(columns)}
    made = pandas.DataFrame(series, index=index)
    made.columns = heads
    return made


def _read_timestamp(parts: Any) -> Any:
    numpy, pandas = _numpy(), _pandas()

    ticks, unit, zone, fold = want(parts, list, 4)
    made = pandas.Timestamp(numpy.datetime64(want(ticks, int), _one_of(unit, _UNITS)))
    if zone is not None:
        made = made.tz_localize("UTC").tz_convert(VALUE_READERS["zone"](zone))
    return made if not want(fold, int) else made.replace(fold=1)


def _read_delta(parts: Any) -> Any:
    numpy, pandas = _numpy(), _pandas()

    ticks, unit = want(parts, list, 2)
    return pandas.Timedelta(numpy.timedelta64(want(ticks, int), _one_of(unit, _UNITS)))


def _read_absent(parts: Any) -> Any:
    pandas = _pandas()

    return {"NaT": pandas.NaT, "<NA>": pandas.NA}[want(parts, str)]


def _read_one_period(parts: Any) -> Any:
    pandas = _pandas()

    ordinal, freq = want(parts, list, 2)
    return pandas.Period(ordinal=want(ordinal, int), freq=_frequency(freq))


def _read_one_interval(parts: Any) -> Any:
    pandas = _pandas()

    left, right, closed = want(parts, list, 3)
    return pandas.Interval(left, right, closed=_one_of(closed, _CLOSED))


READERS: dict[str, Callable[[Any], Any]] = {
    "frame": _read_frame,
    "series": _read_series,
    "index": _read_index,
    "extension": _read_column,
    "timestamp": _read_timestamp,
    "delta": _read_delta,
    "absent": _read_absent,
    "period": _read_one_period,
    "interval": _read_one_interval,
}
