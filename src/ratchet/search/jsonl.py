"""Documents of the form "name(signature): description", in JSON or JSON Lines.

This is how the private-library benchmarks write their documentation. A document
is such a text, or an object that has it as `doc` (or `text`), and may have `name`
and `library`. A file holds one document a line, or all of them in one JSON array.

The benchmarks' authors split at the last colon of the text, which leaves parts of
a signature in the description; here it is the first one behind the signature.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.search.entries import ApiEntry, closing, outside_quotes, summary_of

_NAME = re.compile(r"\s*([^\W\d][\w.]*)\s*")


def read_documents(path: Path) -> list[ApiEntry]:
    """The documents of a file as entries, in its order; `public` is the library's name and the document's.

    Raises RatchetError, with file and line (or place in the array), on the first
    document that cannot be used, and on a file without any.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RatchetError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8.") from None
    except OSError as error:
        raise RatchetError(f"{path} cannot be read: {error.strerror or error}.") from None
    entries = [_entry(value, where) for value, where in _values(text, path)]
    if not entries:
        raise RatchetError(f"{path} holds no documents.")
    return entries


def _values(text: str, path: Path) -> Iterator[tuple[Any, str]]:
    if text.lstrip().startswith("["):
        for number, value in enumerate(_decode(text, str(path)), start=1):
            yield value, f"{path}: document {number}"
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _decode(line, f"{path}:{number}"), f"{path}:{number}"


def _decode(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise RatchetError(f"{where}: not JSON ({error.msg}, column {error.colno}).") from None
    except RecursionError:
        raise RatchetError(f"{where}: the JSON is nested too deeply.") from None
    except ValueError as error:  # a whole number of more than 4,300 digits
        raise RatchetError(f"{where}: not usable JSON ({str(error).split(';')[0]}).") from None


def _entry(value: Any, where: str) -> ApiEntry:
    fields = {"doc": value} if isinstance(value, str) else value
    if not isinstance(fields, dict):
        raise RatchetError(f"{where}: a document must be a text or an object.")
    text = _text(fields, "doc" if "doc" in fields else "text", where)
    name, signature, description = split_document(text)
    name = _text(fields, "name", where) if "name" in fields else name
    if not name.strip():
        raise RatchetError(
            f'{where}: a document must begin with a name, as in "name(signature): description".'
        )
    library = _text(fields, "library", where) if "library" in fields else ""
    public = f"{library}.{name}" if library else name
    return ApiEntry(public, public, "unknown", signature, summary_of(description), description, "", where)


def _text(fields: dict[str, Any], name: str, where: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        state = "must be a text" if name in fields else "is missing"
        raise RatchetError(f'{where}: the field "{name}" {state}.')
    return value


def split_document(text: str) -> tuple[str, str, str]:
    """Name, signature and description of "name(signature) -> result: description".

    The name is empty where the text does not begin with one; then, and where there
    is neither a signature nor a colon, all of it is description.
    """
    match = _NAME.match(text)
    if match is None:
        return "", "", text.strip()
    start = match.end()
    end = closing(text, start) + 1 if text[start : start + 1] == "(" else 0
    colon = _colon(text, end or start)
    if colon < 0:
        return match[1] if end else "", text[start:end], text[end or 0 :].strip()
    between = text[end or start : colon]
    if between.strip() and not between.lstrip().startswith("->"):
        # The colon belongs to the description.
        return match[1] if end else "", text[start:end] if end else "", text[end:].strip()
    return match[1], text[start:colon].strip(), text[colon + 1 :].strip()


def _colon(text: str, start: int) -> int:
    """The index of the first colon from `start` on that is in neither brackets nor quotes, or -1."""
    colons = (i for i, c, depth in outside_quotes(text, start) if c == ":" and depth <= 0)
    return next(colons, -1)
