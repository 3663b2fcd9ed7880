"""When an answer equals what was expected.

Both values are plain data that was rebuilt on our side, from exact built-in types or
from value types of our own, so no comparison here can run code of the program that
is judged.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from copy import copy
from decimal import Decimal
from typing import Any

from ratchet.sandbox.inside.records import Record

_PLAIN_DICTS = (dict, defaultdict)
_ITERATOR: Any = type(iter([]))
_FRAMES = ("DataFrame", "Series", "Index")


def equal(got: Any, expected: Any) -> bool:
    """Whether `got == expected` in Python, but that NaN equals NaN.

    Python's own rules hold for all else: True equals 1 and 1.0, a list never
    equals a tuple, floats are compared exactly. NaN is matched as a number and
    inside lists, tuples, arrays, records and the values of dictionaries; not inside
    sets, keys, Counter or OrderedDict. Two numpy arrays or torch tensors are equal when
    their shapes and all their elements are; an array never equals a list. Data frames, series
    and indexes are equal as their own `equals` says (types of columns count, names do
    not), and only to their own kind. Iterators are equal when their items are. What
    cannot be compared is not equal: this never raises.
    """
    try:
        return _equal(got, expected)
    except Exception:
        # Signalling NaNs, arrays within sets, a library's own types: too many ways to list, and
        # the answer is a program's, which may not stop the judging of all others.
        return False


def _equal(got: Any, expected: Any) -> bool:
    if isinstance(got, list | tuple) and isinstance(expected, list | tuple):
        return (
            isinstance(got, list) == isinstance(expected, list)
            and len(got) == len(expected)
            and all(map(_equal, got, expected))
        )
    if type(got) in _PLAIN_DICTS and type(expected) in _PLAIN_DICTS:
        return got.keys() == expected.keys() and all(_equal(got[key], expected[key]) for key in got)
    if isinstance(got, Record) and isinstance(expected, Record):
        return got._class_name == expected._class_name and _equal(vars(got), vars(expected))
    if "pandas" in (_library(got), _library(expected)):
        return _equal_frames(got, expected)
    if _is_array(got) or _is_array(expected):
        return _equal_arrays(got, expected)
    if type(got) is _ITERATOR and type(expected) is _ITERATOR:
        return _equal(list(copy(got)), list(copy(expected)))
    return _same(got, expected)


def _same(got: Any, expected: Any) -> bool:
    return bool(got == expected) or (_is_nan(got) and _is_nan(expected))


def _is_nan(value: Any) -> bool:
    if isinstance(value, float | complex):
        return value != value
    return isinstance(value, Decimal) and value.is_nan()


def _library(value: Any) -> str:
    return type(value).__module__.partition(".")[0]


def _is_array(value: Any) -> bool:
    return _library(value) in ("numpy", "torch") and hasattr(value, "__array__")


def _equal_arrays(got: Any, expected: Any) -> bool:
    shapes = [tuple(getattr(value, "shape", ())) for value in (got, expected)]
    if shapes[0] != shapes[1] or isinstance(got, list | tuple) or isinstance(expected, list | tuple):
        return False
    if not shapes[0]:
        return bool(got == expected) or bool(got != got and expected != expected)
    if _is_moments(got) or _is_moments(expected):  # as lists some are numbers of no unit
        alike = str(got.dtype)[0] == str(expected.dtype)[0]
        return alike and bool(sys.modules["numpy"].array_equal(got, expected, equal_nan=True))
    return _is_tensor(got) == _is_tensor(expected) and _equal(got.tolist(), expected.tolist())


def _is_moments(value: Any) -> bool:
    return str(value.dtype).startswith(("datetime64", "timedelta64"))


def _is_tensor(value: Any) -> bool:
    return _library(value) == "torch"


def _equal_frames(got: Any, expected: Any) -> bool:
    pandas = sys.modules["pandas"]
    for name in _FRAMES:
        kind = getattr(pandas, name)
        if isinstance(got, kind) or isinstance(expected, kind):
            return isinstance(got, kind) and isinstance(expected, kind) and bool(got.equals(expected))
    absent = (pandas.NaT, pandas.NA)
    if any(got is one or expected is one for one in absent):
        return got is expected
    if hasattr(got, "equals") and hasattr(expected, "equals"):  # extension arrays
        return type(got) is type(expected) and bool(got.equals(expected))
    return _same(got, expected)
