"""The client against a real HTTP server that misbehaves as it is told to; every request is accounted for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from ratchet.engines.base import Engine, SamplingParams
from ratchet.engines.openai import OpenAIEngine
from ratchet.engines.transport import Usage
from ratchet.errors import RatchetError
from tests.engines.faulty_server import (
    Handler,
    Server,
    Step,
    answer,
    chooses,
    cut,
    garbage,
    hang_up,
    running,
    says,
    stall,
    status,
)

KEY = "sk-a-secret-that-is-told-nobody"
PARAMS = SamplingParams(max_tokens=4)


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as found:
        yield found


def client(server: Server, **settings: Any) -> OpenAIEngine:
    return OpenAIEngine(
        server.url,
        "tiny",
        **{"api_key": KEY, "timeout_s": 0.4, "attempts": 4, "backoff_s": 0.01, **settings},
    )


def accounted(usage: Usage) -> bool:
    return usage.requests == usage.answers + usage.failures


def test_a_prompt_is_one_request_with_its_own_seed(server: Server) -> None:
    under_way, counts = set[str](), []

    def counted(handler: Handler, body: dict[str, Any]) -> None:
        under_way.add(body["prompt"])
        time.sleep(0.02)
        counts.append(len(under_way))
        under_way.remove(body["prompt"])
        answer(handler, body)

    server.script = [counted] * 20
    params = SamplingParams(max_tokens=9, temperature=0.5, top_p=0.9, stop=("\nx", "\ny"))
    prompts = [f"p{i}" for i in range(20)]
    done: list[int] = []
    with client(server, concurrency=5) as engine:
        found = engine.complete(prompts, params, seeds=range(100, 120), on_done=done.append)
        assert [c.text for c in found] == [f"p{i}/{100 + i}" for i in range(20)]
        assert (found[0].tokens, found[0].logprobs) == ((7, 8), (-0.5, -1.0))
        assert done == [1] * 20
        assert engine.usage == Usage(requests=20, answers=20, prompt_tokens=60, completion_tokens=40)
        assert engine.name == f"openai:tiny@{server.url}"
    assert 1 < max(counts) <= 5
    _, path, body, authorization = next(row for row in server.seen if row[2]["prompt"] == "p0")
    assert (path, authorization) == ("/v1/completions", f"Bearer {KEY}")
    assert body == {
        "model": "tiny",
        "prompt": "p0",
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["\nx", "\ny"],
        "seed": 100,
        "logprobs": 1,
    }
    assert engine.complete([], params) == []


@pytest.mark.parametrize(
    "fault",
    [
        status(429),
        status(429, "", Retry_After="0"),
        status(429, "", Retry_After="soon"),
        status(500, "<html>oh no</html>"),
        status(503, {"error": {"message": "loading"}}),
        status(408),
        garbage,
        cut,
        hang_up,
        stall,
        says([]),
        says({"choices": []}),
        says({"choices": [{"text": 5}]}),
        chooses(text="x", logprobs={"token_logprobs": ["a"]}),
        chooses(text="x", logprobs={"token_logprobs": [float("nan")]}),
        status(200, "[" * 100_000),
    ],
)
def test_what_may_pass_is_tried_again(server: Server, fault: Step) -> None:
    server.script = [fault, fault]
    with client(server, concurrency=1) as engine:
        [found] = engine.complete(["p"], PARAMS)
        assert found.text == "p/0"
        usage = engine.usage
    assert (usage.requests, usage.retries, usage.answers, usage.failures) == (3, 2, 1, 2)
    assert len(server.seen) == 3
    assert server.seen[0][2] == server.seen[2][2]


def test_faults_among_many_lose_nothing(server: Server) -> None:
    faults: list[Step] = [status(429), status(500), garbage, cut, hang_up, stall, answer, answer]
    server.script = faults * 5
    with client(server, concurrency=8, attempts=12) as engine:
        found = engine.complete([f"p{i}" for i in range(40)], PARAMS)
        assert [c.text for c in found] == [f"p{i}/{i}" for i in range(40)]
        usage = engine.usage
    assert (usage.answers, usage.failures, usage.retries) == (40, 30, 30)
    assert accounted(usage)
    assert usage.requests == len(server.seen)


@pytest.mark.parametrize("dated", [False, True])
def test_retry_after_holds_everybody_back(server: Server, dated: bool) -> None:
    # A date has whole seconds: two of them ahead are at least one.
    wait = formatdate(time.time() + 2, usegmt=True) if dated else "0.6"
    server.script = [status(429, "", Retry_After=wait)]
    with client(server, concurrency=1) as engine:
        found = engine.complete(["a", "b"], PARAMS)
        assert [c.text for c in found] == ["a/0", "b/1"]
    first, second, *_ = (moment for moment, *_ in server.seen)
    assert second - first >= (0.9 if dated else 0.6)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (status(500, "x" * 5000), "no usable answer in 4 attempts (the last: status 500: x"),
        (garbage, "no usable answer in 4 attempts (the last: an answer that is not JSON)"),
        (says({}), "the last: an answer without its one choice"),
        (stall, "the last: timed out"),
        (cut, "no usable answer in 4 attempts"),
    ],
)
def test_what_does_not_pass_is_given_up(server: Server, fault: Step, said: str) -> None:
    server.script = [fault] * 4
    with client(server) as engine:
        with pytest.raises(RatchetError) as raised:
            engine.complete(["p"], PARAMS)
        assert said in str(raised.value)
        assert len(str(raised.value)) < 600
        assert engine.usage == Usage(requests=4, retries=3, failures=4)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            status(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
            "refused the API key (status 401: Incorrect API key provided: ***): set OPENAI_API_KEY.",
        ),
        (status(403), "refused the API key (status 403: Forbidden)"),
        (
            status(404, {"error": {"message": "The model `tiny` does not exist."}}),
            "(status 404: The model `tiny` does not exist.): check the model's name",
        ),
        (status(400, {"error": {"message": "max_tokens\nis too large"}}), "400: max_tokens is too large"),
        (status(422, {"detail": "no"}), "status 422: no"),
        (status(307, "", Location="/elsewhere"), "status 307"),
        (status(501), "status 501"),
        (status(429, "", Retry_After="3600"), "asks to wait for 3,600 s"),
        (status(429, {"error": {"message": "m", "code": "insufficient_quota"}}), "has no credit left (m)"),
    ],
)
def test_a_refusal_ends_the_call_at_once(server: Server, fault: Step, said: str) -> None:
    server.script = [fault]
    with client(server, concurrency=1) as engine:
        with pytest.raises(RatchetError) as raised:
            engine.complete(["a", "b", "c"], PARAMS)
        assert said in str(raised.value)
        assert KEY not in str(raised.value)
        assert engine.usage == Usage(requests=1, failures=1)
        assert engine.complete(["d"], PARAMS)[0].text == "d/0"


def test_one_refusal_stops_those_that_wait(server: Server) -> None:
    def when_all_have_asked(then: Step) -> Step:
        def step(handler: Handler, body: dict[str, Any]) -> None:
            while len(server.seen) < 8:
                time.sleep(0.01)
            then(handler, body)

        return step

    holding, refusing = status(503, "", Retry_After="60"), status(401)
    server.script = [when_all_have_asked(holding), *[when_all_have_asked(refusing)] * 7]
    with client(server, concurrency=8, timeout_s=20) as engine:
        begun = time.monotonic()
        with pytest.raises(RatchetError, match="API key"):
            engine.complete([f"p{i}" for i in range(30)], PARAMS)
        assert time.monotonic() - begun < 30
        assert accounted(engine.usage)


def test_no_server(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        engine = OpenAIEngine(f"http://127.0.0.1:{taken.getsockname()[1]}", "tiny")
        with pytest.raises(RatchetError, match=r"no server answers at http://127\.0\.0\.1:\d+/v1 .*refused"):
            engine.complete(["p"], PARAMS)
        assert engine.usage == Usage(requests=1, failures=1)


def test_a_server_that_went_away_is_waited_for(server: Server) -> None:
    with client(server, attempts=3) as engine:
        engine.complete(["p"], PARAMS)
        server.socket.close()
        server.script = [hang_up]
        with pytest.raises(RatchetError, match="no usable answer in 3 attempts"):
            engine.complete(["p"], PARAMS)
        assert accounted(engine.usage)


@pytest.mark.parametrize(
    ("choice", "stops", "text", "finish"),
    [
        ({"finish_reason": "length"}, ("x",), "abc", "length"),
        ({"finish_reason": "stop"}, (), "abc", "end"),
        ({"finish_reason": "stop"}, ("x",), "abc", "stop"),
        ({"finish_reason": "stop", "stop_reason": None}, ("x",), "abc", "end"),
        ({"finish_reason": "stop", "stop_reason": "x"}, ("x",), "abc", "stop"),
        ({"finish_reason": "stop", "finish": "end"}, ("x",), "abc", "end"),
        ({"finish_reason": "stop", "finish": "stop"}, (), "abc", "stop"),
        ({"finish_reason": "length"}, ("bc", "c"), "a", "stop"),
    ],
)
def test_how_a_completion_ended(
    server: Server, choice: dict[str, Any], stops: tuple[str, ...], text: str, finish: str
) -> None:
    server.script = [chooses(text="abc", **choice)]
    with client(server) as engine:
        [found] = engine.complete(["p"], SamplingParams(stop=stops))
    assert (found.text, found.finish, found.tokens, found.logprobs) == (text, finish, (), ())


def test_logprobs_that_a_server_refuses_are_not_asked_for_again(server: Server) -> None:
    server.script = [status(400, {"error": {"message": "logprobs is not supported"}})]
    with client(server, concurrency=1) as engine:
        assert len(engine.complete(["a", "b"], PARAMS)) == 2
        assert (engine.usage.requests, engine.usage.failures) == (3, 1)
    assert ["logprobs" in body for _, _, body, _ in server.seen] == [True, False, False]


def test_tokens_by_name_are_no_ids(server: Server) -> None:
    server.script = [chooses(text="ab", logprobs={"tokens": ["a", "b"], "token_logprobs": [-1, -2]})]
    with client(server) as engine:
        [found] = engine.complete(["p"], PARAMS)
    assert (found.tokens, found.logprobs) == ((), (-1.0, -2.0))


def scores(**table: Any) -> Step:
    return chooses(text="a😀b", logprobs=table)


def test_scores_by_echo(server: Server) -> None:
    # As vLLM gives them: nothing before the first token; two tokens may lie in one character.
    server.script = [scores(tokens=[""] * 4, token_logprobs=[None, -1, -2.5, -3], text_offset=[0, 1, 1, 2])]
    with client(server) as engine:
        empty, found = engine.score(["", "a😀b"])
    assert (empty.spans, empty.logprobs) == ((), ())
    assert found.spans == ((1, 2), (1, 2), (2, 3))
    assert found.logprobs == (-1.0, -2.5, -3.0)
    _, _, body, _ = server.seen[0]
    assert (body["echo"], body["max_tokens"], body["logprobs"]) == (True, 0, 1)


@pytest.mark.parametrize(
    "fault",
    [
        status(400, {"error": {"message": "echo is not supported"}}),
        chooses(text="a😀b", logprobs=None),
        chooses(text="something else", logprobs={"token_logprobs": [-1], "text_offset": [0]}),
    ],
)
def test_a_server_that_does_not_score(server: Server, fault: Step) -> None:
    server.script = [fault]
    with client(server) as engine:
        with pytest.raises(RatchetError, match="does not score texts"):
            engine.score(["a😀b"])
        assert engine.usage == Usage(requests=1, failures=1)


@pytest.mark.parametrize(
    "table",
    [
        {"token_logprobs": [-1, -2], "text_offset": [0]},
        {"token_logprobs": [-1, -2], "text_offset": [1, 0]},
        {"token_logprobs": [-1, -2], "text_offset": [0, 9]},
        {"token_logprobs": [-1, None], "text_offset": [0, 1]},
        {"token_logprobs": [-1], "text_offset": [0], "text_end": [9]},
        {"token_logprobs": [-1]},
    ],
)
def test_malformed_scores_are_asked_for_again(server: Server, table: dict[str, Any]) -> None:
    server.script = [scores(**table), scores(token_logprobs=[-1], text_offset=[0])]
    with client(server) as engine:
        [found] = engine.score(["a😀b"])
        assert engine.usage == Usage(requests=2, retries=1, answers=1, failures=1)
    assert found.spans == ((0, 3),)


@pytest.mark.parametrize("key", ["né", "two\nlines"])
def test_keys_that_are_none(key: str) -> None:
    with pytest.raises(RatchetError, match="holds characters that no key has"):
        OpenAIEngine("http://localhost", "tiny", api_key=key)


def test_texts_that_cannot_be_sent(server: Server) -> None:
    with client(server) as engine, pytest.raises(RatchetError, match="lone surrogate"):
        engine.complete(["a\ud800"], PARAMS)
    assert server.seen == []


def test_the_engine_is_light_and_takes_its_key_from_the_environment(server: Server) -> None:
    script = (
        "import sys\n"
        "from ratchet.engines.base import SamplingParams\n"
        "from ratchet.engines.registry import load_engine\n"
        f"engine = load_engine('openai:org/tiny@v2@{server.url}')\n"
        "engine.complete(['p'], SamplingParams())\n"
        "print(*sys.modules)\n"
        "print(vars(engine), engine, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "OPENAI_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"torch", "transformers", "numpy"}.isdisjoint(done.stdout.split())
    assert KEY not in done.stderr
    _, _, body, authorization = server.seen[0]
    assert (body["model"], authorization) == ("org/tiny@v2", f"Bearer {KEY}")


def test_an_interrupt_does_not_wait_for_answers(server: Server, ratchet_command: Path) -> None:
    seen = threading.Event()

    def never(handler: Handler, _: dict[str, Any]) -> None:
        seen.set()
        time.sleep(3)

    server.script = [never]
    arguments = ["generate", "--model", f"openai:tiny@{server.url}", "--prompt", "p"]
    with subprocess.Popen([ratchet_command, *arguments], stderr=subprocess.PIPE, text=True) as process:
        assert seen.wait(20)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert time.monotonic() - begun < 2.5
    assert (process.returncode, errors.splitlines()[-1]) == (130, "ratchet: interrupted")


def test_it_is_an_engine() -> None:
    engine: Engine = OpenAIEngine("http://localhost", "tiny")
    assert engine.name == "openai:tiny@http://localhost/v1"
    with pytest.raises(ValueError, match="begin at 1"):
        OpenAIEngine("http://localhost", "tiny", concurrency=0)
