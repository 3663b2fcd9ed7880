"""A package index on this machine, whose packages are made by the tests."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox.packages import Environments, PackageSettings
from ratchet.sandbox.packages.uv import binary


def wheel(
    name: str,
    version: str,
    files: Mapping[str, bytes | str],
    needs: Sequence[str] = (),
    tag: str = "py3-none-any",
) -> tuple[str, bytes]:
    """A wheel's file name and its bytes."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {each}\n" for each in needs)
    about = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    texts = {**files, f"{info}/METADATA": metadata, f"{info}/WHEEL": about}
    record = ""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in texts.items():
            content = content.encode() if isinstance(content, str) else content
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(content)}\n"
            archive.writestr(path, content)
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return f"{name}-{version}-{tag}.whl", written.getvalue()


def _metadata(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("/METADATA")))


class Index(http.server.ThreadingHTTPServer):
    """An index over HTTP (PEP 691) that notes what it was asked for, and can be made to misbehave."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, dict[str, bytes]] = {}
        self.sent: dict[str, bytes] = {}
        """What is sent instead of these files."""
        self.asked: list[str] = []
        self.status = 200
        self.tells_sizes = True
        self.gate = threading.Event()
        """Files are sent only while it is set."""
        self.gate.set()
        self.fetching = threading.Event()
        """Set once a file was asked for."""
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/simple"

    def add(
        self,
        name: str,
        version: str = "1.0",
        files: Mapping[str, bytes | str] | None = None,
        needs: Sequence[str] = (),
        tag: str = "py3-none-any",
    ) -> None:
        contents = {f"{name}.py": f"version = {version!r}\n"} if files is None else files
        file, content = wheel(name, version, contents, needs, tag)
        self.files.setdefault(name.replace("_", "-"), {})[file] = content

    def fetched(self) -> list[str]:
        return [path.rsplit("/", 1)[1] for path in self.asked if path.endswith(".whl")]


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        index = self.server
        index.asked.append(self.path)
        kind, _, name = self.path.strip("/").partition("/")
        if index.status != 200:
            self.send_error(index.status)
        elif kind == "simple" and name in index.files:
            files = []
            for file, content in index.files[name].items():
                entry: dict[str, Any] = {"filename": file, "url": f"/files/{name}/{file}"}
                entry["hashes"] = {"sha256": hashlib.sha256(content).hexdigest()}
                entry["core-metadata"] = {"sha256": hashlib.sha256(_metadata(content)).hexdigest()}
                files.append(entry | ({"size": len(content)} if index.tells_sizes else {}))
            page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": files}
            self._send(json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")
        elif kind == "files" and name.endswith(".metadata"):
            package, file = name.removesuffix(".metadata").split("/")
            self._send(_metadata(index.files[package][file]), "text/plain")
        elif kind == "files":
            package, file = name.split("/")
            content = index.sent.get(file) or index.files[package][file]
            index.fetching.set()
            index.gate.wait(60)
            self._send(content, "application/octet-stream")
        else:
            self.send_error(404)

    def _send(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An empty index."""
    try:
        binary()
    except RatchetError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_INDEX", "UV_DEFAULT"))]:
        monkeypatch.delenv(name)
    server = Index()
    yield server
    server.gate.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where environments are kept."""
    return tmp_path / "home" / "packages"


@pytest.fixture
def environments(index: Index, root: Path) -> Iterator[Environments]:
    """Environments with the settings as they come, from that index."""
    made = Environments(root, PackageSettings(index_url=index.url))
    yield made
    made.close()
