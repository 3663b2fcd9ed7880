"""The tag of one column of pandas', in the layout of Arrow; see `wire_frames`."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from typing import Any

from .frames import NotPlainError, WireError
from .wire_arrays import array_tree
from .wire_values import READERS as VALUE_READERS
from .wire_values import Tree, from_base64, tag, to_base64, want, zone_tree

_MASKED = re.compile(r"U?Int(8|16|32|64)|Float(32|64)|boolean")
FREQUENCY = re.compile(r"[A-Za-z0-9.+-]{1,40}")
CLOSED = ("left", "right", "both", "neither")
UNITS = ("s", "ms", "us", "ns")


# Writing


def column(array: Any, depth: int, codec: Tree) -> Any:
    """The tree of one column."""
    return tag("column", _column_parts(array, depth, codec))


def _column_parts(array: Any, depth: int, codec: Tree) -> list[Any]:
    """Kind and parts of one column."""
    pandas = sys.modules["pandas"]
    kind = type(array.dtype).__name__
    if isinstance(array.dtype, pandas.StringDtype):
        return ["string", array.dtype.storage, array.dtype.na_value is pandas.NA, *_strings(array)]
    if _MASKED.fullmatch(str(array.dtype)) and hasattr(array, "_mask"):
        values = array.to_numpy(dtype=array.dtype.numpy_dtype, na_value=array.dtype.numpy_dtype.type(0))
        return ["masked", str(array.dtype), array_tree(values, depth, codec), _bitmap(~array.isna())]
    if kind == "CategoricalDtype":
        categories = labels_tree(array.categories, depth + 1, codec)
        return ["dictionary", array_tree(array.codes, depth, codec), categories, bool(array.ordered)]
    if kind == "DatetimeTZDtype":
        values = array.astype("int64") if not hasattr(array, "asi8") else array.asi8
        return ["zoned", array.dtype.unit, array_tree(values, depth, codec), zone_tree(array.dtype.tz, None)]
    if kind == "PeriodDtype":
        return ["period", period_name(array.dtype), array_tree(array.asi8, depth, codec)]
    if kind == "IntervalDtype":
        ends = [labels_tree(end, depth + 1, codec) for end in (array.left, array.right)]
        return ["interval", array.closed, *ends]
    if kind not in _NUMPY_DTYPES and not isinstance(array.dtype, sys.modules["numpy"].dtype):
        raise NotPlainError(f"a column of dtype {array.dtype}, which is not plain data")
    return ["numpy", array_tree(array.to_numpy(), depth, codec)]


_NUMPY_DTYPES = ("NumpyEADtype", "PandasDtype")
"""What says that an array of pandas' is one of numpy's: today, and before pandas 2.1."""


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


def labels_tree(index: Any, depth: int, codec: Tree) -> Any:
    """An index that codes refer to: a range is written out, as pandas would write it out where it is read."""
    pandas = sys.modules["pandas"]
    plain = pandas.Index(index.to_numpy()) if isinstance(index, pandas.RangeIndex) else index
    return codec.tree(plain, depth)


def period_name(dtype: Any) -> str:
    """The frequency as periods name it: that of dates has other names for some."""
    name = str(dtype.name).removeprefix("period[").removesuffix("]")
    if not FREQUENCY.fullmatch(name):
        raise NotPlainError(f"periods of the frequency {name!r}, which are not plain data")
    return name


# Reading


def pandas_here() -> Any:
    """Pandas, imported if need be."""
    return importlib.import_module("pandas")


def numpy_here() -> Any:
    """Numpy, imported if need be."""
    return importlib.import_module("numpy")


def one_of(parts: Any, allowed: tuple[str, ...]) -> str:
    """`parts`, if it is allowed; raises WireError."""
    if parts not in allowed:
        raise WireError("a part that is none of those that are known")
    return str(parts)


def frequency(parts: Any) -> str:
    """`parts`, if it may be the name of a frequency; raises WireError."""
    if not FREQUENCY.fullmatch(want(parts, str)):
        raise WireError("a malformed frequency")
    return str(parts)


def ints(part: Any) -> Any:
    """`part`, if it is a row of integers; raises WireError."""
    numpy = numpy_here()
    if type(part) is not numpy.ndarray or part.dtype.kind != "i" or part.ndim != 1:
        raise WireError("a part that is not a row of integers")
    return part


def _present(parts: Any, length: int) -> Any:
    numpy = numpy_here()
    raw = from_base64(parts)
    if len(raw) != (length + 7) // 8:
        raise WireError("a bitmap that does not fit its column")
    return numpy.unpackbits(numpy.frombuffer(raw, "u1"), count=length, bitorder="little").astype(bool)


def _read_string(parts: list[Any]) -> Any:
    numpy, pandas = numpy_here(), pandas_here()
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
    # Before pandas 2.3 there is no such choice.
    absent = {} if na else {"na_value": numpy.nan}
    return pandas.array(texts, dtype=pandas.StringDtype(one_of(storage, ("python", "pyarrow")), **absent))


def _read_masked(parts: list[Any]) -> Any:
    numpy, pandas = numpy_here(), pandas_here()
    name, values, bitmap = parts
    if not _MASKED.fullmatch(want(name, str)) or type(values) is not numpy.ndarray or values.ndim != 1:
        raise WireError("a malformed column")
    kind = {"b": pandas.arrays.BooleanArray, "f": pandas.arrays.FloatingArray}
    made = kind.get(values.dtype.kind, pandas.arrays.IntegerArray)(values, ~_present(bitmap, len(values)))
    if str(made.dtype) != name:
        raise WireError("a column of another type than it says")
    return made


def _read_dictionary(parts: list[Any]) -> Any:
    pandas = pandas_here()
    codes, categories, ordered = parts
    categories = labels(categories)
    return pandas.Categorical.from_codes(
        ints(codes), categories=categories, ordered=bool(want(ordered, bool))
    )


def labels(index: Any) -> Any:
    """`index`, if codes may refer to it; raises WireError."""
    pandas = pandas_here()
    if not isinstance(index, pandas.Index) or isinstance(index, pandas.RangeIndex):
        raise WireError("labels that are no index, or only a range")
    return index


def _read_zoned(parts: list[Any]) -> Any:
    pandas = pandas_here()
    unit, values, zone = parts
    moments = pandas.DatetimeIndex(ints(values).view(f"M8[{one_of(unit, UNITS)}]"))
    return moments.tz_localize("UTC").tz_convert(VALUE_READERS["zone"](zone)).array


def _read_period(parts: list[Any]) -> Any:
    pandas = pandas_here()
    freq, values = parts
    return pandas.arrays.PeriodArray(ints(values), dtype=pandas.PeriodDtype(frequency(freq)))


def _read_interval(parts: list[Any]) -> Any:
    pandas = pandas_here()
    closed, left, right = parts
    return pandas.arrays.IntervalArray.from_arrays(labels(left), labels(right), closed=one_of(closed, CLOSED))


def _read_numpy(parts: list[Any]) -> Any:
    numpy = numpy_here()
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


def read_column(parts: Any) -> Any:
    """The values of a column."""
    kind, *rest = want(parts, list)
    return _COLUMNS[want(kind, str)](rest)


def want_column(part: Any) -> Any:
    """`part`, if it is a column; raises WireError."""
    extension = isinstance(part, pandas_here().api.extensions.ExtensionArray)
    if not (extension or type(part) is numpy_here().ndarray) or part.ndim != 1:
        raise WireError("a part that is not a column")
    return part
