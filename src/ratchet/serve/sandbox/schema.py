"""JSON Schema, the part of it that our requests need: one text that is both checked and published.

    check({"code": "print(1)"}, RUN_CODE)      # the same with defaults filled in; raises Invalid

What the API's description says of a request (`openapi`) is what is checked here, key
by key. Known are: type, properties, required, additionalProperties, items, enum, anyOf,
minimum, maximum, exclusiveMinimum, minLength, minItems, maxItems and default.
"""

from __future__ import annotations

import json
import math
from typing import Any

Schema = dict[str, Any]


class Invalid(Exception):
    """A request is not as its schema says: `where` it is not, and a message that says how."""

    def __init__(self, where: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.where = where

    @property
    def sentence(self) -> str:
        """Where and how, in one sentence."""
        place = ".".join(map(str, self.where)) or "the body"
        return f"{place}: {self}."


def parse(body: bytes) -> Any:
    """The value of a JSON text; raises Invalid."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Invalid((), f"it is not JSON ({error})") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def check(value: Any, schema: Schema, where: tuple[str | int, ...] = ()) -> Any:
    """The value with the defaults of what it leaves out; raises Invalid."""
    if "anyOf" in schema:
        return _any_of(value, schema["anyOf"], where)
    value = _typed(value, schema, where)
    if "enum" in schema and value not in schema["enum"]:
        raise Invalid(where, f"it is none of {', '.join(map(repr, schema['enum']))}")
    if isinstance(value, dict):
        return _object(value, schema, where)
    if isinstance(value, list):
        return _array(value, schema, where)
    if isinstance(value, str) and len(value) < schema.get("minLength", 0):
        raise Invalid(where, "it is empty")
    if isinstance(value, int | float) and not isinstance(value, bool):
        _in_range(value, schema, where)
    return value


_PYTHON = {
    "string": str,
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def _typed(value: Any, schema: Schema, where: tuple[str | int, ...]) -> Any:
    """The value as one of the schema's types: a whole number may be written 3.0."""
    if "type" not in schema:
        return value
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    for kind in kinds:
        if kind in _PYTHON and isinstance(value, _PYTHON[kind]):
            return value
        if kind in ("number", "integer") and isinstance(value, int | float) and not isinstance(value, bool):
            if not math.isfinite(value):
                raise Invalid(where, "it is too large a number")
            if kind == "number" or isinstance(value, int):
                return value
            if value.is_integer():
                return int(value)
    raise Invalid(where, f"it is not of type {' or '.join(kinds)}")


def _any_of(value: Any, schemas: list[Schema], where: tuple[str | int, ...]) -> Any:
    reasons = []
    for schema in schemas:
        try:
            return check(value, schema, where)
        except Invalid as invalid:
            reasons.append(invalid)
    # The one that got furthest says most; of equals the last, which is the most general.
    raise max(reversed(reasons), key=lambda invalid: len(invalid.where))


def _object(value: dict[str, Any], schema: Schema, where: tuple[str | int, ...]) -> dict[str, Any]:
    known: dict[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        if name not in value:
            raise Invalid((*where, name), "it is missing")
    found = {}
    for name, item in value.items():
        if name in known:
            found[name] = check(item, known[name], (*where, name))
        elif isinstance(others, dict):
            found[name] = check(item, others, (*where, name))
        elif not others:
            raise Invalid((*where, name), "there is no such field here: leave it out")
        else:
            found[name] = item
    for name, inner in known.items():
        if name not in found and "default" in inner:
            found[name] = inner["default"]
    return found


def _array(value: list[Any], schema: Schema, where: tuple[str | int, ...]) -> list[Any]:
    least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
    if len(value) < least:
        raise Invalid(where, f"it has fewer than {least} entries")
    if len(value) > most:
        raise Invalid(where, f"it has more than {most} entries")
    if "items" not in schema:
        return value
    return [check(item, schema["items"], (*where, place)) for place, item in enumerate(value)]


def _in_range(value: float, schema: Schema, where: tuple[str | int, ...]) -> None:
    if value <= schema.get("exclusiveMinimum", -math.inf):
        raise Invalid(where, f"it is not more than {schema['exclusiveMinimum']:g}")
    if value < schema.get("minimum", -math.inf):
        raise Invalid(where, f"it is less than {schema['minimum']:g}")
    if value > schema.get("maximum", math.inf):
        raise Invalid(where, f"it is more than {schema['maximum']:g}")


def fields(required: dict[str, Schema], optional: dict[str, Schema], *, strict: bool, about: str) -> Schema:
    """The schema of an object with these properties; `strict`: and no others."""
    return {
        "type": "object",
        "description": about,
        "properties": {**required, **optional},
        "required": list(required),
        **({"additionalProperties": False} if strict else {}),
    }


def text(about: str, **more: Any) -> Schema:
    """The schema of a text."""
    return {"type": "string", "description": about, **more}


def nullable(schema: Schema, **more: Any) -> Schema:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"], **more}
