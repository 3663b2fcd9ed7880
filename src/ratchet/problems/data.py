"""Where benchmark data lives: RATCHET_DATA, else the user's cache, else its official home.

Every file is known by its SHA-256, and no other content is taken for it.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from ratchet.errors import RatchetError
from ratchet.sandbox.home import home_directory

_TIMEOUT_S = 8.0
_MAX_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class DataFile:
    """A published file: its place in a data directory, its official home, and its checksum."""

    path: str
    """Relative, with slashes: `humaneval/HumanEval.jsonl.gz`."""
    url: str
    sha256: str
    made: str = ""
    """What was done to the file at `url`, where this is not that very file; it is then not fetched."""


def cache_directory() -> Path:
    """Where downloaded data is kept: RATCHET_HOME/data, by default ~/.cache/ratchet/data."""
    return home_directory() / "data"


def find_data(file: DataFile) -> Path:
    """The path of a published file on this machine, fetched if need be.

    Looks in the directory RATCHET_DATA, then in the cache, then downloads it into
    the cache. Raises RatchetError where RATCHET_DATA is no directory, where a file
    differs from the published one, and where it can neither be found nor fetched.
    """
    given = os.environ.get("RATCHET_DATA")
    if given:
        if not Path(given).is_dir():
            raise RatchetError(f"RATCHET_DATA is {given}, which is not a directory; mend or unset it.")
        found = Path(given) / file.path
        if found.exists():
            return _checked(found, file)
    cached = cache_directory() / file.path
    if cached.exists():
        return _checked(cached, file)
    if file.made:
        raise RatchetError(
            f"{file.path} is not on this machine and cannot be fetched: it is {file.url} with {file.made}; "
            f"put it at {cached}, or set RATCHET_DATA to a directory that holds it."
        )
    _download(file, cached)
    return cached


def _checked(path: Path, file: DataFile) -> Path:
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise RatchetError(f"{path} cannot be read: {error.strerror or error}.") from None
    if digest != file.sha256:
        raise RatchetError(
            f"{path} is not the published file (its SHA-256 begins with {digest[:12]}, that of {file.url} "
            f"with {file.sha256[:12]}); remove it, or give the path of your own file as the benchmark."
        )
    return path


def _download(file: DataFile, target: Path) -> None:
    try:
        content = _fetch(file.url)
    except (OSError, http.client.HTTPException) as error:
        raise RatchetError(
            f"{Path(file.path).name} is not on this machine and could not be downloaded "
            f"({getattr(error, 'reason', None) or error}); fetch {file.url} and put it at {target}, "
            f"or set RATCHET_DATA to a directory that holds {file.path}."
        ) from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.sha256:
        raise RatchetError(
            f"what {file.url} sent is not the published file (SHA-256 {digest[:12]}…, expected "
            f"{file.sha256[:12]}…); try again from another network, or set RATCHET_DATA."
        )
    try:
        write_whole(content, target)
    except OSError as error:
        raise RatchetError(
            f"{target} cannot be written: {error.strerror or error}; set RATCHET_HOME to another place."
        ) from None


def _fetch(url: str) -> bytes:
    request = Request(url, headers={"User-Agent": "ratchet"})
    with urlopen(request, timeout=_TIMEOUT_S) as response:
        content: bytes = response.read(_MAX_BYTES)
    return content


def write_whole(content: bytes, target: Path) -> None:
    """Write by rename, so that no reader, and no later run, meets half a file; raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
