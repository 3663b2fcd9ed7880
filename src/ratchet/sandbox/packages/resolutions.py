"""What requests came to: exact sets of packages, remembered on disk for as long as the settings say."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.sandbox.packages import indexes, locks
from ratchet.sandbox.packages.nouns import PackagesError, PackageSettings, TimedOutError, TooLargeError
from ratchet.sandbox.packages.uv import Uv, lent, read

_REFUSED_S = 600.0
"""For how long at most an index that did not have something is not asked for it again."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """An answer to a request: an exact set, or a refusal."""

    made: float
    """By time.time."""
    key: str = ""
    resolved: tuple[str, ...] = ()
    lock: str = ""
    """The text of its pylock.toml."""
    least_bytes: int = 0
    refused: str = ""
    """Why nothing can be installed."""
    over_bytes: int | None = None
    """If it was refused for its size: the limit that it is over."""


class Resolutions:
    """Requests and their answers. Safe to use from several threads and processes."""

    def __init__(self, root: Path, settings: PackageSettings) -> None:
        """Keep them in the folders of `root`, which exist."""
        self._root = root
        self._settings = settings
        self._known: dict[str, Resolution] = {}

    def of(self, requests: tuple[str, ...], deadline: float) -> Resolution:
        """The exact set for requests in their canonical spelling; raises PackagesError or RatchetError."""
        index = indexes.configured(self._settings.index_url)
        name = _name(requests, index)
        found = self._fresh(self._known.get(name)) or self._fresh(self._read(name))
        if found is None:
            with locks.held(self._root / "locks" / f"{name}.lock", deadline=deadline):
                found = self._fresh(self._read(name)) or self._ask(name, requests, index, deadline)
        self._known[name] = found
        if found.refused:
            raise (PackagesError if found.over_bytes is None else TooLargeError)(found.refused)
        return found

    def refuse(self, requests: tuple[str, ...], error: TooLargeError) -> None:
        """Remember that what these requests came to is larger than the limit."""
        name = _name(requests, indexes.configured(self._settings.index_url))
        refusal = Resolution(time.time(), refused=str(error), over_bytes=self._settings.max_bytes)
        self._known[name] = refusal
        self._write(name, refusal)

    def _ask(self, name: str, requests: tuple[str, ...], index: indexes.Index, deadline: float) -> Resolution:
        uv = Uv(self._root / "uv", index, deadline)
        try:
            with tempfile.TemporaryDirectory(dir=self._root / "staging", prefix="resolve.") as folder:
                lock = uv.resolve(requests, Path(folder), self._settings.max_bytes)
            locked = read(lock)
        except (RatchetError, TimedOutError):
            # An index that is down for a while is no reason to stop a run whose packages are all here.
            if (old := self._read(name)) is None or old.refused:
                raise
            return replace(old, made=time.time() - max(0.0, self._settings.ttl_s - _REFUSED_S))
        except PackagesError as error:
            over = self._settings.max_bytes if isinstance(error, TooLargeError) else None
            answer = Resolution(time.time(), refused=str(error), over_bytes=over)
        else:
            key = _hash([locked.identity, _platform()])
            answer = Resolution(time.time(), key, locked.resolved, lock, locked.least_bytes)
        self._write(name, answer)
        return answer

    def _fresh(self, found: Resolution | None) -> Resolution | None:
        if found is None:
            return None
        if found.over_bytes is not None and self._settings.max_bytes > found.over_bytes:
            return None
        brief = bool(found.refused) and found.over_bytes is None
        lasts = min(self._settings.ttl_s, _REFUSED_S) if brief else self._settings.ttl_s
        return found if -60 < time.time() - found.made < lasts else None

    def _read(self, name: str) -> Resolution | None:
        try:
            kept: dict[str, Any] = json.loads((self._root / "requests" / f"{name}.json").read_text("utf-8"))
            return Resolution(**{**kept, "resolved": tuple(kept["resolved"])})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):  # written by another version of Ratchet
            return None

    def _write(self, name: str, resolution: Resolution) -> None:
        folder = self._root / "requests"
        descriptor, written = tempfile.mkstemp(dir=folder, prefix=".")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(resolution), file)
            os.replace(written, folder / f"{name}.json")
        except BaseException:
            os.unlink(written)
            raise


def _name(requests: tuple[str, ...], index: indexes.Index) -> str:
    """Of the file with the answer: made of all that it depends on."""
    return _hash([requests, index.identity(), _platform(), lent(requests)])


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _platform() -> list[str]:
    """What wheels are chosen by."""
    libc = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in os.confstr_names else None
    return [sys.version, sysconfig.get_platform(), libc or ""]
