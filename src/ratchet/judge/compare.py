"""When an answer equals what was expected.

Both values are plain data that was rebuilt on our side from exact built-in
types, so no comparison here can run code of the program that is judged.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

_PLAIN_DICTS = (dict, defaultdict)


def equal(got: Any, expected: Any) -> bool:
    """Whether `got == expected` in Python, but that NaN equals NaN.

    Python's own rules hold for all else: True equals 1 and 1.0, a list never
    equals a tuple, floats are compared exactly. NaN is matched as a number and
    inside lists, tuples, arrays and the values of dictionaries; not inside sets,
    keys, Counter or OrderedDict. Two numpy arrays are equal when their shapes and
    all their elements are; an array never equals a list.
    """
    if isinstance(got, list | tuple) and isinstance(expected, list | tuple):
        return (
            isinstance(got, list) == isinstance(expected, list)
            and len(got) == len(expected)
            and all(map(equal, got, expected))
        )
    if type(got) in _PLAIN_DICTS and type(expected) in _PLAIN_DICTS:
        return got.keys() == expected.keys() and all(equal(got[key], expected[key]) for key in got)
    if hasattr(got, "__array__") or hasattr(expected, "__array__"):
        return _equal_arrays(got, expected)
    return bool(got == expected) or (_is_nan(got) and _is_nan(expected))


def _is_nan(value: Any) -> bool:
    if isinstance(value, float | complex):
        return value != value
    return isinstance(value, Decimal) and value.is_nan()


def _equal_arrays(got: Any, expected: Any) -> bool:
    if getattr(got, "shape", ()) != getattr(expected, "shape", ()):
        return False
    if not getattr(got, "shape", ()):
        return bool(got == expected) or bool(got != got and expected != expected)
    return equal(got.tolist(), expected.tolist())
