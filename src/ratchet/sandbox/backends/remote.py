"""A sandbox that is elsewhere: `ratchet sandbox-server` on another machine, or on this one.

with RemoteSandbox("http://sandbox:8080") as sandbox:
    sandbox.run(Program("print(1)")).stdout
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox.backends.elsewhere import Answer, Elsewhere

_LONGEST_REST_S = 5.0


class RemoteSandbox(Elsewhere):
    """Runs programs in a sandbox server's slots; safe to use from several threads.

    Asked again is only what surely was not begun: where no connection could be made, or the
    server said that it is full or about to end. A connection that breaks later, and an answer
    that is not whole, is a HarnessError: never a verdict.
    """

    def __init__(
        self, url: str, *, slots: int | None = None, patience_s: float = 300.0, headers: Any = None
    ) -> None:
        """`url` is the server's address. `slots`: how many programs are asked for at a time; None: as
        many as the server has. `patience_s`: seconds that a program may wait there besides its own
        time, and for which a server that is full or away is asked again. `headers` go with every
        request (for a proxy that wants a token, say).

        Raises RatchetError where no sandbox server answers.
        """
        try:
            import httpx2
        except ModuleNotFoundError:
            raise RatchetError("a remote sandbox needs httpx2: pip install httpx2.") from None
        self._httpx = httpx2
        self._url = url.rstrip("/")
        self._patience_s = patience_s
        try:
            self._http = httpx2.Client(
                base_url=self._url,
                headers=headers,
                # Shorter than servers keep idle connections, so that none is used that is being closed.
                limits=httpx2.Limits(
                    max_connections=None, max_keepalive_connections=64, keepalive_expiry=2.0
                ),
            )
        except (httpx2.InvalidURL, ValueError) as error:
            raise RatchetError(f"{url!r} is no address of a sandbox server ({error}).") from None
        try:
            there = self._slots_there()
        except BaseException:
            self._http.close()
            raise
        if slots is not None and slots < 1:
            self._http.close()
            raise RatchetError(f"a sandbox needs at least one slot, not {slots}.")
        self.slots = there if slots is None else slots

    def _slots_there(self) -> int:
        try:
            answer = self._http.get("/health", timeout=10.0)
            slots = answer.json()["slots"]
        except (self._httpx.HTTPError, self._httpx.InvalidURL) as error:
            raise RatchetError(
                f"no sandbox server answers at {self._url} ({_reason(error)}): start one by "
                "`ratchet sandbox-server`, or mend the address."
            ) from None
        except (ValueError, KeyError, TypeError, RecursionError):
            slots = None
        if not isinstance(slots, int) or slots < 1:
            raise RatchetError(f"what answers at {self._url} is no Ratchet sandbox server: mend the address.")
        return slots

    def _ask(self, request: dict[str, Any], seconds: float, read: Callable[[Any], Answer]) -> Answer:
        body = json.dumps(request, allow_nan=False).encode("ascii")
        give_up = time.monotonic() + self._patience_s
        # Twice: the server does work once more whose slot broke.
        timeout = self._httpx.Timeout(2 * seconds + self._patience_s, connect=10.0, pool=None)
        attempt = 0
        while True:
            rest_s = min(_LONGEST_REST_S, 0.1 * 2**attempt)
            try:
                answer = self._http.post(
                    "/sandbox", content=body, timeout=timeout, headers={"Content-Type": "application/json"}
                )
            except (self._httpx.ConnectError, self._httpx.ConnectTimeout) as error:
                reason = _reason(error)
            except (self._httpx.HTTPError, self._httpx.StreamError) as error:
                raise HarnessError(
                    f"the sandbox server at {self._url} was lost before it had answered ({_reason(error)})."
                ) from error
            else:
                if answer.status_code not in (429, 503):
                    return read(self._whole(answer))
                reason = f"status {answer.status_code}"
                rest_s = max(rest_s, _seconds(answer.headers.get("Retry-After")))
            # Drawn anew each time, so that clients that were refused together do not come back together.
            rest_s *= random.uniform(0.75, 1.25)
            if time.monotonic() + rest_s > give_up:
                raise HarnessError(
                    f"the sandbox server at {self._url} took no work for {self._patience_s:g} s ({reason})."
                )
            time.sleep(rest_s)
            attempt += 1

    def _whole(self, answer: Any) -> Any:
        """The answer as plain data; an error of the sandbox is one too."""
        try:
            found = answer.json()
        except (ValueError, RecursionError) as error:
            raise HarnessError(
                f"the sandbox server at {self._url} answered with status {answer.status_code} and no JSON."
            ) from error
        if isinstance(found, dict) and isinstance(found.get("error"), dict):
            kind, message = found["error"].get("kind"), found["error"].get("message")
            if answer.status_code == 413:
                raise RatchetError(f"this is too much for the sandbox server at {self._url}: {message}")
            if kind not in ("input", "harness", "unsplittable"):
                raise HarnessError(f"the sandbox server at {self._url} broke: {message}")
            return found
        if answer.status_code != 200:
            raise HarnessError(
                f"the sandbox server at {self._url} answered with status {answer.status_code}."
            )
        return found

    def close(self) -> None:
        """Close the connections; what runs on the server ends by its limits."""
        self._http.close()

    def __enter__(self) -> Self:
        """The sandbox itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _seconds(said: str | None) -> float:
    """What a server says in Retry-After, as far as it is seconds."""
    return float(said) if said is not None and said.isascii() and said.isdigit() and len(said) < 4 else 0.0
