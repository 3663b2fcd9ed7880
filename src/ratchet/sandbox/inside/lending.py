"""Objects of the candidate that are lent to the examiner: it holds a number, and asks for what it needs.

Lent are objects that are no plain data: instances of the program's own classes,
functions, classes, generators. What may be done with one is in `_ACTIONS`;
equality, order, hash and truth are not among them (see `handles`).
"""

from __future__ import annotations

import dataclasses
import enum
import operator
import types
from collections.abc import Callable
from typing import Any

from .frames import NotPlainError
from .wire_names import FUNCTION_OF, TYPE_NAMES
from .wire_values import tag

MAX_LENT = 10_000
BINARY = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"),
    *("and_", "or_", "xor", "lshift", "rshift"),
)
UNARY = ("neg", "pos", "abs", "invert")
_LAZY = (types.GeneratorType, types.FunctionType, types.MethodType, types.BuiltinFunctionType)


def _setattr(thing: Any, name: str, value: Any) -> None:
    setattr(thing, name, value)


def _getattr(thing: Any, name: str) -> Any:
    found = getattr(thing, name)
    if isinstance(found, types.MethodType) and found.__self__ is thing:
        return _Method(name)
    return found


def _next(thing: Any) -> list[Any]:
    try:
        return [next(thing)]
    except StopIteration:
        return []


def _exit(thing: Any, error: BaseException | None) -> None:
    kind = None if error is None else type(error)
    type(thing).__exit__(thing, kind, error, None if error is None else error.__traceback__)


def _swapped(operate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda thing, left: operate(left, thing)


_ACTIONS: dict[str, Callable[..., Any]] = {
    "call": lambda thing, *args, **kwargs: thing(*args, **kwargs),
    "method": lambda thing, name, /, *args, **kwargs: getattr(thing, name)(*args, **kwargs),
    "getattr": _getattr,
    "setattr": _setattr,
    "delattr": delattr,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "contains": operator.contains,
    "len": len,
    "iter": iter,
    "next": _next,
    "reversed": reversed,
    "str": str,
    "repr": repr,
    "int": int,
    "float": float,
    "index": operator.index,
    "enter": lambda thing: type(thing).__enter__(thing),
    "exit": _exit,
    **{name: getattr(operator, name) for name in (*BINARY, *UNARY)},
    **{f"r{name}": _swapped(getattr(operator, name)) for name in BINARY},
}


class _Method:
    """A method of the object that was asked, by its name: not lent out by itself."""

    def __init__(self, name: str) -> None:
        self.name = name


class Lender:
    """The objects that are lent out, each with how often it was sent."""

    def __init__(self) -> None:
        """Nothing is lent yet."""
        self._things: dict[int, Any] = {}
        self._times: dict[int, int] = {}
        self._numbers: dict[int, int] = {}
        self._last = 0

    def lend_first(self, value: Any) -> Any:
        """The tree of a value that has to be lent though it could be written some other way; else None."""
        if isinstance(value, _Method):
            return tag("method", value.name)
        if isinstance(value, _LAZY):
            return None if id(value) in FUNCTION_OF else self.lend(value)
        kind = type(value)
        if kind.__module__ not in ("program", "__main__") or isinstance(value, BaseException | enum.Enum):
            return None
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return None
        if dataclasses.is_dataclass(kind) and not any(map(callable, _public(kind))):
            return None
        return self.lend(value)

    def lend(self, value: Any) -> Any:
        """The tree of a number for `value`; None for what has a name everywhere."""
        if isinstance(value, type) and value in TYPE_NAMES:
            return None
        number = self._numbers.get(id(value))
        if number is None:
            if len(self._things) >= MAX_LENT:
                raise NotPlainError(f"the last of more than {MAX_LENT} objects that are no plain data")
            self._last += 1
            number = self._numbers[id(value)] = self._last
            self._things[number] = value
            self._times[number] = 0
        self._times[number] += 1
        kind = value if isinstance(value, type) else type(value)
        names = [base.__name__[:100] for base in kind.__mro__[:-1]][:20] or ["object"]
        return tag("handle", [number, isinstance(value, type), names])

    def lent(self, number: int) -> Any:
        """The object with that number."""
        return self._things[number]

    def free(self, freed: list[list[int]]) -> None:
        """Drop the objects that the other side holds no more, unless they were sent again since."""
        for number, times in freed:
            self._times[number] -= times
            if self._times[number] == 0:
                thing = self._things.pop(number)
                del self._times[number], self._numbers[id(thing)]

    def do(self, thing: Any, what: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """What is asked to be done with an object."""
        return _ACTIONS[what](thing, *args, **kwargs)


def _public(kind: type) -> list[Any]:
    return [value for name, value in vars(kind).items() if not name.startswith("_")]
