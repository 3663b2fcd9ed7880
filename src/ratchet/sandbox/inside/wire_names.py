"""What crosses by its name: built-in types, harmless built-in functions, exceptions."""

from __future__ import annotations

import builtins
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Hashable
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

_STANDARD = (Counter, OrderedDict, defaultdict, deque, date, datetime, time, timedelta, Decimal, Fraction)
TYPES: dict[str, Any] = {
    **{name: kind for name, kind in vars(builtins).items() if isinstance(kind, type) and name[0] != "_"},
    **{kind.__name__: kind for kind in (*_STANDARD, type(None), type(...), types.FunctionType)},
}
"""Types that cross by name."""
TYPE_NAMES: dict[Any, str] = {kind: name for name, kind in TYPES.items()}
_FUNCTION_NAMES = (
    *(
        "abs",
        "all",
        "any",
        "ascii",
        "bin",
        "callable",
        "chr",
        "divmod",
        "format",
        "hash",
        "hex",
        "isinstance",
    ),
    *("issubclass", "iter", "len", "max", "min", "next", "oct", "ord", "pow", "print", "repr", "round"),
    *("sorted", "sum"),
)
FUNCTIONS: dict[str, Any] = {name: getattr(builtins, name) for name in _FUNCTION_NAMES}
"""Built-in functions that cross by name: they reach nothing but their arguments."""
FUNCTION_OF = {id(function): name for name, function in FUNCTIONS.items()}


@lru_cache(maxsize=256)
def _own_exception(name: str, base: Hashable) -> type[BaseException]:
    return type(name, (cast(Any, base),), {"_text": "", "__str__": lambda self: self._text})


def base_of(kind: type) -> str:
    """The name of the nearest built-in exception class."""
    for base in kind.__mro__:
        if base.__module__ == "builtins" and getattr(builtins, base.__name__, None) is base:
            return str(base.__name__)
    return "Exception"


def exception(name: str, base: str, args: list[Any] | None, message: str) -> BaseException:
    """A built-in exception of that name, else one of a new class of that name that extends `base`.

    Never StopIteration: raised below a `map` or a `for` it would end the
    examiner's loop in silence, with the later cases untried.
    """
    name, message = name[:100], message[:2000]
    known, extended = getattr(builtins, name, None), getattr(builtins, base, None)
    stop = (StopIteration, StopAsyncIteration)
    if not (isinstance(extended, type) and issubclass(extended, BaseException)):
        extended = Exception
    if isinstance(known, type) and issubclass(known, BaseException):
        if issubclass(known, stop):
            return RuntimeError(f"the function raised {name}")
        with suppress(Exception):
            built: BaseException = known(message) if args is None else known(*args)
            return built
        extended = Exception
    if issubclass(extended, BaseExceptionGroup):
        return _own_group(name, extended, args, message)
    if issubclass(extended, stop):
        return RuntimeError(f"the function raised {name}")
    return _told(_own(name, extended), [message] if args is None else args, message)


def _own(name: str, base: type[BaseException]) -> type[BaseException]:
    return _own_exception(name if name.isidentifier() else "CandidateError", cast(Hashable, base))


def _told(kind: type[BaseException], args: list[Any], message: str, *given: Any) -> BaseException:
    made = kind.__new__(kind, *given)
    made.args = tuple(args)
    made._text = message  # type: ignore[attr-defined]
    return made


def _own_group(name: str, base: type[BaseException], args: list[Any] | None, message: str) -> BaseException:
    """One of a class that extends a group's, with the exceptions that it groups; without them a plain one."""
    args = [message] if args is None else args
    with suppress(TypeError, ValueError):
        text, grouped = args
        return _told(_own(name, base), args, message, text, grouped)
    return _told(_own(name, Exception), args, message)


def message_of(error: BaseException) -> str:
    """The exception's text, whatever its class does when asked for it."""
    try:
        return str(error)[:2000]
    except BaseException:
        return ""
