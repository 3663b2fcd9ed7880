"""The values of messages: texts, bytes and plain data as JSON, and a strict reader of dicts."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from ratchet.errors import RatchetError
from ratchet.sandbox.inside import wire
from ratchet.sandbox.inside.wire_arrays import read_tensor_here
from ratchet.sandbox.inside.wire_shared import Mirror

Value = TypeVar("Value")

_REQUIRED: Any = object()


def text(value: str) -> Any:
    """A text; as an object if it is not Unicode that every JSON library writes and reads alike."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return {"surrogates": base64(value.encode("utf-8", "surrogatepass"))}
    return value


def base64(data: bytes) -> str:
    """Bytes as a text."""
    return binascii.b2a_base64(data, newline=False).decode()


def plain(value: Any, *, shared: bool, what: str) -> str:
    """Plain data as a text; `shared`: an object that it holds twice is one object there too.

    Raises RatchetError for anything that is not plain data, in which it is called `what`.
    """
    try:
        return base64(Mirror().pack_question(value) if shared else wire.pack(value))
    except wire.NotPlainError as error:
        raise RatchetError(f"{what} is {error}; pass plain data.") from None


class Fields:
    """An object of JSON, read field by field; whatever is not as asked for is refused."""

    def __init__(self, given: Any, name: str, refuse: Callable[[str], NoReturn], *, tensors: bool) -> None:
        """`name` is what the object is called in `refuse(reason)`, which raises.

        `tensors`: torch's tensors are read as such even if torch must be imported for it;
        otherwise they become arrays then.
        """
        self.name = name
        self._refuse = refuse
        self._tensors = tensors
        if type(given) is not dict:
            refuse(f"{name} must be a JSON object, not {_kind(given)}")
        self._given = given
        self._read: set[str] = set()

    def done(self) -> None:
        """Refuse keys that nobody has asked for."""
        if unknown := sorted(str(key) for key in self._given.keys() - self._read):
            self._refuse(f"{self.name} has the unknown key {unknown[0][:100]!r}")

    def has(self, key: str) -> bool:
        """Whether it has this key."""
        return key in self._given

    def text(self, key: str, default: str = _REQUIRED) -> str:
        """A text."""
        return self._get(key, default, self._as_text)

    def text_or_none(self, key: str) -> str | None:
        """A text or null."""
        return self._get(key, _REQUIRED, self._optional(self._as_text))

    def texts(self, key: str) -> list[str]:
        """A list of texts; empty if there is no such key."""
        return self._get(key, [], self._list_of(self._as_text))

    def choice(self, key: str, known: Sequence[str]) -> str:
        """One of some texts."""
        value = self.text(key)
        if value not in known:
            self._refuse(f"{self.name}.{key} must be one of {', '.join(known)}, not {value[:100]!r}")
        return value

    def flag(self, key: str, default: bool = _REQUIRED) -> bool:
        """True or false."""
        return self._get(key, default, lambda value, at: self._exactly(value, at, bool, "true or false"))

    def whole(self, key: str, default: int = _REQUIRED) -> int:
        """A whole number."""
        return self._get(key, default, self._as_whole)

    def whole_or_none(self, key: str) -> int | None:
        """A whole number or null."""
        return self._get(key, _REQUIRED, self._optional(self._as_whole))

    def number(self, key: str, default: float = _REQUIRED) -> float:
        """A number."""
        return self._get(key, default, self._as_number)

    def number_or_none(self, key: str, default: float | None) -> float | None:
        """A number or null."""
        return self._get(key, default, self._optional(self._as_number))

    def data(self, key: str) -> bytes:
        """Bytes."""
        return self._get(key, _REQUIRED, self._as_bytes)

    def plain(self, key: str) -> Any:
        """Plain data."""
        return self._get(key, _REQUIRED, self._as_plain)

    def plain_lists(self, key: str) -> list[list[Any]]:
        """A list of plain data, each of which is a list."""

        def as_list(value: Any, at: str) -> list[Any]:
            return self._exactly(self._as_plain(value, at), at, list, "a list")

        return self._get(key, _REQUIRED, self._list_of(as_list))

    def inner(self, key: str, default: Any = _REQUIRED) -> Fields:
        """An object within this one."""
        return self._get(key, default, self._as_fields)

    def inner_or_none(self, key: str) -> Fields | None:
        """An object within this one, or null or no such key."""
        return self._get(key, None, self._optional(self._as_fields))

    def inners(self, key: str) -> list[Fields]:
        """A list of objects; empty if there is no such key."""
        return self._get(key, [], self._list_of(self._as_fields))

    def _get(self, key: str, default: Any, read: Callable[[Any, str], Value]) -> Value:
        self._read.add(key)
        value = self._given.get(key, default)
        if value is _REQUIRED:
            self._refuse(f"{self.name} has no {key!r}")
        return read(value, f"{self.name}.{key}")

    def _exactly(self, value: Any, at: str, kind: type[Value], wanted: str) -> Value:
        if type(value) is not kind:
            self._refuse(f"{at} must be {wanted}, not {_kind(value)}")
        return value

    def _as_fields(self, value: Any, at: str) -> Fields:
        return Fields(value, at, self._refuse, tensors=self._tensors)

    def _as_whole(self, value: Any, at: str) -> int:
        return self._exactly(value, at, int, "a whole number")

    def _as_number(self, value: Any, at: str) -> float:
        return value if type(value) is int else self._exactly(value, at, float, "a number")

    def _as_text(self, value: Any, at: str) -> str:
        if type(value) is not dict:
            return self._exactly(value, at, str, "a text")
        given = self._as_fields(value, at)
        data = given.data("surrogates")
        given.done()
        try:
            return data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            self._refuse(f"{at}.surrogates is not UTF-8 with surrogates")

    def _as_bytes(self, value: Any, at: str) -> bytes:
        try:
            return binascii.a2b_base64(self._exactly(value, at, str, "a text of base64"), strict_mode=True)
        except ValueError:  # binascii.Error is one, and so is what is no ASCII
            self._refuse(f"{at} is not base64")

    def _as_plain(self, value: Any, at: str) -> Any:
        readers = {} if self._tensors else {"tensor": read_tensor_here}
        try:
            return Mirror(readers=readers).unpack_question(self._as_bytes(value, at))
        except wire.WireError as error:
            self._refuse(f"{at} is not plain data ({error})")

    def _optional(self, read: Callable[[Any, str], Value]) -> Callable[[Any, str], Value | None]:
        return lambda value, at: None if value is None else read(value, at)

    def _list_of(self, read: Callable[[Any, str], Value]) -> Callable[[Any, str], list[Value]]:
        def read_list(value: Any, at: str) -> list[Value]:
            items = self._exactly(value, at, list, "a list")
            return [read(item, f"{at}[{number}]") for number, item in enumerate(items)]

        return read_list


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
