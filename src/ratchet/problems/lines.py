"""Reading JSON Lines that other people wrote, plain or gzipped, with a sentence for each thing wrong."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError

_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file: a JSON object, and where it stands, for messages."""

    fields: dict[str, Any]
    where: str
    """`path:line`, as editors and terminals understand it."""

    def text(self, name: str, *, default: str | None = None) -> str:
        """The field `name`, which must be a string; `default` stands for one that is absent or null.

        Raises RatchetError where it is missing or of another type.
        """
        value = self.fields.get(name)
        if value is None and default is not None:
            return default
        if name not in self.fields:
            have = ", ".join(sorted(self.fields)[:8]) or "none at all"
            raise RatchetError(f'{self.where}: the field "{name}" is missing (the line has {have}).')
        if not isinstance(value, str):
            raise RatchetError(f'{self.where}: the field "{name}" must be a string, not {json_type(value)}.')
        return value

    def number(self, name: str) -> int:
        """The field `name`, which must be a whole number; raises RatchetError where it is not."""
        value = self.fields.get(name)
        if type(value) is not int:
            found = json_type(value) if name in self.fields else "missing"
            raise RatchetError(f'{self.where}: the field "{name}" must be a whole number (it is {found}).')
        return value

    def flag(self, name: str) -> bool:
        """The field `name`, true or false; false where absent or null, RatchetError on another type."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise RatchetError(
                f'{self.where}: the field "{name}" must be true or false, not {json_type(value)}.'
            )
        return bool(value)

    def texts(self, name: str) -> list[str]:
        """The field `name`, which must be an array of strings; raises RatchetError where it is not."""
        value = self.fields.get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise RatchetError(f'{self.where}: the field "{name}" must be an array of strings.')
        return value

    def optional_text(self, name: str) -> str | None:
        """The field `name`, or None where it is absent or null; raises RatchetError on another type."""
        return None if self.fields.get(name) is None else self.text(name)


def json_type(value: object) -> str:
    """The name of a decoded value's type as JSON calls it, with its article."""
    if value is None:
        return "null"
    names = {bool: "a boolean", dict: "an object", list: "an array", str: "a string"}
    return names.get(type(value), "a number")


def read_array(path: Path) -> Iterator[Row]:
    """The objects of a JSON file that holds one array of them; `where` says which of them a row is.

    Raises RatchetError on a file that cannot be read, or is no such array.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RatchetError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError):
        raise RatchetError(f"{path} is not JSON in UTF-8; fetch it again.") from None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise RatchetError(f"{path} must hold a JSON array of objects.")
    for number, item in enumerate(value, start=1):
        yield Row(item, f"{path}, entry {number}")


def read_rows(path: Path) -> Iterator[Row]:
    """The objects of a JSON Lines file, one by one; empty lines are passed over.

    Gzip is recognised by its first bytes, whatever the file is called. Raises
    RatchetError on a file that cannot be read to its end, and on the first line
    that is not a JSON object in UTF-8.
    """
    try:
        with path.open("rb") as file:
            packed = file.peek(2)[:2] == _GZIP_MAGIC
            for number, line in enumerate(gzip.GzipFile(fileobj=file) if packed else file, start=1):
                where = f"{path}:{number}"
                row = _decode(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, where)
                if row is not None:
                    yield row
    except FileNotFoundError:
        raise RatchetError(f"there is no file {path}.") from None
    except IsADirectoryError:
        raise RatchetError(f"{path} is a directory; give the JSON Lines file itself.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise RatchetError(f"{path} is a damaged or cut-off gzip file; fetch it again.") from None
    except OSError as error:
        raise RatchetError(f"{path} cannot be read: {error.strerror or error}.") from None


def _decode(line: bytes, where: str) -> Row | None:
    try:
        text = line.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise RatchetError(
            f"{where}: byte {error.start + 1} of the line is not UTF-8; save the file as UTF-8."
        ) from None
    if not text:
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise RatchetError(f"{where}: not JSON ({error.msg}, column {error.colno}).") from None
    except RecursionError:
        raise RatchetError(f"{where}: the JSON is nested too deeply.") from None
    except ValueError as error:  # a whole number of more than 4,300 digits
        raise RatchetError(f"{where}: not usable JSON ({str(error).split(';')[0]}).") from None
    if not isinstance(value, dict):
        raise RatchetError(f"{where}: each line must be a JSON object, not {json_type(value)}.")
    return Row(value, where)
