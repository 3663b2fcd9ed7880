"""The part of the Docker-compatible API that a long-lived container needs; podman speaks it too.

    engine = Engine.find()
    name = engine.create({"Image": "python:3.12-slim", "Cmd": [...]})
    with engine.attach(name) as talk: ...

Over a Unix socket or plain TCP, with the standard library alone.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ratchet.errors import HarnessError, RatchetError

_VERSION = "/v1.40"
_TIMEOUT_S = 120.0
_LONGEST_HEAD = 1 << 16
_HEAD = struct.Struct(">BxxxL")  # of a piece of output: which stream, how many bytes follow
_GET_ONE = "start one (systemctl start podman.socket, or podman system service), or name its socket"


class EngineError(HarnessError):
    """The engine refused or failed; `status` is the HTTP status, 0 if there was none."""

    def __init__(self, message: str, status: int = 0) -> None:
        """One sentence."""
        super().__init__(message)
        self.status = status


class Engine:
    """A container engine, by the address of its API."""

    def __init__(self, address: str) -> None:
        """`address`: a socket's path, unix://PATH, tcp://HOST:PORT or http://HOST:PORT."""
        self.address = address
        parts = urlsplit(address if "://" in address else f"unix://{address}")
        self._path = parts.path if parts.scheme == "unix" else ""
        self._host = (parts.hostname or "localhost", parts.port or 2375)
        if parts.scheme not in ("unix", "tcp", "http") or (parts.scheme == "unix" and not parts.path):
            raise RatchetError(
                f"the container engine's address {address!r} is not understood; "
                "give unix:///PATH or tcp://HOST:PORT (without TLS; put ssh -L in front of a remote one)."
            )

    @classmethod
    def find(cls, address: str | None = None) -> Engine:
        """The engine at `address`, or else at DOCKER_HOST, CONTAINER_HOST or a usual socket.

        Raises RatchetError where none answers.
        """
        named = address or os.environ.get("DOCKER_HOST") or os.environ.get("CONTAINER_HOST")
        tried = [named] if named else list(_usual_sockets())
        reasons = []
        for each in tried:
            engine = cls(each)
            try:
                engine.version()
            except EngineError as error:
                reasons.append(str(error))
            else:
                return engine
        what = " ".join(reasons) or f"no socket was found (tried {', '.join(_known_sockets())})."
        raise RatchetError(f"no container engine answers: {what} Install podman or docker and {_GET_ONE}.")

    def version(self) -> str:
        """Name and version, as "podman 4.3.1"."""
        seen = self._ask("GET", "/version")
        parts = [str(part.get("Name")) for part in seen.get("Components") or []]
        name = "podman" if any("Podman" in part for part in parts) else "docker"
        return f"{name} {seen.get('Version', '?')}"

    def has_image(self, image: str) -> bool:
        """Whether it has the image."""
        try:
            self._ask("GET", f"/images/{quote(image, safe='')}/json")
        except EngineError as error:
            if error.status == 404:
                return False
            raise
        return True

    def create(self, options: dict[str, Any]) -> str:
        """Make a container; its id."""
        return str(self._ask("POST", "/containers/create", options)["Id"])

    def start(self, container: str) -> None:
        """Start it."""
        self._ask("POST", f"/containers/{container}/start")

    def remove(self, container: str) -> None:
        """End it and remove it; nothing happens if it is gone, or going, already."""
        try:
            self._ask("DELETE", f"/containers/{container}?force=1&v=1")
        except EngineError as error:
            if error.status not in (404, 409):
                raise

    def attach(self, container: str) -> Attached:
        """Connect to the standard streams of a container that has not been started."""
        query = "stream=1&stdin=1&stdout=1&stderr=1"
        request = (
            f"POST {_VERSION}/containers/{container}/attach?{query} HTTP/1.1\r\nHost: engine\r\n"
            "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"
        )
        end = self._connect()
        try:
            end.sendall(request.encode())
            status, head = _head(end)
            if status not in (101, 200):
                raise EngineError(
                    f"the container engine does not attach to a container: {head[:300]}", status
                )
            end.settimeout(None)
        except OSError as error:
            end.close()
            raise EngineError(f"the container engine at {self.address} broke off: {error}.") from None
        except BaseException:
            end.close()
            raise
        return Attached(end)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("engine", timeout=_TIMEOUT_S)
        try:
            connection.sock = self._connect()
            text = None if body is None else json.dumps(body)
            connection.request(method, _VERSION + path, text, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(f"the container engine at {self.address} broke off: {error!r}.") from None
        finally:
            connection.close()
        try:
            found = json.loads(data) if data.strip() else None
        except ValueError:
            found = None
        if answer.status >= 400:
            said = found.get("message") if isinstance(found, dict) else data[:300].decode(errors="replace")
            raise EngineError(f"the container engine says: {said}", answer.status)
        return found

    def _connect(self) -> socket.socket:
        end = socket.socket(socket.AF_UNIX) if self._path else None
        try:
            if end is None:
                return socket.create_connection(self._host, _TIMEOUT_S)
            end.settimeout(_TIMEOUT_S)
            end.connect(self._path)
        except OSError as error:
            if end is not None:
                end.close()
            reason = error.strerror or str(error)
            raise EngineError(f"nothing can be asked at {self.address} ({reason}).") from None
        return end


def _head(end: socket.socket) -> tuple[int, str]:
    """Status and text of a response's head, read so that nothing behind it is taken."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        letter = end.recv(1)
        if not letter or len(head) > _LONGEST_HEAD:
            raise EngineError("the container engine broke off in the middle of an answer.")
        head += letter
    words = head.split(None, 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return status, head.decode(errors="replace")


class Attached:
    """The standard streams of a container. Reading and writing may go on in two threads."""

    def __init__(self, end: socket.socket) -> None:
        """`end` is connected to them."""
        self._end = end
        self._file = io.BufferedReader(end.makefile("rb", buffering=0), 1 << 16)

    def write(self, data: bytes) -> None:
        """Write to its stdin; raises OSError once it is gone."""
        self._end.sendall(data)

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """What it writes, as it comes: 1 for stdout or 2 for stderr, and the bytes; ends when it ends."""
        with self._end, self._file:
            try:
                while len(head := self._file.read(_HEAD.size)) == _HEAD.size:
                    stream, size = _HEAD.unpack(head)
                    while size and (data := self._file.read1(size)):
                        size -= len(data)
                        yield stream, data
            except OSError:  # it broke off
                return

    def close(self) -> None:
        """Hang up: its stdin ends, and so do `pieces`."""
        with contextlib.suppress(OSError):  # the other side has done so
            self._end.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Give up a forked process's copy of the connection."""
        os.close(self._end.detach())


def _known_sockets() -> list[str]:
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    paths = [f"{runtime}/podman/podman.sock", f"{runtime}/docker.sock"]
    return [*paths, "/run/podman/podman.sock", "/run/docker.sock", "/var/run/docker.sock"]


def _usual_sockets() -> Iterator[str]:
    for path in _known_sockets():
        if Path(path).is_socket():
            yield path
