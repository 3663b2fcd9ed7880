"""Keys of dictionaries and items of sets that cross: such as the reader can put into a table, in time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .frames import NotPlainError, WireError

_MAX_COLLISIONS = 64
_NUMBERS = frozenset({int, float, complex, Decimal, Fraction, tuple})
"""Types of keys of which many can have one hash, by chance or by intent."""
_KEYS = frozenset({str, bytes, bool, type(None), date, datetime, time, timedelta, frozenset}) | _NUMBERS
"""Types of keys that stay keys when they cross."""
_NO_KEYS = frozenset({"dict", "odict", "defaultdict", "counter", "set", "deque", "bytearray", "array"})


def check(keys: list[Any], trees: list[Any]) -> None:
    """Refuse keys that the reader would refuse."""
    kinds = set(map(type, keys))
    if not kinds <= _KEYS:
        for key, tree in zip(keys, trees, strict=True):
            if type(key) not in _KEYS and _cannot_be_key(tree):
                raise NotPlainError(
                    f"a value with a key of type {type(key).__name__}, which is not plain data"
                )
    numbers = [] if kinds.isdisjoint(_NUMBERS) else [key for key in keys if type(key) in _NUMBERS]
    if len(numbers) > _MAX_COLLISIONS and _collide(numbers):
        raise NotPlainError(f"a value with more than {_MAX_COLLISIONS} keys of one hash")


def _cannot_be_key(tree: Any) -> bool:
    return type(tree) is list or (type(tree) is dict and tree["t"] in _NO_KEYS)


def spread(keys: list[Any]) -> list[Any]:
    """`keys`, unless so many share one hash that building a table of them would take for ever."""
    if len(keys) > _MAX_COLLISIONS and _collide(keys):
        raise WireError("keys that were chosen to collide")
    return keys


def _collide(keys: list[Any]) -> bool:
    hashes = list(map(hash, keys))
    if len(set(hashes)) > len(hashes) - _MAX_COLLISIONS:
        return False
    hashes.sort()
    return any(low == high for low, high in zip(hashes, hashes[_MAX_COLLISIONS:], strict=False))
