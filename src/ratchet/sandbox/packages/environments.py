"""Environments: exact sets of packages, installed once, each in a folder that is never seen half made."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.sandbox.packages import folders, indexes, locks, requirements
from ratchet.sandbox.packages.nouns import Environment, PackageSettings, TimedOutError, TooLargeError
from ratchet.sandbox.packages.resolutions import Resolution, Resolutions
from ratchet.sandbox.packages.uv import Uv, too_large

_FOLDERS = ("environments", "requests", "locks", "staging", "uv")
_ABANDONED_S = 86400.0
"""The age from which what is half made belongs to a process that died."""


class _Hold:
    """An environment that this object uses, and so nobody removes."""

    def __init__(self, environment: Environment, descriptor: int) -> None:
        self.environment = environment
        self.users = 1
        self.let_go = weakref.finalize(self, os.close, descriptor)


class Environments:
    """The environments under one folder. Safe to use from several threads and processes."""

    def __init__(self, root: Path, settings: PackageSettings = PackageSettings()) -> None:  # noqa: B008 - frozen
        """Nothing is made, and uv is not looked for, until the first environment is asked for."""
        self._root = root
        self._settings = settings
        self._resolutions = Resolutions(root, settings)
        self._holds: dict[str, _Hold] = {}
        self._guard = threading.Lock()

    def environment(self, packages: Sequence[str]) -> Environment:
        """Where the packages that a program names lie installed, with all that they need.

        It is not removed before it was released as often as it was asked for, or
        `close` was called. Raises PackagesError with what the program's author should
        change; RatchetError for what is wrong with this machine, its index or its uv.
        """
        requests = requirements.parse(packages, self._settings)
        deadline = time.monotonic() + self._settings.timeout_s
        with _disk_errors(self._root):
            for name in _FOLDERS:
                (self._root / name).mkdir(parents=True, exist_ok=True)
            resolution = self._resolutions.of(requests, deadline)
            requirements.check_resolved(resolution.resolved, self._settings)
            try:
                return self._obtain(resolution, deadline)
            except TooLargeError as error:
                self._resolutions.refuse(requests, error)
                raise

    def release(self, environment: Environment) -> None:
        """Say that it is used once less; nothing happens if it was closed."""
        with self._guard:
            hold = self._holds.get(environment.key)
            if hold is not None:
                hold.users -= 1
                if hold.users == 0:
                    del self._holds[environment.key]
                    hold.let_go()

    def close(self) -> None:
        """Release all; it may be used again."""
        with self._guard:
            for hold in self._holds.values():
                hold.let_go()
            self._holds.clear()

    def _obtain(self, resolution: Resolution, deadline: float) -> Environment:
        key = resolution.key
        lock = self._root / "locks" / f"{key}.lock"
        place = self._root / "environments" / key
        while True:
            if (held := self._held(key, place)) is not None:
                return held
            descriptor = locks.take(lock, exclusive=False, deadline=deadline)
            if _touch(place):
                return self._hold(Environment(str(place / "packages"), resolution.resolved, key), descriptor)
            os.close(descriptor)
            with locks.held(lock, deadline=deadline):
                if not place.is_dir():
                    self._build(resolution, place, deadline)
            self._prune(key)

    def _held(self, key: str, place: Path) -> Environment | None:
        with self._guard:
            hold = self._holds.get(key)
            if hold is None:
                return None
            if not _touch(place):  # somebody emptied the cache by hand
                del self._holds[key]
                hold.let_go()
                return None
            hold.users += 1
            return hold.environment

    def _hold(self, environment: Environment, descriptor: int) -> Environment:
        hold = _Hold(environment, descriptor)
        if _about(Path(environment.folder).parent, "installed_bytes") > self._settings.max_bytes:
            raise too_large(self._settings.max_bytes)  # it was made under another limit
        with self._guard:
            if (other := self._holds.get(environment.key)) is not None:
                hold.let_go()
                other.users += 1
            else:
                self._holds[environment.key] = hold
        return environment

    def _build(self, resolution: Resolution, place: Path, deadline: float) -> None:
        """Install into a folder beside `place` and move that there in one step; the key's lock is held."""
        limit = self._settings.max_bytes
        if resolution.least_bytes > limit:
            raise too_large(limit)
        for left in (self._root / "staging").glob(f"{resolution.key}.*"):
            folders.remove(left)  # whoever made it is dead: we have its lock
        staging = Path(tempfile.mkdtemp(dir=self._root / "staging", prefix=f"{resolution.key}."))
        try:
            (staging / "pylock.toml").write_text(resolution.lock, encoding="utf-8")
            packages = staging / "packages"
            packages.mkdir()
            index = indexes.configured(self._settings.index_url)
            Uv(self._root / "uv", index, deadline).install(staging / "pylock.toml", packages, limit)
            installed = folders.size(packages)
            if installed > limit:
                raise too_large(limit)
            folders.compile_modules(packages, deadline)
            folders.freeze(packages)
            about = {"installed_bytes": installed, "bytes": folders.size(packages)}
            (staging / "environment.json").write_text(json.dumps(about), encoding="utf-8")
            (staging / "used").touch()
            os.chmod(staging, 0o755)
            os.rename(staging, place)
        except BaseException:
            folders.remove(staging)
            raise

    def _prune(self, newest: str) -> None:
        """Remove what was not used for longest, until all is within the limit; nothing that someone holds."""
        kept = sorted((self._root / "environments").iterdir(), key=_used)
        total = sum(_about(place, "bytes") for place in kept)
        for place in kept:
            if total <= self._settings.total_bytes:
                break
            size = _about(place, "bytes")
            if place.name != newest and self._remove(place):
                total -= size
        for left in (self._root / "staging").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > _ABANDONED_S:
                    folders.remove(left)
        if folders.size(self._root / "uv", alone=True) > self._settings.total_bytes:
            with contextlib.suppress(TimedOutError):
                index = indexes.configured(self._settings.index_url)
                Uv(self._root / "uv", index, time.monotonic() + 10).forget(self._root / "staging")

    def _remove(self, place: Path) -> bool:
        lock = self._root / "locks" / f"{place.name}.lock"
        try:
            with locks.held(lock, deadline=0.0), contextlib.suppress(FileNotFoundError):
                gone = self._root / "staging" / f"{place.name}.{secrets.token_hex(8)}"
                os.rename(place, gone)  # in one step too
                folders.remove(gone)
        except TimedOutError:
            return False
        return True


def _touch(place: Path) -> bool:
    """Note that an environment is used now; False if it is not there."""
    try:
        os.utime(place / "used")
    except FileNotFoundError:
        return False
    return True


def _used(place: Path) -> float:
    try:
        return (place / "used").stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _about(place: Path, what: str) -> int:
    """A figure about an environment, 0 if it is gone."""
    try:
        return int(json.loads((place / "environment.json").read_text("utf-8"))[what])
    except FileNotFoundError:
        return 0


@contextlib.contextmanager
def _disk_errors(root: Path) -> Iterator[None]:
    """Say in one sentence what is wrong with the disk."""
    try:
        yield
    except OSError as error:
        if error.errno not in (
            errno.ENOSPC,
            errno.EDQUOT,
            errno.EACCES,
            errno.EPERM,
            errno.EROFS,
            errno.ENOTDIR,
        ):
            raise
        raise RatchetError(
            f"packages cannot be kept in {root} ({error.strerror}); make room there, or name another folder "
            "by RATCHET_HOME."
        ) from error
