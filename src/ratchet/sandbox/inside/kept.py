"""What a program leaves in files that were asked for: written down by its warden when nothing of it is alive.

The request is JSON in a file without a name: patterns, and how many bytes may be taken.
The answer replaces it there: for each file the lengths of its path and of its content,
then both.
"""

from __future__ import annotations

import fnmatch
import json
import os
import stat
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress

_HEAD = struct.Struct("<IQ")
_ANSWERED = b"="
_CHUNK = 1 << 20
_MAX_REQUEST = 1 << 20
_MAX_FILES = 10_000


def request(patterns: Sequence[str], most_bytes: int) -> bytes:
    """What is asked: the regular files below the working directory whose paths match a pattern."""
    return json.dumps([list(patterns), most_bytes]).encode()


def take(fd: int, folder: str) -> None:
    """Answer the request in `fd` about `folder`. A file that does not fit any more is left out."""
    patterns, left = json.loads(os.pread(fd, _MAX_REQUEST, 0))
    os.ftruncate(fd, 0)
    os.lseek(fd, 0, os.SEEK_SET)
    os.write(fd, _ANSWERED)
    for path, size in _files(folder):
        name = os.fsencode(os.path.relpath(path, folder))
        if size > left or not any(fnmatch.fnmatchcase(os.fsdecode(name), pattern) for pattern in patterns):
            continue
        with suppress(OSError):  # a path that is too long, say
            source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            left -= size
            os.write(fd, _HEAD.pack(len(name), size) + name)
            while size:
                size -= os.sendfile(fd, source, None, min(size, _CHUNK))
            os.close(source)


def _files(folder: str) -> Iterator[tuple[str, int]]:
    """Regular files and their sizes, in order; links are not followed."""
    count = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(place, name)
            found = os.lstat(path)
            if stat.S_ISREG(found.st_mode):
                yield path, found.st_size
                count += 1
                if count == _MAX_FILES:
                    return


def read(fd: int) -> dict[str, bytes]:
    """The answer: contents by path. Empty where the request was never answered."""
    size = os.lseek(fd, 0, os.SEEK_END)
    data = bytearray()
    while len(data) < size:
        data += os.pread(fd, min(size - len(data), 1 << 30), len(data))
    files: dict[str, bytes] = {}
    if data[:1] != _ANSWERED:
        return files
    at = 1
    while at + _HEAD.size <= size:
        length, content = _HEAD.unpack_from(data, at)
        start = at + _HEAD.size + length
        name = os.fsdecode(bytes(data[at + _HEAD.size : start]))
        at = start + content
        files[name] = bytes(data[start:at])
    return files
