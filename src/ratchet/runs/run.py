"""A Run: a directory that remembers every finished unit of a piece of work.

    RUN/run.json          what it is: kind, schema, when and by which version, seed
    RUN/config.json       the resolved configuration
    RUN/environment.json  interpreter, machine, versions; environment-2.json and so on
                          when it was taken up again under others
    RUN/journal.sqlite    unit -> result, in the order recorded, append-only
    RUN/artefacts/UNIT/   files that belong to a unit (a slash in its name is a `+` here)
    RUN/lock              held while a process works on the Run

The journal is the truth. A result is on the disk before `record` returns, and an
artefact counts only once its unit is recorded; what a killed process left
half-made is swept away when the Run is opened again.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ratchet import __version__
from ratchet.errors import RatchetError
from ratchet.runs.disk import as_json, hold_lock, read_object, sync, sync_tree, telling, write_durably
from ratchet.runs.environment import describe_environment

SCHEMA = 1
"""Version of the directory's layout; a Run with a higher one is refused."""

_PAGE = 1000
_UNIT = re.compile(r"[A-Za-z0-9_=@#,:-][A-Za-z0-9._=@#,:-]*(/[A-Za-z0-9_=@#,:-][A-Za-z0-9._=@#,:-]*)*")
_MADE_FIRST = {"lock", "artefacts", "config.json", "environment.json"}
"""What a directory may hold whose creation was killed before run.json was there."""
_TABLES = """
CREATE TABLE IF NOT EXISTS units (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    unit TEXT NOT NULL UNIQUE,
    result TEXT NOT NULL,
    recorded TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS units_never_change BEFORE UPDATE ON units
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS units_never_go BEFORE DELETE ON units
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""


class Run:
    """A directory with a journal; make one with `Run.create`, take it up again with `Run.open`.

    Usable from several threads at once, and by one process at a time: a second
    one is refused while the first lives. A forked child must not use its
    parent's Run.
    """

    path: Path
    kind: str
    seed: int | None
    created: str
    """When it was made, ISO 8601, UTC."""
    config: dict[str, Any]
    """The configuration that it was made with, as plain data."""

    def __init__(self, path: Path, lock_descriptor: int) -> None:
        """Internal: `create` and `open` call it, with the lock held and run.json in place."""
        self.path = path
        self._lock_descriptor = lock_descriptor
        self._guard = threading.RLock()
        about = read_object(path / "run.json")
        self.kind = about["kind"]
        self.seed = about["seed"]
        self.created = about["created"]
        self.config = read_object(path / "config.json")
        with self._writing():
            self._sweep()
            self._connection = sqlite3.connect(
                path / "journal.sqlite", isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(_TABLES)
        _open_runs.add(self)

    @classmethod
    def create(cls, path: Path, *, kind: str, config: Mapping[str, Any], seed: int | None = None) -> Self:
        """Make the directory `path` (and its parents) and begin a Run in it.

        `kind` names the sort of work, so that another sort does not take it up;
        `config` is plain JSON data.

        Raises:
            RatchetError: `path` is not empty, is not a directory, or cannot be written.
        """
        path = Path(path)
        texts = {
            "config.json": as_json(dict(config)),
            "environment.json": as_json(describe_environment()),
            "run.json": as_json(
                {
                    "kind": kind,
                    "schema": SCHEMA,
                    "created": _now(),
                    "ratchet": __version__,
                    "seed": seed,
                }
            ),
        }
        with telling(f"no Run can be made at {path}", "name a directory that can be written"):
            if not path.exists():
                path.mkdir(parents=True, exist_ok=True)
            _refuse_unless_empty(path)
            descriptor = hold_lock(path)
            try:
                _refuse_unless_empty(path)
                (path / "artefacts").mkdir(exist_ok=True)
                # run.json is last: a directory without it is no Run yet, and may be made again.
                for name, text in texts.items():
                    write_durably(path / name, text)
                return cls(path, descriptor)
            except BaseException:
                os.close(descriptor)
                raise

    @classmethod
    def open(cls, path: Path, *, kind: str | None = None) -> Self:
        """Take up the Run at `path` again.

        Raises:
            RatchetError: there is no Run, it is of another kind than `kind`, a newer
                Ratchet made it, or another process is working on it.
        """
        path = Path(path)
        about = _read_about(path)
        if about["schema"] > SCHEMA:
            raise RatchetError(
                f"{path} was made by Ratchet {about.get('ratchet', 'of a later version')} in a newer layout "
                f"({about['schema']}; this one reads up to {SCHEMA}): install that version to go on with it."
            )
        if kind is not None and about["kind"] != kind:
            raise RatchetError(f"{path} is a Run of kind {about['kind']!r}, not {kind!r}: name another one.")
        with telling(f"the Run at {path} cannot be taken up", "mend that, then resume"):
            descriptor = hold_lock(path)
            try:
                _note_environment(path)
                return cls(path, descriptor)
            except BaseException:
                os.close(descriptor)
                raise

    def get(self, unit: str) -> Any | None:
        """The recorded result of `unit`, or None if it has not been recorded.

        It is what JSON makes of the result: tuples come back as lists, whether
        this process recorded it or an earlier one did.
        """
        with self._guard:
            row = self._connection.execute("SELECT result FROM units WHERE unit = ?", (unit,)).fetchone()
        return None if row is None else json.loads(row[0])

    def record(self, unit: str, result: Any) -> None:
        """Record the result of `unit`; on the disk when this returns.

        `result` is plain JSON data and not None (None means "not recorded").

        Raises:
            ValueError: the unit was recorded before, or the result is None: a bug in the caller.
            RatchetError: it could not be written (a full disk); what stood before still stands.
        """
        self.record_many([(unit, result)])

    def record_many(self, results: Iterable[tuple[str, Any]]) -> None:
        """Record several units in one commit: all of them, or none. Raises as `record` does."""
        now = _now()
        rows = []
        for unit, result in results:
            if result is None or not unit:
                raise ValueError(f"unit {unit!r}: a unit needs a name, and a result that is not None")
            rows.append((unit, json.dumps(result), now))
        with self._guard, self._writing():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(
                    "INSERT INTO units (unit, result, recorded) VALUES (?, ?, ?)", rows
                )
                self._connection.execute("COMMIT")
            except sqlite3.IntegrityError:
                raise ValueError(f"a unit is recorded only once: {self._doubled(rows)}") from None
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def units(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Every recorded unit whose name starts with `prefix`, with its result, in the order recorded."""
        last = 0
        while True:
            with self._guard:
                rows = self._connection.execute(
                    "SELECT sequence, unit, result FROM units "
                    "WHERE sequence > ? AND substr(unit, 1, length(?)) = ? ORDER BY sequence LIMIT ?",
                    (last, prefix, prefix, _PAGE),
                ).fetchall()
            for _, unit, result in rows:
                yield unit, json.loads(result)
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]

    def artefact(self, unit: str) -> Path:
        """Where the files of `unit` are, once it has any.

        Raises:
            ValueError: the name has characters that a directory's name should not have.
        """
        if not _UNIT.fullmatch(unit):
            raise ValueError(f"{unit!r} cannot name a directory: letters, digits and ._=@#,:-/ can")
        return self.path / "artefacts" / unit.replace("/", "+")

    def work(self, unit: str) -> Path:
        """A new, empty directory in which to make the files of `unit`; hand it to `publish` after that."""
        place = self.artefact(unit)
        temporary = place.with_name(f".{place.name}.tmp-{secrets.token_hex(4)}")
        with self._writing():
            temporary.mkdir()
        return temporary

    def publish(self, temporary: Path, unit: str) -> Path:
        """Move the directory `temporary` into place as the files of `unit`; return that place.

        The files are on the disk before they appear there, all at once. Record the
        unit after this: files of a unit that was never recorded are a killed
        process's, and are replaced.

        Raises:
            ValueError: the unit is recorded already.
            RatchetError: the files could not be written.
        """
        place = self.artefact(unit)
        with self._guard, self._writing():
            if self.get(unit) is not None:
                raise ValueError(f"unit {unit!r} is recorded: its files are not replaced")
            sync_tree(temporary)
            replaced = place.with_name(f".{place.name}.old-{secrets.token_hex(4)}")
            if place.exists():
                place.rename(replaced)
            temporary.rename(place)
            sync(place.parent)
            shutil.rmtree(replaced, ignore_errors=True)
        return place

    def close(self) -> None:
        """Let go of the journal and of the lock; closing twice is harmless."""
        with self._guard:
            self._connection.close()
            self._release_lock()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _doubled(self, rows: list[tuple[str, str, str]]) -> str:
        names = [unit for unit, *_ in rows]
        return ", ".join(
            sorted({unit for unit in names if names.count(unit) > 1 or self.get(unit) is not None})
        )

    def _release_lock(self) -> None:
        if self._lock_descriptor >= 0:
            os.close(self._lock_descriptor)
            self._lock_descriptor = -1

    def _sweep(self) -> None:
        """Delete what a killed process left half-made or was replacing."""
        for left in (self.path / "artefacts").glob(".*"):
            shutil.rmtree(left)

    def _writing(self) -> AbstractContextManager[None]:
        return telling(
            f"the Run at {self.path} cannot be written",
            "mend that and resume, what was recorded is safe",
        )


def fresh_place(kind: str, name: str) -> Path:
    """Where a Run goes that was given no place: `runs/<kind>-<name>-<time>`, which is not there yet."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-") or "benchmark"
    base = Path("runs") / f"{kind}-{plain}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    path, number = base, 1
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}-{number}")
    return path


_open_runs: weakref.WeakSet[Run] = weakref.WeakSet()


def _let_go_in_child() -> None:
    # A forked worker that outlives a killed parent would otherwise hold the lock, and so bar the resume.
    for run in list(_open_runs):
        run._release_lock()


os.register_at_fork(after_in_child=_let_go_in_child)


@contextmanager
def resume_with(command: str) -> Iterator[None]:
    """Say how to go on, if the work inside is interrupted from the keyboard.

    The command line prints the note `go on with: COMMAND` that this puts on a KeyboardInterrupt.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"go on with: {command}")
        raise


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _read_about(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise RatchetError(f"there is no Run at {path}: no such directory.")
    if not (path / "run.json").is_file():
        raise RatchetError(f"{path} is not a Run: it has no run.json.")
    about = read_object(path / "run.json")
    if not isinstance(about.get("schema"), int) or not isinstance(about.get("kind"), str):
        raise RatchetError(f"{path} is not a Run: its run.json names no schema and kind.")
    return about


def _refuse_unless_empty(path: Path) -> None:
    if not path.is_dir():
        raise RatchetError(f"{path} is no directory: name a new one.")
    if {entry.name for entry in path.iterdir() if entry.suffix != ".new"} - _MADE_FIRST:
        raise RatchetError(f"{path} exists and is not empty: name a new directory, or resume the Run in it.")


def _note_environment(path: Path) -> None:
    """Keep the present environment beside the first, if it differs from the last one that was kept."""
    kept = 1
    while (path / f"environment-{kept + 1}.json").exists():
        kept += 1
    last = path / ("environment.json" if kept == 1 else f"environment-{kept}.json")
    present = describe_environment()
    if read_object(last) != present:
        write_durably(path / f"environment-{kept + 1}.json", as_json(present))
