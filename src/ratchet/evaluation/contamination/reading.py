"""The texts of a corpus, one after the other: folders of source files, JSON Lines, gzip, Parquet.

Memory stays bounded: files are read in pieces of 16 MiB, cut between lines. The order is always the same.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ratchet.errors import RatchetError
from ratchet.evaluation.contamination.code import Lines, lines_of
from ratchet.problems.lines import read_rows

PIECE = 16 << 20
_LOOKED_AT = 8192
_WORD = re.compile(r"\w+")
_LINE_END = re.compile(r"\n")
_ROWS = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_PARQUET = (".parquet", ".pq")
_ROWS_AT_ONCE = 256


@dataclass
class Document:
    """A text of a corpus, and where it stands."""

    path: str
    text: str
    line: int = 1
    """Of its beginning in the file; of a table, its row."""
    row: bool = False
    """Whether the whole of it stands in that line: it is a row of a table."""
    _lines: dict[str, Lines] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def words(self) -> list[str]:
        """Its runs of letters, digits and underscores, in lower case."""
        return _WORD.findall(self.text.lower())

    def lines(self, comments: str) -> Lines:
        """Its lines without comments of that style (`ratchet.evaluation.contamination.code`)."""
        if comments not in self._lines:
            self._lines[comments] = lines_of(self.text, comments)
        return self._lines[comments]

    def line_of_word(self, number: int) -> int:
        """The line of the file in which its word with that number begins."""
        if self.row:
            return self.line
        starts, ends = self._places
        return self.line + int(np.searchsorted(ends, starts[number]))

    @cached_property
    def _places(self) -> tuple[Any, Any]:
        """Where each word begins, and where each line ends."""
        text = self.text.lower()
        starts = (match.start() for match in _WORD.finditer(text))
        ends = (match.start() for match in _LINE_END.finditer(text))
        return np.fromiter(starts, np.int64), np.fromiter(ends, np.int64)

    def line_at(self, offset: int) -> int:
        """The line of the file for its own line `offset`, from 0."""
        return self.line if self.row else self.line + offset


def documents(
    paths: Iterable[Path], field: str | None = None, skipped: Callable[[Path], None] = lambda path: None
) -> Iterator[Document]:
    """The documents of files and folders, these in the order of their names.

    A row of a table (.jsonl, .ndjson, .parquet, also gzipped) is a document: the text in `field`, or all
    texts in it. Any other file is one, with its lines. What is no text is handed to `skipped` and
    passed over, as are the folders .git. Raises RatchetError on a path that is not there or cannot be
    read, on rows that are no JSON objects, and where Parquet is met without pyarrow.
    """
    for path in paths:
        if not path.exists():
            raise RatchetError(f"there is no file or folder {path}.")
        for file in _files(path):
            if file.name.endswith(_ROWS):
                rows: Iterable[Any] = (row.fields for row in read_rows(file))
                yield from _of_rows(file, rows, field)
            elif file.suffix in _PARQUET:
                yield from _of_rows(file, _table(file), field)
            else:
                yield from _of_text(file, skipped)


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file() and not file.is_symlink():
                yield file


def _of_rows(file: Path, rows: Iterable[Any], field: str | None) -> Iterator[Document]:
    for number, row in enumerate(rows, start=1):
        if field is not None and field not in row:
            have = ", ".join(sorted(row)[:8])
            raise RatchetError(f'{file}, row {number}: there is no field "{field}" (the row has {have}).')
        text = "\n\n".join(_texts(row if field is None else row[field]))
        if text:
            yield Document(str(file), text, number, row=True)


def _texts(value: Any) -> Iterator[str]:
    """Every text in plain data, in its order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _table(file: Path) -> Iterator[Any]:
    try:
        parquet = import_module("pyarrow.parquet")
    except ModuleNotFoundError:
        raise RatchetError(
            f"{file} is Parquet, which needs pyarrow: pip install pyarrow, or leave the file out."
        ) from None
    try:
        with parquet.ParquetFile(file) as table:
            for batch in table.iter_batches(_ROWS_AT_ONCE):
                yield from batch.to_pylist()
    except (OSError, ValueError) as error:
        raise RatchetError(f"{file} cannot be read as Parquet ({str(error).splitlines()[0]}).") from None


def _of_text(file: Path, skipped: Callable[[Path], None]) -> Iterator[Document]:
    try:
        with file.open("rb") as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            stream: Any = gzip.GzipFile(fileobj=raw) if packed else raw
            for number, (line, piece) in enumerate(_pieces(stream)):
                if number == 0 and b"\0" in piece[:_LOOKED_AT]:
                    skipped(file)
                    return
                yield Document(str(file), piece.decode("utf-8", "replace"), line)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise RatchetError(f"{file} is a damaged or cut-off gzip file; leave it out.") from None
    except OSError as error:
        raise RatchetError(f"{file} cannot be read: {error.strerror or error}.") from None


def _pieces(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Pieces of a stream with the number of their first line, cut after a line where one ends."""
    line, rest = 1, b""
    while block := stream.read(PIECE):
        block = rest + block
        end = block.rfind(b"\n") + 1 or len(block)
        piece, rest = block[:end], block[end:]
        yield line, piece
        line += piece.count(b"\n")
    if rest:
        yield line, rest
