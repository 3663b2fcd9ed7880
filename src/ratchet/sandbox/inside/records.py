"""Value types of our own, for what a program's own classes held: compared by name and content, here.

None of them runs code of the process that the content came from.
"""

from __future__ import annotations

import dataclasses
import enum
import re
import sys
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

_MISSING = object()
_PACKAGES = ("/site-packages/", "/dist-packages/", "/packages/")
"""Where installed libraries lie; the last one inside a jail."""


class Record:
    """The fields of a dataclass or of a simple object, as attributes.

    Equal to another record, or to an object of this process, whose class has the
    same name and whose fields are equal; never to plain data.
    """

    __slots__ = ("__dict__", "_class_name")
    _class_name: str

    def __init__(self, class_name: str, fields: Iterable[tuple[str, Any]]) -> None:
        """A record of the class `class_name`."""
        object.__setattr__(self, "_class_name", class_name)
        object.__getattribute__(self, "__dict__").update(fields)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Record):
            return self._class_name == other._class_name and vars(self) == vars(other)
        if type(other).__name__ != self._class_name or isinstance(other, type):
            return False
        if dataclasses.is_dataclass(other):
            theirs = {
                f.name: getattr(other, f.name, _MISSING) for f in dataclasses.fields(other) if f.compare
            }
            return all(vars(self).get(name, _MISSING) == value for name, value in theirs.items())
        fields = fields_of(other)
        return fields is not None and vars(self) == fields

    def __hash__(self) -> int:
        try:
            return hash(tuple(vars(self).values()))  # as a frozen dataclass of these fields
        except TypeError:  # there it was known by its identity
            return hash(tuple(map(_hash, vars(self).values())))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{self._class_name}({fields})"


def _hash(value: Any) -> int:
    try:
        return hash(value)
    except TypeError:
        return 0


class RecordTuple(tuple[Any, ...]):
    """A named tuple: equal to every tuple of the same items, with its fields as attributes."""

    _class_name: str
    _fields: tuple[str, ...]

    def __new__(cls, class_name: str, fields: Iterable[str], items: Iterable[Any]) -> RecordTuple:
        """`items` under the names `fields`."""
        made = super().__new__(cls, items)
        made._class_name = class_name
        made._fields = tuple(fields)
        return made

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._fields:
            return self[self._fields.index(name)]
        raise AttributeError(f"{self._class_name!r} object has no attribute {name!r}")

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        pairs = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
        return f"{self._class_name}({pairs})"


class Member:
    """A member of an enumeration; equal to one of the same class name, name and value."""

    __slots__ = ("_class_name", "name", "value")

    def __init__(self, class_name: str, name: str | None, value: Any) -> None:
        """The member `name` of the enumeration `class_name`."""
        self._class_name = class_name
        self.name = name
        self.value = value

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Member):
            theirs = other._class_name
        elif isinstance(other, enum.Enum):
            theirs = type(other).__name__
        else:
            return False
        return (theirs, other.name) == (self._class_name, self.name) and bool(other.value == self.value)

    def __hash__(self) -> int:
        return hash(self.name)  # as an enumeration's own

    def __repr__(self) -> str:
        return f"<{self._class_name}.{self.name}: {self.value!r}>"


class Match:
    """What a regular expression matched: the text, the spans of all groups, the names of some."""

    __slots__ = ("_names", "_spans", "string")

    def __init__(self, string: str, spans: list[tuple[int, int]], names: Mapping[str, int]) -> None:
        """`spans[0]` is the whole match; (-1, -1) is a group that took no part."""
        self.string = string
        self._spans = spans
        self._names = dict(names)

    def span(self, group: int | str = 0) -> tuple[int, int]:
        """Start and end of a group."""
        number = self._names[group] if isinstance(group, str) else group
        if not 0 <= number < len(self._spans):
            raise IndexError("no such group")
        return self._spans[number]

    def start(self, group: int | str = 0) -> int:
        """Start of a group."""
        return self.span(group)[0]

    def end(self, group: int | str = 0) -> int:
        """End of a group."""
        return self.span(group)[1]

    def group(self, *groups: int | str) -> Any:
        """The text of one group, or a tuple of several."""
        texts = tuple(self._text(group, None) for group in groups or (0,))
        return texts[0] if len(texts) == 1 else texts

    __getitem__ = group

    def _text(self, group: int | str, default: Any) -> Any:
        start, end = self.span(group)
        return default if start < 0 else self.string[start:end]

    def groups(self, default: Any = None) -> tuple[Any, ...]:
        """The texts of all groups but the whole."""
        return tuple(self._text(number, default) for number in range(1, len(self._spans)))

    def groupdict(self, default: Any = None) -> dict[str, Any]:
        """The texts of the named groups."""
        return {name: self._text(name, default) for name in self._names}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Match):
            return False
        mine, theirs = (self.string, self._spans, self._names), (other.string, other._spans, other._names)
        return mine == theirs

    def __hash__(self) -> int:
        return hash((self.string, tuple(self._spans)))

    def __repr__(self) -> str:
        return f"<re.Match object; span={self.span()}, match={self.group()!r}>"


class Pattern:
    """A regular expression, as its text and its flags; equal to a compiled one of the same.

    It is not compiled: a short text can be made that takes minutes.
    """

    __slots__ = ("flags", "pattern")

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        """The expression `pattern` with `flags` as `re.compile` gives them."""
        self.pattern = pattern
        self.flags = flags

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pattern | re.Pattern):
            return False
        return (type(self.pattern), self.pattern, self.flags) == (
            type(other.pattern),
            other.pattern,
            other.flags,
        )

    def __hash__(self) -> int:
        return hash((self.pattern, self.flags))

    def __repr__(self) -> str:
        return f"<re.Pattern {self.pattern!r}, flags {self.flags}>"


def _is_library(kind: type) -> bool:
    """Whether the class is of an installed library: its attributes are not what it is about."""
    module = sys.modules.get(kind.__module__)
    if kind.__module__.partition(".")[0] in sys.stdlib_module_names - {"__main__"}:
        return True
    file = str(getattr(module, "__file__", ""))
    return any(place in file for place in _PACKAGES)


def fields_of(value: Any) -> dict[str, Any] | None:
    """The instance attributes of an object of a class written in Python; None for any other."""
    kind = type(value)
    if isinstance(value, type) or callable(value) or (kind is not SimpleNamespace and _is_library(kind)):
        return None
    fields: dict[str, Any] = {}
    kept = False
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                kept = True
                if (found := getattr(value, name, _MISSING)) is not _MISSING:
                    fields[name] = found
    if type(held := getattr(value, "__dict__", None)) is dict:
        kept = True
        fields.update(held)
    return fields if kept else None
