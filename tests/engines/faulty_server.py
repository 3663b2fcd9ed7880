"""A real HTTP server that speaks OpenAI's API, and misbehaves as it is told to.

With `forward` as what it does by default it is a proxy before another server.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

Step = Callable[["Handler", dict[str, Any]], None]


class Handler(BaseHTTPRequestHandler):
    """Does the next step of the server's script; beyond its end, answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.seen.append((time.monotonic(), self.path, body, self.headers["Authorization"]))
            step = self.server.script.pop(0) if self.server.script else self.server.otherwise
        step(self, body)

    def reply(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, otherwise: Step | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.otherwise = otherwise or answer
        self.lock = threading.Lock()
        self.script: list[Step] = []
        self.seen: list[tuple[float, str, dict[str, Any], str | None]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, *_: Any) -> None:
        """A client that hung up is part of the test."""


def answer(handler: Handler, body: dict[str, Any]) -> None:
    """What a good server says; the text tells what it was asked."""
    if "messages" in body:
        said = "+".join(f"{m['role']}:{m['content']}" for m in body["messages"])
        rows = [{"token": "token_id:7", "logprob": -0.5}, {"token": "token_id:8", "logprob": -1}]
        choice: dict[str, Any] = {
            "message": {"role": "assistant", "content": f"{said}/{body['seed']}"},
            "logprobs": {"content": rows},
        }
    else:
        table = {"tokens": ["token_id:7", "token_id:8"], "token_logprobs": [-0.5, -1]}
        choice = {"text": f"{body['prompt']}/{body['seed']}", "logprobs": table}
    choice |= {"index": 0, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    handler.reply(200, json.dumps({"choices": [choice], "usage": usage}).encode())


def forward(url: str) -> Step:
    """Ask the server whose API is at `url`, and pass on what it says."""

    def step(handler: Handler, body: dict[str, Any]) -> None:
        path = handler.path.removeprefix("/v1")
        asked = Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urlopen(asked, timeout=60) as reply:
                handler.reply(reply.status, reply.read())
        except HTTPError as error:
            handler.reply(error.code, error.read())

    return step


def says(reply: Any) -> Step:
    """Answer 200 with this JSON."""
    return lambda handler, _: handler.reply(200, json.dumps(reply).encode())


def chooses(**choice: Any) -> Step:
    return says({"choices": [choice]})


def status(code: int, body: Any = "", **headers: str) -> Step:
    content = body if isinstance(body, str) else json.dumps(body)
    return lambda handler, _: handler.reply(
        code, content.encode(), {name.replace("_", "-"): value for name, value in headers.items()}
    )


def garbage(handler: Handler, _: dict[str, Any]) -> None:
    handler.reply(200, b'{"choices": [{"text": "half an ans')


def cut(handler: Handler, _: dict[str, Any]) -> None:
    """Promise more than is sent, and hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def hang_up(handler: Handler, _: dict[str, Any]) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def stall(handler: Handler, _: dict[str, Any]) -> None:
    """Longer than the clients of these tests wait."""
    time.sleep(1.0)
    handler.close_connection = True


FAULTS: tuple[Step, ...] = (
    status(429, "", Retry_After="0"),
    status(500, "<html>oh no</html>"),
    status(503, {"error": {"message": "loading"}}),
    cut,
    garbage,
    hang_up,
    stall,
)
"""One of each kind that may pass."""


@contextmanager
def running(otherwise: Step | None = None) -> Iterator[Server]:
    """A server that answers while the context is open."""
    with Server(otherwise) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.shutdown()
        thread.join()
