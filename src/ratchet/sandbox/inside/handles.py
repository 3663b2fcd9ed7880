"""The examiner's side of objects that the candidate lent: whatever is done with a handle is asked of it.

What comes back is plain data, or another handle. Never asked are `==`, `!=`, order,
hash and truth, as a program could answer them without knowing what it is compared
with: a handle equals only itself, cannot be ordered, and is true. For the same reason
`in` goes through the items on this side, an operator with anything but a second
handle gives no plain data, and no exception of the examiner is swallowed by a context
manager; all but the last hold not for an object that the examiner itself made by
calling a class.

A test may hand the candidate a function such as `getattr`, to be called with a handle:
so what a handle consists of is in a slot that has no name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Protocol, TypeVar

from .lending import BINARY, UNARY

Plain = TypeVar("Plain", int, float, str, bool)

MAX_ITEMS = 1_000_000


class Ask(Protocol):
    """How a handle asks the candidate."""

    def __call__(self, target: int | str, what: str, *args: Any, **kwargs: Any) -> Any:
        """Do `what` with an object of the candidate, and return what comes back."""

    def free(self, number: int, times: int) -> None:
        """Say that the object with that number, received so often, is no longer held."""


class Inner:
    """What a handle consists of."""

    __slots__ = ("ask", "class_names", "made_here", "number", "received")

    def __init__(self, ask: Ask, number: int, class_names: tuple[str, ...]) -> None:
        """As of a handle that was received once."""
        self.ask = ask
        self.number = number
        self.class_names = class_names
        self.made_here = False
        self.received = 1


class Handle:
    """An object of the candidate that is no plain data."""

    __slots__ = ("__weakref__", "_inner")

    def __init__(self, ask: Ask, number: int, class_names: tuple[str, ...]) -> None:
        """The object that was lent under `number`."""
        _slot.__set__(self, Inner(ask, number, class_names))

    def __del__(self) -> None:
        inner = inner_of(self)
        inner.ask.free(inner.number, inner.received)

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{_class_name(self)!r} object has no attribute {name!r} here")
        inner = inner_of(self)
        return _attribute(inner.ask, inner.number, name, self)

    def __setattr__(self, name: str, value: Any) -> None:
        _do(self, "setattr", name, value)

    def __delattr__(self, name: str) -> None:
        _do(self, "delattr", name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _do(self, "call", *args, **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return _do(self, "getitem", key)

    def __setitem__(self, key: Any, value: Any) -> None:
        _do(self, "setitem", key, value)

    def __delitem__(self, key: Any) -> None:
        _do(self, "delitem", key)

    def __len__(self) -> int:
        return _exactly(int, _do(self, "len"))

    def __int__(self) -> int:
        return _exactly(int, _do(self, "int"))

    def __float__(self) -> float:
        return _exactly(float, _do(self, "float"))

    def __str__(self) -> str:
        return _exactly(str, _do(self, "str"))

    def __repr__(self) -> str:
        return _exactly(str, _do(self, "repr"))

    def __contains__(self, item: Any) -> bool:
        if inner_of(self).made_here:
            return _exactly(bool, _do(self, "contains", item))
        return any(mine is item or mine == item for mine in self)

    def __iter__(self) -> Iterator[Any]:
        lent = _do(self, "iter")
        return _items(lent) if isinstance(lent, Handle) else iter(lent)

    def __reversed__(self) -> Iterator[Any]:
        lent = _do(self, "reversed")
        return _items(lent) if isinstance(lent, Handle) else iter(lent)

    def __next__(self) -> Any:
        answer = _do(self, "next")
        if not answer:
            raise StopIteration
        return answer[0]

    def __enter__(self) -> Any:
        return _do(self, "enter")

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        _do(self, "exit", error)

    def _operate(self, what: str, other: Any) -> Any:
        result = _do(self, what, other)
        believed = any(isinstance(one, Handle) and inner_of(one).made_here for one in (self, other))
        if believed or isinstance(result, Handle):
            return result
        raise TypeError(f"the plain result of an operator on a {_class_name(self)!r} is not believed")


_slot: Any = vars(Handle)["_inner"]
type.__delattr__(Handle, "_inner")


def inner_of(handle: Handle) -> Inner:
    """What `handle` consists of."""
    inner: Inner = _slot.__get__(handle)
    return inner


def _class_name(handle: Handle) -> str:
    return inner_of(handle).class_names[0]


def _do(handle: Handle, what: str, *args: Any, **kwargs: Any) -> Any:
    inner = inner_of(handle)
    return inner.ask(inner.number, what, *args, **kwargs)


class Method:
    """A method of a lent object, or of a class of the candidate."""

    def __init__(self, ask: Ask, target: int | str, name: str, owner: Any) -> None:
        """The method `name` of what has that number or name; `owner` is kept as long as the method is."""
        self._ask = ask
        self._target = target
        self.__name__ = name
        self.__self__ = owner

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it in the candidate's process."""
        return self._ask(self._target, "method", self.__name__, *args, **kwargs)


class MethodName:
    """What an attribute was that is a method."""

    def __init__(self, name: str) -> None:
        """The method's name."""
        self.name = name


def _attribute(ask: Ask, target: int | str, name: str, owner: Any) -> Any:
    found = ask(target, "getattr", name)
    return Method(ask, target, found.name, owner) if type(found) is MethodName else found


class Stub:
    """The candidate's function or class of a name: called, and asked for its attributes, over there."""

    def __init__(self, ask: Ask, name: str, call: Callable[..., Any]) -> None:
        """`call` puts a call to it."""
        vars(self).update(_ask=ask, _call=call, __name__=name, __qualname__=name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it; what a class makes is the examiner's own object from then on."""
        made = self._call(*args, **kwargs)
        if isinstance(made, Handle) and self.__name__ in inner_of(made).class_names:
            inner_of(made).made_here = True
        return made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{vars(self).get('__name__')!r} has no attribute {name!r} here")
        return _attribute(self._ask, self.__name__, name, self)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask(self.__name__, "setattr", name, value)

    def __instancecheck__(self, value: Any) -> bool:
        return isinstance(value, Handle) and self.__name__ in inner_of(value).class_names


def _items(lent: Handle) -> Iterator[Any]:
    for _ in range(MAX_ITEMS):
        answer = _do(lent, "next")
        if not answer:
            return
        yield answer[0]
    raise RuntimeError(f"an iterator of more than {MAX_ITEMS} items")


def _exactly(kind: type[Plain], value: Any) -> Plain:
    if type(value) is not kind:
        raise TypeError(f"got a {type(value).__name__} where a {kind.__name__} was asked for")
    return value


def _binary(what: str) -> Callable[[Handle, Any], Any]:
    return lambda self, other: self._operate(what, other)


def _unary(what: str) -> Callable[[Handle], Any]:
    return lambda self: _do(self, what)


def _unordered(self: Handle, other: Any) -> NoReturn:
    raise TypeError(f"an object of class {_class_name(self)!r} cannot be ordered here")


for _name in BINARY:
    _plain = _name.rstrip("_")
    setattr(Handle, f"__{_plain}__", _binary(_name))
    setattr(Handle, f"__r{_plain}__", _binary(f"r{_name}"))
for _name in UNARY:
    setattr(Handle, f"__{_name}__", _unary(_name))
for _name in ("lt", "le", "gt", "ge"):
    setattr(Handle, f"__{_name}__", _unordered)
