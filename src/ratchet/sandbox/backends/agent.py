"""What runs in a container: a sandbox that is asked over its standard streams.

`BOOT` is the program that the container is started with: it takes this package's source
from its stdin, so that an image needs nothing but Python. From then on stdin and stdout
carry frames (`frame`, `frames`): {"id": number, "request": ...} comes and {"id": number,
"answer": ...} goes, several at once, in the order in which they end. The first answer has
the id 0: {"ready": {...}} or an error. When stdin ends, everything here ends.
"""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import tarfile
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import ratchet
from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox import LocalSandbox, Walls
from ratchet.sandbox.backends.messages import error_answer, perform

HOME = "/ratchet"
"""A folder that can be written to, for the source and for what is compiled."""
LEAST_PYTHON = (3, 11)
BOOT = f"""
import sys
if sys.version_info < {LEAST_PYTHON}:
    sys.exit("its Python is " + sys.version.split()[0] + "; Ratchet needs 3.11 or later")
import io, struct, tarfile
source = sys.stdin.buffer
archive = source.read(*struct.unpack(">Q", source.read(8)))
tarfile.open(fileobj=io.BytesIO(archive)).extractall("{HOME}/source")
sys.path.insert(0, "{HOME}/source")
from ratchet.sandbox.backends import agent
agent.main()
"""
_LENGTH = struct.Struct(">Q")
_MOST = 1 << 32


def frame(message: Any) -> bytes:
    """A message as it is sent."""
    return data_frame(json.dumps(message, separators=(",", ":")).encode())


def data_frame(data: bytes) -> bytes:
    """Bytes as they are sent."""
    return _LENGTH.pack(len(data)) + data


@cache
def source_archive() -> bytes:
    """What an agent needs of this package, as a tar file: read once, so that all agents are alike."""
    root = Path(ratchet.__file__).parent
    kept = [root / "__init__.py", root / "errors.py", *sorted((root / "sandbox").rglob("*"))]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=3) as archive:
        for path in kept:
            if path.is_file() and path.suffix != ".pyc":
                entry = tarfile.TarInfo(str(path.relative_to(root.parent)))
                entry.size, entry.mode = path.stat().st_size, 0o644
                with path.open("rb") as file:
                    archive.addfile(entry, file)
    return buffer.getvalue()


class Frames:
    """Cuts what arrives into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """Take the next bytes; all messages that are there as a whole. Raises ValueError on anything else."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._buffer)
            if size > _MOST:
                raise ValueError(f"a message of {size} bytes")
            stop = _LENGTH.size + size
            if len(self._buffer) < stop:
                return
            text = bytes(self._buffer[_LENGTH.size : stop])
            del self._buffer[:stop]
            yield json.loads(text)


def main() -> NoReturn:
    """Serve until stdin ends; the first message says how (`LocalSandbox`'s options)."""
    _as_first_process()
    out = io.FileIO(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints here must not get between the frames
    code = 1
    try:
        _serve(_stdin(), out)
        code = 0
    except BaseException:
        traceback.print_exc()
    os._exit(code)  # jobs that still run have nobody to answer to


def _as_first_process() -> None:
    """Go on in a child: the first process of a container must reap what others leave behind."""
    if (child := os.fork()) == 0:
        return
    os.close(0)
    while True:
        ended, code = os.waitpid(-1, 0)
        if ended == child:
            os._exit(os.waitstatus_to_exitcode(code) & 0xFF)  # and so ends everything


def _serve(source: io.BufferedReader, out: io.FileIO) -> None:
    lock = threading.Lock()

    def send(number: int, answer: dict[str, Any]) -> None:
        data = memoryview(frame({"id": number, "answer": answer}))
        with lock:
            while data:
                data = data[out.write(data) :]

    def work(number: int, request: Any) -> None:
        try:
            answer = perform(sandbox, request)
        except BaseException as error:  # a fault of our own: it is an answer too, and no verdict
            traceback.print_exc()
            answer = error_answer(HarnessError(f"the sandbox in the container failed: {error!r}."))
        send(number, answer)

    messages = _messages(source)
    options = next(messages, None)
    if options is None:
        return
    try:
        sandbox = LocalSandbox(**{**options, "walls": Walls(options["walls"])})
    except (RatchetError, HarnessError) as error:
        send(0, error_answer(error))
        return
    pool = ThreadPoolExecutor(sandbox.slots)
    send(0, {"ready": {"slots": sandbox.slots, "python": sys.version.split()[0]}})
    for message in messages:
        pool.submit(work, message["id"], message["request"])


def _stdin() -> io.BufferedReader:
    stdin = sys.stdin.buffer
    assert isinstance(stdin, io.BufferedReader)
    return stdin


def _messages(source: io.BufferedReader) -> Iterator[Any]:
    frames = Frames()
    while data := source.read1(1 << 20):
        yield from frames.feed(data)
