"""The client against a server that others wrote, `transformers serve`, which has a tiny checkpoint to serve.

It needs what transformers calls its extra `serving`; of that the package openai (with jiter, distro and
sniffio) and fastapi are in no extra of ours.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

pytest.importorskip("torch", reason="the extra `local` is not installed")
pytest.importorskip("openai", reason="transformers serve needs the package openai")
pytest.importorskip("fastapi", reason="transformers serve needs the package fastapi")

from ratchet.engines import Message, SamplingParams
from ratchet.engines.openai import OpenAIEngine
from ratchet.engines.transformers import TransformersEngine
from tests.engines.faulty_server import FAULTS, forward, running
from tests.local_models import tiny

pytestmark = [pytest.mark.local, pytest.mark.slow]

TEMPLATE = (
    "{% for m in messages %}def f(xs):\n    # {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}"
    "{% endif %}"
)
PROMPTS = ["def f(xs):\n    # Reverse the list.\n", "def f(s):\n", "def f(n):\n    # Add 8 to the number.\n"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served")
    small = tiny()
    small.model.save_pretrained(path)
    small.tokenizer.save_pretrained(path)
    settings = json.loads((path / "tokenizer_config.json").read_text())
    (path / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": TEMPLATE}))
    return path


@pytest.fixture(scope="module")
def url(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    module = "transformers.cli.transformers"
    words = [sys.executable, "-m", module, "serve", str(folder), "--device", "cpu", "--port", str(port)]
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*words, "--host", "127.0.0.1"],
            env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 180
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except (URLError, OSError):
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(30)


def test_its_greedy_completions_and_replies_are_those_of_the_local_engine(folder: Path, url: str) -> None:
    local = TransformersEngine.load(folder)
    params = SamplingParams(max_tokens=24)
    begin = local.tokenizer.eos_token
    conversations = [[Message("user", "Reverse the list.")], [Message("user", "Sort in ascending order.")]]
    with OpenAIEngine(url, str(folder), concurrency=2) as engine:
        theirs = engine.complete([begin + prompt for prompt in PROMPTS], params)
        ours = local.complete(PROMPTS, params)
        assert [c.text for c in theirs] == [c.text for c in ours]
        assert [c.finish for c in theirs] == [c.finish for c in ours]
        replies = engine.chat(conversations, params)
        assert [c.text for c in replies] == [c.text for c in local.chat(conversations, params)]
        assert engine.usage.answers == engine.usage.requests == 5
        assert engine.usage.completion_tokens > 20


def test_behind_a_faulty_proxy_every_request_is_accounted_for(folder: Path, url: str) -> None:
    dice = random.Random(7)
    begin = tiny().tokenizer.eos_token
    prompts = [begin + prompt for prompt in PROMPTS * 4]
    params = SamplingParams(max_tokens=8)
    with OpenAIEngine(url, str(folder), concurrency=2) as engine:
        wanted = [c.text for c in engine.complete(prompts, params)]
    through = forward(url)
    with running(through) as proxy:
        proxy.script = [dice.choice(FAULTS) if dice.random() < 0.4 else through for _ in range(40)]
        settings = {"timeout_s": 20.0, "attempts": 12, "backoff_s": 0.01}
        with OpenAIEngine(proxy.url, str(folder), concurrency=4, **settings) as engine:
            assert [c.text for c in engine.complete(prompts, params)] == wanted
            usage = engine.usage
        assert usage.requests == usage.answers + usage.failures == len(proxy.seen)
        assert usage.answers == len(prompts)
        assert usage.failures > 2
