"""A sandbox server in this process, or in one of its own, and clients of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from ratchet.sandbox import LocalSandbox
from ratchet.serve.sandbox import Bounds, sandbox_app


@dataclass(frozen=True)
class Served:
    """A server's address, and a client of it."""

    url: str
    http: httpx2.Client

    def post(self, path: str, **body: Any) -> httpx2.Response:
        """Ask for something, in ASCII: a text may hold half a surrogate pair."""
        return self.http.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})

    def run_code(self, code: str, language: str = "python", **more: Any) -> Any:
        """The answer of /run_code."""
        answer = self.post("/run_code", code=code, language=language, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def metric(self, line: str) -> float:
        """The number behind the name of a metric, labels included; 0 where it is not there yet."""
        for found in self.http.get("/metrics").text.splitlines():
            name, _, value = found.rpartition(" ")
            if name == line:
                return float(value)
        return 0.0

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until what /health says is so."""
        end = time.monotonic() + 60
        while not holds(self.http.get("/health").json()):
            assert time.monotonic() < end
            time.sleep(0.02)


@contextmanager
def serving(slots: int = 2, queue_size: int = 64, bounds: Bounds = Bounds()) -> Iterator[Served]:  # noqa: B008
    """A server in a thread of this process."""
    with LocalSandbox(slots=slots) as sandbox:
        bound = socket.create_server(("127.0.0.1", 0))
        app = sandbox_app(sandbox, queue_size=queue_size, bounds=bounds)
        server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_config=None, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        try:
            with httpx2.Client(base_url=url, timeout=120) as http:
                yield Served(url, http)
        finally:
            server.should_exit = True
            thread.join(60)
        assert not thread.is_alive()


@contextmanager
def server_process(ratchet_command: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], Served]]:
    """`ratchet sandbox-server` in a process of its own; killed if it is still there at the end."""
    arguments = [str(ratchet_command), "sandbox-server", "--port", "0", *options]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:"), process.communicate()
            with httpx2.Client(base_url=url, timeout=120) as http:
                yield process, Served(url, http)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)


def below(pid: int) -> list[int]:
    """All processes that this one started, and those that they started."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_text(errors="replace")
            except OSError:
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(name))
    found = list(parents.get(pid, ()))
    for each in found:
        found += parents.get(each, ())
    return found
