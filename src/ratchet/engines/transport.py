"""JSON requests to a model server over one pool of connections, asked again while that may help.

It knows HTTP and what commonly goes wrong with it: refusals for the moment (408,
425, 429, 5xx), lost connections, stalls, and answers that are not what they should
be. Of texts and models it knows nothing. Every attempt is counted, and ends as an
answer or as a failure.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from ratchet.engines.budget import Budget, Ledger, Most, Spent, most_tokens
from ratchet.engines.request_log import RequestLog
from ratchet.errors import RatchetError

_T = TypeVar("_T")

_LONGEST_BACKOFF_S = 30.0
_LONGEST_RETRY_AFTER_S = 120.0
_LONGEST_CONNECT_S = 10.0
_SAID_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Usage:
    """What a client sent and got so far. When nothing is under way, `requests == answers + failures`."""

    requests: int = 0
    """Sent over the wire, or tried to be."""
    retries: int = 0
    """Those of the requests that ask once more what failed before."""
    answers: int = 0
    failures: int = 0
    prompt_tokens: int = 0
    """As the server counted them; nothing is added where it does not say."""
    completion_tokens: int = 0


class Fault(Exception):
    """An attempt that failed in a way that may pass; `retry_after_s` is what the server asked for.

    `free` where the server said that it did nothing.
    """

    def __init__(self, reason: str, retry_after_s: float | None = None, *, free: bool = False) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s
        self.free = free


class Refusal(RatchetError):
    """The server will not do what was asked: `status` of HTTP, what it `said`, and its `code` for it."""

    def __init__(self, sentence: str, *, status: int, said: str, code: object = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.said = said
        self.code = code


class Stopped(Exception):
    """The call that this request was part of has ended."""


class _Absent(RatchetError):
    """Nothing listens there."""


@dataclass(slots=True)
class _Trial:
    """One attempt at a request: when it began, and what came back."""

    request: int
    attempt: int
    begun: float = field(default_factory=time.monotonic)
    status: int | None = None
    reply: Any = None


class Transport:
    """Posts JSON to the paths under `url`; may be used by many threads at once."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None,
        connections: int,
        timeout_s: float,
        attempts: int,
        backoff_s: float,
        budget: Budget | None = None,
        request_log: str | Path | None = None,
    ) -> None:
        """`timeout_s` is the longest silence of the server that is waited out. Of one request
        `attempts` are made; before attempt k + 1 it rests up to `backoff_s` * 2**(k - 1) seconds
        (at most 30), or for as long as the server asks by Retry-After.

        Raises:
            RatchetError: `url` is no HTTP address, or the key cannot stand in a header.
        """
        self.url = _checked_url(url)
        self._key = api_key.strip() if api_key else ""
        if not (self._key.isascii() and self._key.isprintable()):
            raise RatchetError("the API key holds characters that no key has: set OPENAI_API_KEY again.")
        self._http = httpx2.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=httpx2.Timeout(timeout_s, connect=min(timeout_s, _LONGEST_CONNECT_S)),
            limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
        )
        self._ledger = Ledger(budget or Budget())
        self._log = RequestLog(request_log, secret=self._key) if request_log is not None else None
        self._asked = 0
        self._attempts = attempts
        self._backoff_s = backoff_s
        self._lock = threading.Lock()
        self._usage = Usage()
        self._answered = False
        self._not_before = 0.0

    @property
    def usage(self) -> Usage:
        """The counters as they stand."""
        return self._usage

    @property
    def spent(self) -> Spent:
        """What has been spent so far."""
        return self._ledger.spent

    def close(self) -> None:
        """Close the connections, and the log."""
        self._http.close()
        if self._log is not None:
            self._log.close()

    def post(self, path: str, body: dict[str, Any], read: Callable[[Any], _T], stop: threading.Event) -> _T:
        """What `read` makes of the server's JSON answer to `body`.

        `read` raises Fault on an answer that is not what it should be. A set `stop`
        ends the waiting between attempts.

        Raises:
            Refusal: the server will not do it, now or later (4xx but 408, 425, 429).
            BudgetError: another attempt could exceed the budget.
            RatchetError: nothing listens there, or no attempt had a usable answer.
            Stopped: `stop` was set before the next attempt.
        """
        content = json.dumps(body).encode("ascii")
        most = most_tokens(body)
        reason = ""
        with self._lock:
            self._asked += 1
            number = self._asked
        for attempt in range(self._attempts):
            self._rest_until(self._not_before, stop)
            self._ledger.hold(most, stop)
            self._count(requests=1, retries=int(attempt > 0))
            trial = _Trial(number, attempt + 1)
            try:
                self._send(path, content, trial)
                answer = read(trial.reply)
            except BaseException as error:
                self._count(failures=1)
                self._note(path, body, most, trial, error)
                if not isinstance(error, Fault):
                    raise
                reason = str(error)
                if attempt + 1 < self._attempts:
                    self._rest_after(error, attempt, stop)
            else:
                self._count(answers=1, **_tokens(trial.reply))
                self._note(path, body, most, trial, None)
                return answer
        raise RatchetError(
            f"{self.url} gave no usable answer in {self._attempts} attempts (the last: {reason}): "
            "see to the server, or try again later."
        )

    def _note(
        self, path: str, body: dict[str, Any], most: Most, trial: _Trial, error: BaseException | None
    ) -> None:
        """Settle what an attempt cost, and log it."""
        said = _tokens(trial.reply)
        prompt, completion = said.get("prompt_tokens"), said.get("completion_tokens")
        nothing = isinstance(error, Refusal | _Absent) or (isinstance(error, Fault) and error.free)
        self._ledger.settle(most, *((0, 0) if nothing else (prompt, completion)))
        if self._log is not None:
            self._log.write(
                body,
                path=path,
                request=trial.request,
                attempt=trial.attempt,
                status=trial.status,
                outcome="answer" if error is None else str(error) or type(error).__name__,
                latency_s=round(time.monotonic() - trial.begun, 6),
                prompt_tokens=prompt,
                completion_tokens=completion,
            )

    def _send(self, path: str, content: bytes, trial: _Trial) -> None:
        """Put the server's JSON into `trial.reply`."""
        try:
            response = self._http.post(path, content=content, headers={"Content-Type": "application/json"})
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            reason = str(error) or type(error).__name__
            unreached = isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout))
            if unreached and not self._answered:
                raise _Absent(
                    f"no server answers at {self.url} ({reason}): start one, or mend the address."
                ) from error
            raise Fault(reason, free=unreached) from error
        self._answered = True
        trial.status = response.status_code
        if response.status_code != 200:
            raise self._objection(response)
        try:
            trial.reply = response.json()
        except (ValueError, RecursionError) as error:
            raise Fault("an answer that is not JSON") from error

    def _objection(self, response: httpx2.Response) -> Fault | Refusal:
        """What a status other than 200 means: a fault that may pass, or a refusal."""
        status = response.status_code
        said, code = _said(response)
        said = said.replace(self._key, "***") if self._key else said
        if code == "insufficient_quota":
            sentence = f"the account at {self.url} has no credit left ({said}): top it up."
        elif status in (408, 425, 429) or (status >= 500 and status != 501):
            wait = _retry_after(response.headers.get("Retry-After"))
            if wait is None or wait <= _LONGEST_RETRY_AFTER_S:
                return Fault(f"status {status}: {said}", wait, free=True)
            sentence = f"{self.url} asks to wait for {wait:,.0f} s ({said}): try again then."
        elif status in (401, 403):
            sentence = f"{self.url} refused the API key (status {status}: {said}): set OPENAI_API_KEY."
        elif status == 404:
            sentence = (
                f"{self.url} has not what was asked for (status 404: {said}): check the model's name "
                "and the address, which most often ends in /v1."
            )
        else:
            sentence = f"{self.url} refused the request (status {status}: {said}): mend what it names."
        return Refusal(sentence, status=status, said=said, code=code)

    def _rest_after(self, fault: Fault, attempt: int, stop: threading.Event) -> None:
        # Drawn anew each time, so that clients that were refused together do not come back together.
        rest = min(_LONGEST_BACKOFF_S, self._backoff_s * 2**attempt) * random.uniform(0.5, 1.0)
        if fault.retry_after_s is None:
            self._rest_until(time.monotonic() + rest, stop)
        else:
            # The server speaks to all of us: nobody sends before that moment.
            with self._lock:
                self._not_before = max(self._not_before, time.monotonic() + fault.retry_after_s)
            self._rest_until(self._not_before + min(rest, self._backoff_s), stop)

    def _rest_until(self, moment: float, stop: threading.Event) -> None:
        while (left := moment - time.monotonic()) > 0:
            if stop.wait(left):
                break
        if stop.is_set():
            raise Stopped

    def _count(self, **more: int) -> None:
        with self._lock:
            now = self._usage
            self._usage = replace(now, **{name: getattr(now, name) + n for name, n in more.items()})


def _checked_url(url: str) -> str:
    """`url` without a slash at its end; /v1 is added where it has no path."""
    try:
        parsed = httpx2.URL(url.strip())
    except httpx2.InvalidURL as error:
        raise RatchetError(f"{url!r} is no address of a server: {error}.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise RatchetError(f"{url!r} is no address of a server: write one like http://localhost:8000/v1.")
    if parsed.userinfo:
        raise RatchetError("leave the password out of the server's address: set OPENAI_API_KEY instead.")
    found = str(parsed).rstrip("/")
    return found if parsed.path.strip("/") else f"{found}/v1"


def _said(response: httpx2.Response) -> tuple[str, object]:
    """The message of an error answer, on one line and not too long; and its code, if it has one."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = response.text
    detail = body.get("error", body) if isinstance(body, dict) else body
    code = detail.get("code") if isinstance(detail, dict) else None
    if isinstance(detail, dict):
        detail = detail.get("message") or detail.get("detail") or detail
    line = re.sub(r"\s+", " ", str(detail)).strip() or response.reason_phrase
    return (line if len(line) <= _SAID_CHARACTERS else f"{line[:_SAID_CHARACTERS]}…"), code


def _retry_after(header: str | None) -> float | None:
    """The seconds that a Retry-After header asks for: it holds a number, or a date (RFC 9110, 10.2.3)."""
    if header is None:
        return None
    if re.fullmatch(r"\s*[0-9]+(\.[0-9]+)?\s*", header):
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _tokens(reply: Any) -> dict[str, int]:
    usage = reply.get("usage") if isinstance(reply, dict) else None
    if not isinstance(usage, dict):
        return {}
    found = {name: usage.get(name) for name in ("prompt_tokens", "completion_tokens")}
    return {name: n for name, n in found.items() if isinstance(n, int)}
