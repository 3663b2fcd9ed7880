"""The queue: its bound, its order, clients that leave it; alone, and behind the server."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial

import httpx2
import pytest

from ratchet.serve.sandbox import Bounds
from ratchet.serve.sandbox.jobs import Jobs, QueueFull
from tests.serve.sandbox.serving import Served, serving

SLEEP = "import time; time.sleep(1.5); print(input())"


@pytest.fixture(scope="module")
def small() -> Iterator[Served]:
    """A server that is soon full."""
    with serving(slots=1, queue_size=3, bounds=Bounds(wait_s=0.2, body_bytes=1 << 20)) as found:
        yield found


def test_jobs_are_done_in_order_and_bounded() -> None:
    begun, gate, done = threading.Event(), threading.Event(), []

    def hold() -> None:
        begun.set()
        gate.wait(30)

    with Jobs(threads=1, most_waiting=2) as jobs:
        jobs.submit([hold])
        assert begun.wait(30)
        first, second = jobs.submit([partial(done.append, 1), partial(done.append, 2)])
        assert (jobs.waiting, jobs.running) == (2, 1)
        with pytest.raises(QueueFull):
            jobs.submit([lambda: None])
        assert first.cancel()
        assert jobs.waiting == 1
        with pytest.raises(QueueFull):
            jobs.submit([lambda: None, lambda: None])
        jobs.submit([partial(done.append, 3)])
        gate.set()
        second.result(30)
    assert done == [2, 3]
    with pytest.raises(CancelledError):
        first.result()
    with pytest.raises(RuntimeError, match="no more work"):
        jobs.submit([lambda: None])


def test_a_job_that_fails_does_so_alone() -> None:
    def fail() -> None:
        raise ValueError("its own")

    with Jobs(threads=2, most_waiting=10) as jobs:
        bad, good = jobs.submit([fail, lambda: None])
        assert good.result(30) is None
        with pytest.raises(ValueError, match="its own"):
            bad.result(30)
    assert jobs.running == 0


@pytest.mark.slow
def test_a_burst_beyond_the_queue(small: Served) -> None:
    def ask(number: int) -> tuple[int, int, httpx2.Response]:
        body = {"language": "python", "version": "*", "files": [{"content": SLEEP}], "stdin": str(number)}
        answer = small.post("/api/v2/execute", **body)
        return number, answer.status_code, answer

    small.http.get("/api/v2/runtimes")
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(ask, range(10)))
    by_status = {status: [answer for _, seen, answer in found if seen == status] for status in (200, 429)}
    assert len(by_status[200]) + len(by_status[429]) == 10
    assert len(by_status[200]) >= 4
    assert by_status[429]
    for number, status, answer in found:
        if status == 200:
            assert answer.json()["run"]["stdout"] == f"{number}\n"
        else:
            assert answer.headers["Retry-After"] == "1"
            assert answer.json() == {"message": "too many requests are waiting: try again later."}


def test_a_request_that_waits_too_long_is_told_to_come_again(small: Served) -> None:
    def ask(code: str) -> httpx2.Response:
        return small.post("/run_code", code=code, language="python", stdin="in", compile_timeout=0.1)

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(ask, SLEEP)
        small.until(lambda health: health["running"] == 1)
        late = ask("print(1)")
        assert late.status_code == 504
        assert late.headers["Retry-After"] == "1"
        assert late.json() == {"detail": "no slot became free in time: try again."}
        assert slow.result().json()["run_result"]["stdout"] == "in\n"
    assert ask("print(1)").json()["status"] == "Success"


def test_a_client_that_hangs_up_leaves_the_queue(small: Served) -> None:
    before = small.metric("ratchet_dropped_requests_total")
    outcomes = 'ratchet_outcomes_total{status="ok"}'
    ended = small.metric(outcomes)
    body = json.dumps({"code": SLEEP, "language": "python", "stdin": "x"}).encode()
    head = (
        b"POST /run_code HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    host, port = small.url.removeprefix("http://").split(":")
    clients = []
    for _ in range(3):
        client = socket.create_connection((host, int(port)))
        client.sendall(head % len(body) + body)
        clients.append(client)
        small.until(lambda health: health["waiting"] + health["running"] == len(clients))
    for client in clients:
        client.close()
    small.until(lambda health: health["waiting"] + health["running"] == 0)
    assert small.metric("ratchet_dropped_requests_total") == before + 3
    assert small.metric(outcomes) <= ended + 1  # what had begun ran to its end, the others never did


def test_many_completions_take_their_places_together(small: Served) -> None:
    problem = {"entry_point": "f", "cases": [{"args": [], "expected": 1}]}
    answer = small.post("/verdict", problem=problem, completions=["def f(): return 1"] * 5)
    assert answer.status_code == 429
    answer = small.post("/verdict", problem=problem, completions=["def f(): return 1"] * 4)
    assert [each["status"] for each in answer.json()["verdicts"]] == ["passed"] * 4


def test_a_body_that_is_too_long(small: Served) -> None:
    for length in (1 << 20, 4 << 20):
        answer = small.post("/run_code", code="#" * length, language="python")
        assert answer.status_code == 413
        assert answer.json() == {"detail": "the body is longer than 1 MiB."}
    assert small.run_code(f"#{'x' * 900_000}\nprint(1)")["status"] == "Success"


def test_metrics_are_in_prometheus_format(small: Served) -> None:
    answer = small.http.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    small.run_code("print(1)")
    assert small.metric('ratchet_requests_total{path="/run_code",status="200"}') >= 1
    assert small.metric('ratchet_request_seconds_bucket{path="/run_code",le="+Inf"}') == small.metric(
        'ratchet_request_seconds_count{path="/run_code"}'
    )
    assert small.metric("ratchet_slots") == 1
    assert small.metric("ratchet_queue_length") == 0
    assert small.metric("ratchet_queue_seconds_count") >= 1
