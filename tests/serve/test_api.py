"""The API over real HTTP, with an engine that can be held still."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import uvicorn

from ratchet.engines.base import SamplingParams
from ratchet.engines.openai import OpenAIEngine
from ratchet.serve import completions_app
from tests.serve.test_batching import EchoEngine


@dataclass(frozen=True)
class Served:
    """An engine behind the API, and a client of it."""

    engine: EchoEngine
    http: httpx2.Client
    url: str

    def post(self, **fields: Any) -> httpx2.Response:
        """Ask for completions; model and prompt have defaults."""
        body = {"model": "echo", "prompt": "p", **fields}
        return self.http.post("/completions", json=body)

    def wait_for(self, waiting: int) -> None:
        """Until so many prompts wait."""
        end = time.monotonic() + 10
        while self.http.get(self.url.replace("/v1", "/health")).json()["waiting"] != waiting:
            assert time.monotonic() < end
            time.sleep(0.01)


@pytest.fixture
def served(one_server: Served) -> Served:
    """The server, with an engine that answers at once and remembers nothing."""
    one_server.engine.gate.set()
    one_server.engine.batches.clear()
    return one_server


@pytest.fixture(scope="module")
def one_server() -> Iterator[Served]:
    engine = EchoEngine()
    engine.gate.set()
    bound = socket.create_server(("127.0.0.1", 0))
    app = completions_app(engine, queue_size=4)
    config = uvicorn.Config(app, lifespan="on", log_config=None, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
    with httpx2.Client(base_url=url, timeout=20) as http:
        yield Served(engine, http, url)
        engine.gate.set()
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


def test_models_and_health(served: Served) -> None:
    listed = served.http.get("/models").json()
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == ["echo"]
    assert served.http.get(served.url.replace("/v1", "/health")).json() == {"status": "ok", "waiting": 0}


def test_a_completion(served: Served) -> None:
    reply = served.post(seed=5, logprobs=1, user="me", presence_penalty=0, suffix=None, stream=False).json()
    assert (reply["object"], reply["model"]) == ("text_completion", "echo")
    assert reply["choices"] == [
        {
            "index": 0,
            "text": "p/5",
            "finish_reason": "stop",
            "finish": "end",
            "stop_reason": None,
            "logprobs": {
                "tokens": ["token_id:1", "token_id:2"],
                "token_logprobs": [-0.5, -1.0],
                "top_logprobs": None,
                "text_offset": None,
            },
        }
    ]
    assert "usage" not in reply, "this engine cannot count a prompt's tokens"
    assert served.post(seed=5).json()["choices"][0]["logprobs"] is None


def test_many_prompts_and_choices(served: Served) -> None:
    choices = served.post(prompt=["a", "b"], n=2, seed=10).json()["choices"]
    assert [(c["index"], c["text"]) for c in choices] == [(0, "a/10"), (1, "a/11"), (2, "b/10"), (3, "b/11")]
    assert served.engine.batches == [["a", "a", "b", "b"]]
    unseeded = [served.post(prompt=["a", "a"], n=2).json()["choices"] for _ in range(2)]
    assert len({c["text"] for choices in unseeded for c in choices}) == 8


def test_no_chance_at_all_is_a_number(served: Served) -> None:
    table = served.post(prompt="a😀", echo=True, max_tokens=0, logprobs=0).json()["choices"][0]["logprobs"]
    assert table["token_logprobs"] == [-9999.0]
    assert (table["tokens"], table["text_offset"], table["text_end"]) == (["a😀"], [0], [2])


@pytest.mark.parametrize(
    ("fields", "status", "param", "said"),
    [
        ({"model": "other"}, 404, "model", "there is no model other here: this server has echo"),
        ({"model": None}, 400, "model", "model is missing"),
        ({"model": "\ud800"}, 404, "model", "there is no model"),
        ({"prompt": None}, 400, "prompt", "a string or a list of strings"),
        ({"prompt": []}, 400, "prompt", "a string or a list of strings"),
        ({"prompt": [1, 2]}, 400, "prompt", "token ids are not supported"),
        ({"prompt": [[1, 2]]}, 400, "prompt", "token ids are not supported"),
        ({"prompt": "bad"}, 400, None, "a prompt is bad: mend it."),
        ({"prompt": ["p"] * 5}, 400, None, "this asks for 5 choices: at most 4"),
        ({"n": 5}, 400, None, "this asks for 5 choices: at most 4"),
        ({"n": 0}, 400, "n", "n is a whole number from 1 to 128"),
        ({"n": 1.0}, 400, "n", "whole number"),
        ({"n": True}, 400, "n", "whole number"),
        ({"max_tokens": 0}, 400, "max_tokens", "begins at 1"),
        ({"max_tokens": -1}, 400, "max_tokens", "whole number"),
        ({"max_tokens": 1e9}, 400, "max_tokens", "whole number"),
        ({"temperature": -0.1}, 400, "temperature", "a number from 0 to 2"),
        ({"temperature": "hot"}, 400, "temperature", "a number from 0 to 2"),
        ({"temperature": float("nan")}, 400, "temperature", "a number from 0 to 2"),
        ({"temperature": 10**400}, 400, "temperature", "a number from 0 to 2"),
        ({"top_p": 0}, 400, "top_p", "more than 0"),
        ({"top_p": 1.1}, 400, "top_p", "a number from 0 to 1"),
        ({"seed": -1}, 400, "seed", "whole number"),
        ({"seed": 1 << 63}, 400, "seed", "whole number"),
        ({"stop": 5}, 400, "stop", "a string, or a list"),
        ({"stop": ["a", ""]}, 400, "stop", "not empty"),
        ({"stop": ["a"] * 65}, 400, "stop", "at most 64"),
        ({"logprobs": 6}, 400, "logprobs", "whole number from 0 to 5"),
        ({"logprobs": True}, 400, "logprobs", "whole number"),
        ({"echo": "yes"}, 400, "echo", "true or false"),
        ({"echo": True, "logprobs": 1}, 400, "echo", "for scoring"),
        ({"echo": True, "max_tokens": 0}, 400, "echo", "for scoring"),
        ({"stream": True}, 400, "stream", "stream is not supported here"),
        ({"best_of": 3}, 400, "best_of", "not supported"),
        ({"frequency_penalty": 0.5}, 400, "frequency_penalty", "not supported"),
        ({"logit_bias": {"5": 1}}, 400, "logit_bias", "not supported"),
        ({"top_k": 5}, 400, "top_k", "there is no field top_k here"),
    ],
)
def test_a_bad_request_is_told_why(
    served: Served, fields: dict[str, Any], status: int, param: str | None, said: str
) -> None:
    body = json.dumps({"model": "echo", "prompt": "p", **fields})
    reply = served.http.post("/completions", content=body)
    assert reply.status_code == status
    error = reply.json()["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert said in error["message"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/completions", b"{", 400, "not JSON"),
        ("POST", "/completions", b"\xff", 400, "not JSON"),
        ("POST", "/completions", b"[" * 100_000, 400, "not JSON"),
        ("POST", "/completions", b"[]", 400, "not a JSON object"),
        ("POST", "/completions", b" " * (17 << 20), 413, "longer than 16 MiB"),
        ("GET", "/completions", b"", 405, "Method Not Allowed"),
        ("POST", "/chat/completions", b"{}", 404, "Not Found"),
    ],
)
def test_what_is_no_request_at_all(
    served: Served, method: str, path: str, body: bytes, status: int, said: str
) -> None:
    reply = served.http.request(method, path, content=body)
    assert reply.status_code == status
    assert said in reply.json()["error"]["message"]


def test_a_bug_is_a_500_and_a_traceback_in_the_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="uvicorn.error"):
        reply = served.post(prompt="bug")
    assert (reply.status_code, reply.json()["error"]["type"]) == (500, "server_error")
    assert "a bug" not in reply.text
    assert any(row.exc_info and isinstance(row.exc_info[1], KeyError) for row in caplog.records)
    assert served.post().status_code == 200


def test_a_full_queue_is_a_429_and_the_client_comes_again(served: Served) -> None:
    served.engine.gate.clear()
    served.engine.busy.clear()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(served.post)
        assert served.engine.busy.wait(10)
        waiting = pool.submit(served.post, prompt=["a", "b", "c"])
        served.wait_for(3)
        refused = served.post(prompt=["d", "e"])
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert refused.json()["error"]["type"] == "rate_limit_error"
        with OpenAIEngine(served.url, "echo", concurrency=4) as engine:
            patient = pool.submit(engine.complete, ["x", "y"], SamplingParams(max_tokens=1, temperature=1.0))
            while engine.usage.failures == 0:
                time.sleep(0.01)
            served.engine.gate.set()
            assert [c.text for c in patient.result(20)] == ["x/0", "y/1"]
            usage = engine.usage
        assert (usage.answers, usage.requests) == (2, 2 + usage.retries)
        assert usage.failures == usage.retries >= 1
        assert (first.result(20).status_code, waiting.result(20).status_code) == (200, 200)


def test_who_hangs_up_is_not_computed(served: Served) -> None:
    served.engine.gate.clear()
    served.engine.busy.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(served.post)
        assert served.engine.busy.wait(10)
        with contextlib.suppress(httpx2.ReadTimeout):
            httpx2.post(
                f"{served.url}/completions", json={"model": "echo", "prompt": ["gone", "too"]}, timeout=0.2
            )
        served.wait_for(0)
        served.engine.gate.set()
        assert first.result(20).status_code == 200
        assert served.post(prompt="last").status_code == 200
    assert served.engine.batches == [["p"], ["last"]]
