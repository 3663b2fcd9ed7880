"""The tags of what has a class or a name: records, enumerations, exceptions, matches, types by name."""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Callable
from typing import Any

from .frames import NotPlainError, WireError
from .records import Match, Member, Pattern, Record, RecordTuple, fields_of
from .wire_names import FUNCTION_OF, FUNCTIONS, TYPE_NAMES, TYPES, base_of, exception, message_of
from .wire_values import Tree, Write, tag, want

_MAX_NAME = 200


def _is_name(text: Any) -> bool:
    return type(text) is str and len(text) <= _MAX_NAME and text.isidentifier() and text[:2] != "__"


# Writing


def _write_match(value: Any, depth: int, codec: Tree) -> Any:
    spans = [list(value.span(number)) for number in range(value.re.groups + 1)]
    text = value.string if isinstance(value.string, str) else bytes(value.string)
    return tag("match", [codec.tree(text, depth), spans, codec.pairs(dict(value.re.groupindex), depth)])


def _write_our_match(value: Any, depth: int, codec: Tree) -> Any:
    spans = [list(span) for span in value._spans]
    return tag("match", [codec.tree(value.string, depth), spans, codec.pairs(value._names, depth)])


def _write_pattern(value: Any, depth: int, codec: Tree) -> Any:
    return tag("pattern", [codec.tree(value.pattern, depth), value.flags])


WRITERS: dict[type, Write] = {
    re.Match: _write_match,
    Match: _write_our_match,
    re.Pattern: _write_pattern,
    Pattern: _write_pattern,
}


def writer(value: Any) -> Write | None:
    """How to write a value whose class was made by somebody but is known by what it extends."""
    if isinstance(value, Record | RecordTuple | Member):
        return _write_ours
    if isinstance(value, enum.Enum):
        return None if isinstance(value, int | str | float) else _write_member
    if isinstance(value, type):
        return _write_type if value in TYPE_NAMES else None
    if isinstance(value, tuple):
        return _write_named if hasattr(value, "_fields") else None
    if dataclasses.is_dataclass(value) and not isinstance(value, list | dict | set | int | str | float):
        return _write_dataclass
    if isinstance(value, BaseException):
        return _write_exception
    if id(value) in FUNCTION_OF:
        return _write_function
    return None


def _write_type(value: Any, depth: int, codec: Tree) -> Any:
    return tag("type", TYPE_NAMES[value])


def _write_function(value: Any, depth: int, codec: Tree) -> Any:
    return tag("function", FUNCTION_OF[id(value)])


def object_writer(value: Any) -> Write | None:
    """How to write an object that is nothing but its attributes; None for any other."""
    fields = fields_of(value)
    if fields is None:
        return None
    return lambda value, depth, codec: _record(type(value).__name__, fields, depth, codec)


def _record(name: str, fields: dict[str, Any], depth: int, codec: Tree) -> Any:
    for field in fields:
        if not _is_name(field):
            raise NotPlainError(f"an object with an attribute {str(field)[:_MAX_NAME]!r}")
    pairs = [[field, codec.tree(value, depth)] for field, value in fields.items()]
    return tag("record", [name[:_MAX_NAME], pairs])


def _write_dataclass(value: Any, depth: int, codec: Tree) -> Any:
    names = [field.name for field in dataclasses.fields(value)]
    fields = {name: getattr(value, name) for name in names if hasattr(value, name)}
    return _record(type(value).__name__, fields, depth, codec)


def _write_named(value: Any, depth: int, codec: Tree) -> Any:
    names = [str(field) for field in value._fields]
    items = list(tuple.__iter__(value))
    if len(names) != len(items) or not all(map(_is_name, names)):
        return tag("tuple", codec.items(items, depth))
    return tag("named", [type(value).__name__[:_MAX_NAME], names, codec.items(items, depth)])


def _write_member(value: Any, depth: int, codec: Tree) -> Any:
    return tag("member", [type(value).__name__[:_MAX_NAME], value.name, codec.tree(value.value, depth)])


def _write_ours(value: Any, depth: int, codec: Tree) -> Any:
    name = value._class_name
    if isinstance(value, RecordTuple):
        return tag("named", [name, list(value._fields), codec.items(list(value), depth)])
    if isinstance(value, Member):
        return tag("member", [name, value.name, codec.tree(value.value, depth)])
    return _record(name, vars(value), depth, codec)


def _write_exception(value: Any, depth: int, codec: Tree) -> Any:
    name, base = type(value).__name__[:100], base_of(type(value))
    return tag("exception", [name, base, codec.items(list(value.args), depth), message_of(value)])


# Reading


def _name(parts: Any) -> str:
    if not _is_name(parts):
        raise WireError("a malformed name")
    return str(parts)


def _read_record(parts: Any) -> Record:
    name, pairs = want(parts, list, 2)
    fields = [(_name(pair[0]), pair[1]) for pair in want(pairs, list) if want(pair, list, 2)]
    return Record(want(name, str), fields)


def _read_named(parts: Any) -> RecordTuple:
    name, fields, items = want(parts, list, 3)
    if len(want(fields, list)) != len(want(items, list)):
        raise WireError("a named tuple with more names than items, or fewer")
    return RecordTuple(want(name, str), map(_name, fields), items)


def _read_member(parts: Any) -> Member:
    class_name, name, value = want(parts, list, 3)
    return Member(want(class_name, str), None if name is None else want(name, str), value)


def _read_exception(parts: Any) -> BaseException:
    name, base, args, message = want(parts, list, 4)
    return exception(want(name, str), want(base, str), want(args, list), want(message, str))


def _read_match(parts: Any) -> Match:
    string, spans, names = want(parts, list, 3)
    pairs = [tuple(want(part, int) for part in want(span, list, 2)) for span in want(spans, list)]
    if type(string) not in (str, bytes) or not pairs:
        raise WireError("a malformed match")
    return Match(string, pairs, {want(name, str): want(number, int) for name, number in names})


def _read_pattern(parts: Any) -> Pattern:
    pattern, flags = want(parts, list, 2)
    if type(pattern) not in (str, bytes):
        raise WireError("a malformed pattern")
    return Pattern(pattern, want(flags, int))


def _read_type(parts: Any) -> Any:
    return TYPES[want(parts, str)]


READERS: dict[str, Callable[[Any], Any]] = {
    "match": _read_match,
    "pattern": _read_pattern,
    "record": _read_record,
    "named": _read_named,
    "member": _read_member,
    "exception": _read_exception,
    "type": _read_type,
    "function": lambda parts: FUNCTIONS[want(parts, str)],
}
