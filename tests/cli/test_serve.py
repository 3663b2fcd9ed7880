"""`ratchet serve` and `ratchet generate` with a real model: HTTP changes nothing of what the engine gives."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from ratchet.engines.base import Completion, SamplingParams
from ratchet.engines.openai import OpenAIEngine
from ratchet.errors import RatchetError
from tests.local_models import tiny

if TYPE_CHECKING:
    from ratchet.engines.transformers import TransformersEngine
    from tests.conftest import RunRatchet

pytestmark = pytest.mark.local

GREEDY = SamplingParams(max_tokens=24)
DRAWN = SamplingParams(max_tokens=24, temperature=0.9, top_p=0.95)
PROMPTS = [
    "",
    "def f(xs):\n",
    "def f(s, n):\n    # first\n",
    "# add one to every number\n",
    "x",
    "naïve 😀\n\n  ",
]
TEXTS = [*PROMPTS, "def f(xs):\n    return [x + 1 for x in xs]\n", "\x00\t 日本 e\u0301"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny trained model on disk."""
    path = tmp_path_factory.mktemp("model")
    tiny().model.save_pretrained(path)
    tiny().tokenizer.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def local(checkpoint: Path) -> TransformersEngine:
    """The model without a server."""
    from ratchet.engines.transformers import TransformersEngine

    return TransformersEngine.load(checkpoint)


@contextmanager
def serving(ratchet_command: Path, model: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and its address; it is killed if it is still there at the end."""
    arguments: list[str | Path] = [ratchet_command, "serve", model, "--port", "0", "--name", "tiny", *options]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.fixture(scope="module")
def url(ratchet_command: Path, checkpoint: Path) -> Iterator[str]:
    with serving(ratchet_command, f"hf:{checkpoint}") as (process, address):
        assert address.startswith("http://127.0.0.1:")
        yield address
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert output == ""
    assert "ratchet: tiny is served; ctrl-C ends it\n" in errors
    assert "Traceback" not in errors


@pytest.fixture
def one_by_one(url: str) -> Iterator[OpenAIEngine]:
    """A client that asks one thing at a time."""
    with OpenAIEngine(url, "tiny", concurrency=1) as engine:
        yield engine


@pytest.mark.parametrize("params", [GREEDY, DRAWN, replace(GREEDY, stop=("\n", "# "))])
def test_completions_are_those_of_the_engine(
    one_by_one: OpenAIEngine, local: TransformersEngine, params: SamplingParams
) -> None:
    seeds = [7 * i for i in range(len(PROMPTS))]
    served = one_by_one.complete(PROMPTS, params, seeds=seeds)
    alone = [local.complete([p], params, seeds=[s])[0] for p, s in zip(PROMPTS, seeds, strict=True)]
    assert served == alone
    assert one_by_one.usage.requests == one_by_one.usage.answers == len(PROMPTS)
    ids = local.tokenizer(PROMPTS)["input_ids"]
    assert one_by_one.usage.prompt_tokens == sum(map(len, ids))
    assert one_by_one.usage.completion_tokens == sum(len(c.tokens) for c in served)
    if params.stop:
        assert {c.finish for c in served} & {"stop"}
        assert not any(stop in c.text for c in served for stop in params.stop)


def test_scores_are_those_of_the_engine(one_by_one: OpenAIEngine, local: TransformersEngine) -> None:
    assert one_by_one.score(TEXTS) == [local.score([text])[0] for text in TEXTS]


def test_clients_side_by_side(url: str, local: TransformersEngine) -> None:
    def ask(first_seed: int) -> list[Completion]:
        with OpenAIEngine(url, "tiny", concurrency=8) as engine:
            return engine.complete(PROMPTS * 2, DRAWN, seeds=range(first_seed, first_seed + 12))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(0, 400, 100)))
    pairs = [
        pair
        for i, served in enumerate(found)
        for pair in zip(
            served,
            local.complete(PROMPTS * 2, DRAWN, seeds=range(100 * i, 100 * i + 12)),
            strict=True,
        )
    ]
    # A batch of another shape adds up in another order: logprobs move by some 1e-6, and about
    # one draw in a hundred thousand falls on the other side of a boundary.
    same = [(one, other) for one, other in pairs if one.tokens == other.tokens]
    assert len(same) >= len(pairs) - 1
    for one, other in same:
        assert (one.text, one.finish) == (other.text, other.finish)
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)


def test_choices_of_one_request_take_the_next_seeds(url: str, local: TransformersEngine) -> None:
    body = {"model": "tiny", "prompt": PROMPTS[1:3], "n": 3, "seed": 40, "temperature": 0.9, "max_tokens": 24}
    choices = httpx2.post(f"{url}/completions", json=body).json()["choices"]
    params = SamplingParams(24, 0.9)
    alone = [local.complete([p], params, seeds=[40 + j])[0].text for p in PROMPTS[1:3] for j in range(3)]
    assert [choice["text"] for choice in choices] == alone


def test_what_the_model_cannot_do_is_a_sentence(url: str, one_by_one: OpenAIEngine) -> None:
    with ThreadPoolExecutor(4) as pool:
        # Side by side with others, who get their answers all the same.
        fine = [pool.submit(ask_raw, url, prompt="x", max_tokens=20) for _ in range(3)]
        with pytest.raises(RatchetError, match=r"status 400: .*exceed the context"):
            one_by_one.complete(["x " * 600], GREEDY)
        assert [f.result().status_code for f in fine] == [200] * 3
    with pytest.raises(RatchetError, match=r"status 404: there is no model huge here: this server has tiny"):
        OpenAIEngine(url, "huge").complete(["x"], GREEDY)
    assert "this asks for 384 choices" in ask_raw(url, prompt=["x"] * 3, n=128).text


def ask_raw(url: str, **fields: Any) -> httpx2.Response:
    """One request by hand."""
    return httpx2.post(f"{url}/completions", json={"model": "tiny", **fields}, timeout=60)


def test_a_full_queue_and_a_gentle_end(ratchet_command: Path, checkpoint: Path) -> None:
    with serving(ratchet_command, f"hf:{checkpoint}", "--queue", "4") as (process, url):
        # Each of its own temperature, so that none shares a batch with another.
        bodies = [{"prompt": "x", "max_tokens": 400, "temperature": 1.5 + i / 100} for i in range(12)]
        with ThreadPoolExecutor(12) as pool:
            replies = list(pool.map(lambda body: ask_raw(url, **body), bodies))
            refused = [reply for reply in replies if reply.status_code == 429]
            assert {reply.status_code for reply in replies} == {200, 429}
            assert {reply.headers["Retry-After"] for reply in refused} == {"1"}

            under_way = [pool.submit(ask_raw, url, **body) for body in bodies[:4]]
            while httpx2.get(url.replace("/v1", "/health")).json()["waiting"] < 2:
                time.sleep(0.005)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            with pytest.raises(httpx2.TransportError):
                ask_raw(url, prompt="x")
            assert [reply.result().status_code for reply in under_way] == [200] * 4
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_generate_says_what_the_engine_says(
    ratchet_cli: RunRatchet, url: str, checkpoint: Path, local: TransformersEngine
) -> None:
    served = f"openai:tiny@{url}"
    prompt = "def f(xs):\n"
    [greedy] = local.complete([prompt], SamplingParams(256))
    for model in (served, f"hf:{checkpoint}"):
        done = ratchet_cli("generate", "--model", model, input=prompt)
        assert (done.returncode, done.stdout) == (0, f"{greedy.text}\n"), done.stderr
    drawn = local.complete([prompt] * 2, SamplingParams(9, 0.8, 0.9, ("#",)), seeds=[5, 6])
    options = ["--model", served, "--prompt", prompt, "--max-tokens", "9", "--temperature", "0.8"]
    options += ["--top-p", "0.9", "--stop", "#", "--seed", "5", "-n", "2"]
    done = ratchet_cli("generate", *options, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(r["text"], tuple(r["tokens"]), r["finish"], r["seed"]) for r in rows] == [
        (c.text, c.tokens, c.finish, seed) for seed, c in zip([5, 6], drawn, strict=True)
    ]
    assert [r["logprobs"] for r in rows] == [pytest.approx(c.logprobs, abs=1e-4) for c in drawn]
    plain = ratchet_cli("generate", *options).stdout
    assert plain == f"--- 1 of 2 ---\n{drawn[0].text}\n--- 2 of 2 ---\n{drawn[1].text}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["generate", "--model", "tiny", "--prompt", "p"], 'there is no engine "tiny": write hf:PATH'),
        (["generate", "--model", "hf:nowhere/at/all", "--prompt", "p"], "no model can be loaded from"),
        (["generate", "--model", "openai:m@http://h", "--stop", ""], "an empty text ends everything"),
        (["generate", "--prompt", "p"], "Missing option '--model'"),
        (["serve"], "Missing argument 'MODEL'"),
        (["serve", "tiny", "--port", "0"], 'there is no engine "tiny"'),
        (["serve", "tiny", "--port", "70000"], "70000 is not in the range"),
        (["serve", "tiny", "--host", "192.0.2.1"], "port 8000 of 192.0.2.1 cannot be had"),
    ],
)
def test_what_a_user_can_mend(ratchet_cli: RunRatchet, arguments: list[str], said: str) -> None:
    done = ratchet_cli(*arguments, env={"HF_HUB_OFFLINE": "1"})
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_told_before_the_model_is_loaded(ratchet_cli: RunRatchet) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = ratchet_cli("serve", "hf:nowhere", "--port", str(port))
    assert done.returncode == 2
    assert done.stderr.startswith(f"ratchet: port {port} of 127.0.0.1 cannot be had (Address already in use)")


def test_another_server_behind_an_address_of_the_sixth_version(ratchet_command: Path) -> None:
    if not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with serving(ratchet_command, "openai:far@http://127.0.0.1:9", "--host", "::1") as (_, url):
        assert url.startswith("http://[::1]:")
        assert httpx2.get(f"{url}/models").json()["data"][0]["id"] == "tiny"
        reply = ask_raw(url, prompt="x")
        assert reply.status_code == 400
        assert "no server answers at http://127.0.0.1:9/v1" in reply.json()["error"]["message"]
