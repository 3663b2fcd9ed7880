"""A model behind HTTP that answers by the seed alone, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RIGHT = "    return x + {n}\n"
WRITES = {
    **dict.fromkeys(range(20), "    return x\n"),
    **dict.fromkeys(range(20, 30), "    return y\n"),
    **dict.fromkeys(range(30, 35), "    return (\n"),
    35: "    while True: pass\n",
}
"""By the seed modulo 64; else what is right."""


class ModelServer(ThreadingHTTPServer):
    """Speaks OpenAI's completions. What it writes follows from prompt and seed."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, rest_s: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.rest_s = rest_s
        self.lock = threading.Lock()
        self.asked: list[int] = []
        """The seeds, in the order in which they came."""
        self.url = f"http://127.0.0.1:{self.server_port}/v1"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, *_: Any) -> None:
        """A client that was killed is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ModelServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        seed = body["seed"]
        with self.server.lock:
            self.server.asked.append(seed)
        time.sleep(self.server.rest_s)
        number = body["prompt"].split("add")[1].split("(")[0]
        text = WRITES.get(seed % 64, RIGHT).format(n=number)
        choice = {"index": 0, "text": text, "finish_reason": "stop", "logprobs": None}
        content = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 7}})
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
