"""A file that says of every attempt of a request what became of it: JSON lines, and no secrets."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError

_SHOWN = 200
"""Characters of a prompt that are logged."""


class RequestLog:
    """Appends a line per attempt to a file, for many threads. Each line is on disk when `write` returns.

    time (ISO 8601, UTC, of its end), path, request (the same for all attempts of one), attempt (from 1),
    status (of HTTP; null where there was no answer), outcome ("answer", or why it failed), latency_s,
    prompt_tokens and completion_tokens (null where the server does not say), max_tokens, seed, and
    prompt: its first 200 characters, or those of the last message of a chat.
    """

    def __init__(self, path: str | Path, *, secret: str = "") -> None:
        """`secret` is replaced wherever it would stand in a line.

        Raises:
            RatchetError: the file cannot be written.
        """
        self._secret = secret
        self._lock = threading.Lock()
        try:
            self._file = Path(path).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise RatchetError(f"the request log {path} cannot be written ({error.strerror}).") from error

    def write(self, body: dict[str, Any], **facts: Any) -> None:
        """Append the line of one attempt at sending `body`."""
        messages = body.get("messages")
        prompt = messages[-1]["content"] if messages else body.get("prompt", "")
        row = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **facts,
            "max_tokens": body.get("max_tokens", body.get("max_completion_tokens")),
            "seed": body.get("seed"),
            "prompt": self._open(prompt)[:_SHOWN],
        }
        row["outcome"] = self._open(str(row.get("outcome", "")))
        with self._lock:
            if not self._file.closed:
                self._file.write(json.dumps(row) + "\n")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _open(self, text: str) -> str:
        return text.replace(self._secret, "***") if self._secret else text
