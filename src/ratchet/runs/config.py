"""Configurations: frozen dataclasses from a TOML, YAML or JSON file, with overrides.

A configuration class is a frozen dataclass whose fields are bool, int, float, str,
Path, `Literal`, a StrEnum, `X | None`, tuples of these, or another such dataclass.
Types are strict: the only conversion is from a whole number to a float. What is
wrong is told by the setting's dotted name.

    @dataclass(frozen=True)
    class Training:
        lr: float = 3e-4
        steps: int = 1000

    @dataclass(frozen=True)
    class Recipe:
        name: str
        train: Training = Training()

    load_config(Recipe, Path("recipe.toml"), ["train.lr=1e-3"])
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ratchet.errors import RatchetError

T = TypeVar("T")


def load_config(cls: type[T], path: Path | None, overrides: Sequence[str] = ()) -> T:
    """The configuration of class `cls`: its defaults, then the file at `path`, then `overrides`.

    The file's suffix says what it is: .toml, .yaml, .yml or .json. An override is
    `train.lr=3e-4`; the value is read as the setting's type asks: text needs no
    quotes, a tuple is written `1,2,3` or `[1, 2, 3]`, nothing is `none`.

    Raises:
        RatchetError: the file cannot be read, a setting is unknown or missing, or a
            value has the wrong type.
    """
    data = {} if path is None else _read(Path(path))
    where = "" if path is None else f" in {path}"
    for override in overrides:
        name, equals, text = override.partition("=")
        if not equals:
            raise RatchetError(f"--set {override}: write it as NAME=VALUE, for example train.lr=3e-4.")
        _set(cls, data, name.strip(), text.strip())
    return _build(cls, data, "", where)


def from_plain(cls: type[T], data: Mapping[str, Any]) -> T:
    """The configuration that `as_plain` wrote; raises as `load_config` does."""
    return _build(cls, data, "", "")


def as_plain(config: Any) -> dict[str, Any]:
    """A configuration as JSON data: tuples as lists, paths and enum members as strings."""
    plain: dict[str, Any] = _plain(config)
    return plain


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, StrEnum | Path):
        return str(value)
    return value


def _read(path: Path) -> dict[str, Any]:
    readers: dict[str, Callable[[str], Any]] = {
        ".toml": _read_toml,
        ".yaml": _read_yaml,
        ".yml": _read_yaml,
        ".json": json.loads,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise RatchetError(f"{path}: a configuration file ends in .toml, .yaml, .yml or .json.")
    try:
        data = reader(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RatchetError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # of every reader, and of the decoding
        raise RatchetError(f"{path} is not valid {path.suffix[1:].upper()}: {error}.") from None
    if not isinstance(data, dict):
        raise RatchetError(f"{path} must hold settings by name, not {_shown(data)}.")
    return data


def _read_toml(text: str) -> Any:
    import tomllib

    return tomllib.loads(text)


def _read_yaml(text: str) -> Any:
    from ratchet.runs.yaml import load_yaml

    return load_yaml(text)


def _build(cls: type[T], data: Any, prefix: str, where: str, default: Any = None) -> T:
    """The configuration that `data` says; what it leaves out is as in `default`, else as in `cls`."""
    if not isinstance(data, Mapping):
        name = prefix.rstrip(".") or "the configuration"
        raise RatchetError(f"{name}{where} must hold settings by name, not {_shown(data)}.")
    hints = get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}  # type: ignore[arg-type]
    for key in data:
        if key not in fields:
            raise _unknown(f"{prefix}{key}", [f"{prefix}{known}" for known in _names(cls)], where)
    values = {}
    for name, field in fields.items():
        usual = _default(field) if default is None else getattr(default, name)
        if name in data:
            values[name] = _convert(hints[name], data[name], prefix + name, where, usual)
        elif usual is dataclasses.MISSING:
            raise RatchetError(
                f"the setting {prefix}{name}{where} is missing: give it {_expected(hints[name])}."
            )
        else:
            values[name] = usual
    return cls(**values)


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _convert(kind: Any, value: Any, name: str, where: str, default: Any = None) -> Any:
    """`value` as the type `kind` asks, or a RatchetError that names all three."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _build(kind, value, f"{name}.", where, default if isinstance(default, kind) else None)
    try:
        return _scalar_or_tuple(kind, value, name, where)
    except TypeError:
        raise RatchetError(
            f"the setting {name}{where} must be {_expected(kind)}, not {_shown(value)}."
        ) from None


def _scalar_or_tuple(kind: Any, value: Any, name: str, where: str) -> Any:
    arguments = get_args(kind)
    if _is_union(kind):
        for arm in arguments:
            try:
                return _scalar_or_tuple(arm, value, name, where)
            except TypeError:
                continue
        inner = [arm for arm in arguments if dataclasses.is_dataclass(arm)]
        if len(inner) == 1:
            return _convert(inner[0], value, name, where)
        raise TypeError
    if get_origin(kind) is Literal:
        if any(value == choice and type(value) is type(choice) for choice in arguments):
            return value
        raise TypeError
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise TypeError
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            arguments = (arguments[0],) * len(value)
        if len(arguments) != len(value):
            raise TypeError
        pairs = enumerate(zip(arguments, value, strict=True))
        return tuple(_convert(item, each, f"{name}[{at}]", where) for at, (item, each) in pairs)
    if not isinstance(kind, type):
        raise AssertionError(f"{name}: a configuration cannot have a field of type {kind}")
    if issubclass(kind, StrEnum) and isinstance(value, str) and value in list(kind):
        return kind(value)
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is kind:
        return value
    raise TypeError


def _set(cls: type, data: dict[str, Any], name: str, text: str) -> None:
    """Put the override `name=text` into `data`."""
    kind: Any = cls
    at = data
    parts = name.split(".")
    for depth, part in enumerate(parts):
        inner = _dataclass_in(kind)
        hints = get_type_hints(inner) if inner else {}
        if part not in hints:
            raise _unknown(name, list(_paths(cls)), " (--set)")
        kind = hints[part]
        if depth + 1 < len(parts):
            nested = at.get(part)
            at[part] = at = dict(nested) if isinstance(nested, Mapping) else {}
    at[parts[-1]] = _parse(kind, text)


def _parse(kind: Any, text: str) -> Any:
    """Read the text of an override as `kind` asks; what does not fit stays text, and is refused later."""
    if _is_union(kind):
        if type(None) in get_args(kind) and text.lower() in ("none", "null"):
            return None
        readings = [_parse(arm, text) for arm in get_args(kind) if arm is not type(None)]
        return next((reading for reading in readings if not isinstance(reading, str)), readings[0])
    if get_origin(kind) is tuple:
        item = get_args(kind)[0] if get_args(kind) else str
        inside = text[1:-1] if text[:1] + text[-1:] in ("[]", "()") else text
        return [_parse(item, part.strip().strip("\"'")) for part in inside.split(",") if part.strip()]
    if get_origin(kind) is Literal:
        return next((choice for choice in get_args(kind) if str(choice) == text), text)
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return text
    return text


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _dataclass_in(kind: Any) -> type | None:
    """The dataclass that `kind` is, or is optionally."""
    for arm in get_args(kind) if _is_union(kind) else (kind,):
        if isinstance(arm, type) and dataclasses.is_dataclass(arm):
            return arm
    return None


def _names(cls: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(cls) if field.init]


def _paths(cls: type) -> Iterator[str]:
    """Every setting's dotted name."""
    for name, kind in get_type_hints(cls).items():
        inner = _dataclass_in(kind)
        if inner is None:
            yield name
        else:
            yield from (f"{name}.{path}" for path in _paths(inner))


def _unknown(name: str, known: list[str], where: str) -> RatchetError:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not near:
        leaves = {path.rpartition(".")[2]: path for path in reversed(known)}
        leaf = difflib.get_close_matches(name.rpartition(".")[2], leaves, n=1, cutoff=0.75)
        near = [leaves[found] for found in leaf]
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}."
    return RatchetError(f"there is no setting {name}{where}: {hint}")


def _expected(kind: Any) -> str:
    """`kind` in words."""
    arguments = get_args(kind)
    if _is_union(kind):
        return " or ".join(_expected(arm) for arm in arguments)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, arguments))
    if get_origin(kind) is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return f"a list, each item {_expected(arguments[0])}"
        return f"a list of {len(arguments)}: " + ", ".join(_expected(item) for item in arguments)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "one of " + ", ".join(kind)
    if dataclasses.is_dataclass(kind):
        return "settings by name"
    words = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "text",
        Path: "a path",
        type(None): "nothing",
    }
    return words[kind]


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."
