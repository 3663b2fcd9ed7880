"""Chat, budget and request log of the client, against a server that misbehaves and a proxy that does."""

from __future__ import annotations

import json
import random
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ratchet.engines import ContextError, Message, SamplingParams, load_engine
from ratchet.engines.budget import Budget, BudgetError, Ledger, Most
from ratchet.engines.openai import OpenAIEngine
from ratchet.errors import RatchetError
from tests.engines.faulty_server import (
    FAULTS,
    Handler,
    Server,
    Step,
    answer,
    chooses,
    cut,
    forward,
    garbage,
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
    usual = {"api_key": KEY, "timeout_s": 0.4, "attempts": 4, "backoff_s": 0.01}
    return OpenAIEngine(server.url, "tiny", **{**usual, **settings})


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


# Chat


def test_a_conversation_is_one_request(server: Server) -> None:
    conversations = [
        [Message("system", "Be short."), Message("user", "Sort.")],
        [Message("user", "Reverse.")],
    ]
    params = SamplingParams(max_tokens=9, temperature=0.5, top_p=0.9, stop=("\nx",))
    told: list[int] = []
    with client(server) as engine:
        found = engine.chat(conversations, params, seeds=[5, 6], on_done=told.append)
    assert [c.text for c in found] == ["system:Be short.+user:Sort./5", "user:Reverse./6"]
    assert (found[0].tokens, found[0].logprobs) == ((7, 8), (-0.5, -1.0))
    assert told == [1, 1]
    [(_, path, body, _)] = [row for row in server.seen if row[2]["seed"] == 6]
    assert path == "/v1/chat/completions"
    assert body == {
        "model": "tiny",
        "messages": [{"role": "user", "content": "Reverse."}],
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["\nx"],
        "seed": 6,
        "logprobs": True,
    }


@pytest.mark.parametrize(
    "fault",
    [
        says({"choices": [{"text": "no message"}]}),
        chooses(message={"content": 5}),
        chooses(message={"content": "x"}, logprobs={"content": [5]}),
        chooses(message={"content": "x"}, logprobs={"content": [{"logprob": "a"}]}),
        garbage,
        cut,
        stall,
    ],
)
def test_replies_that_are_none_are_asked_for_again(server: Server, fault: Step) -> None:
    server.script = [fault]
    with client(server) as engine:
        [found] = engine.chat([[Message("user", "p")]], PARAMS)
        usage = engine.usage
    assert found.text == "user:p/0"
    assert (usage.requests, usage.answers, usage.failures) == (2, 1, 1)


def test_an_empty_reply_is_one(server: Server) -> None:
    server.script = [chooses(message={"content": None}, finish_reason="length")]
    with client(server) as engine:
        [found] = engine.chat([[Message("user", "p")]], PARAMS)
    assert (found.text, found.finish, found.logprobs) == ("", "length", ())


def test_what_a_server_does_not_know_is_left_out_or_called_by_its_other_name(server: Server) -> None:
    server.script = [
        status(400, {"error": {"message": "'max_tokens' is not supported. Use 'max_completion_tokens'."}}),
        status(400, {"error": {"message": "This model does not support logprobs."}}),
    ]
    with client(server, concurrency=1) as engine:
        assert len(engine.chat([[Message("user", "p")], [Message("user", "q")]], PARAMS)) == 2
    *_, last = (body for _, _, body, _ in server.seen)
    assert (last["max_completion_tokens"], "max_tokens" in last, "logprobs" in last) == (4, False, False)
    assert len(server.seen) == 4


@pytest.mark.parametrize(
    "said",
    [
        {"error": {"message": "too long", "code": "context_length_exceeded"}},
        {"error": {"message": "This model's maximum context length is 16 tokens."}},
        {"error": {"message": "a prompt of 9 tokens and max_tokens 8 exceed the context of tiny (16)."}},
    ],
)
def test_a_prompt_that_is_too_long_is_told_apart(server: Server, said: Any) -> None:
    server.script = [status(400, said)]
    with client(server) as engine, pytest.raises(ContextError):
        engine.complete(["p"], PARAMS)


# Every request accounted for


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_behind_a_faulty_proxy_nothing_is_lost_and_nothing_is_uncounted(
    server: Server, tmp_path: Path, seed: int
) -> None:
    prompts = [f"p{i}" for i in range(60)]
    conversations = [[Message("user", prompt)] for prompt in prompts]
    dice = random.Random(seed)
    log = tmp_path / "log.jsonl"
    with running(forward(server.url)) as proxy:
        through = forward(server.url)
        proxy.script = [dice.choice(FAULTS) if dice.random() < 0.35 else through for _ in range(160)]
        with client(proxy, concurrency=8, attempts=20, request_log=log) as engine:
            completions = engine.complete(prompts, PARAMS)
            replies = engine.chat(conversations, PARAMS)
            usage = engine.usage
        assert [c.text for c in completions] == [f"p{i}/{i}" for i in range(60)]
        assert [c.text for c in replies] == [f"user:p{i}/{i}" for i in range(60)]
        assert usage.requests == usage.answers + usage.failures == len(proxy.seen)
        assert (usage.answers, usage.retries) == (120, usage.failures)
        assert usage.failures > 20
        assert len(server.seen) == 120  # a fault is the proxy's own
    rows = lines(log)
    assert len(rows) == usage.requests
    assert sum(row["outcome"] == "answer" for row in rows) == usage.answers
    assert sum(row["prompt_tokens"] or 0 for row in rows) == usage.prompt_tokens
    assert len({row["request"] for row in rows}) == 120


# The log


@pytest.mark.slow
def test_the_log_says_what_became_of_every_attempt_and_no_secret(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    server.script = [status(500, f"key {KEY} is bad"), garbage, stall]
    with client(server, request_log=log) as engine:
        engine.complete([f"{'x' * 300}{KEY}"], PARAMS, seeds=[3])
        engine.chat([[Message("system", "s"), Message("user", f"my key is {KEY}, yes")]], PARAMS)
    text = log.read_text()
    assert KEY not in text
    assert "Bearer" not in text
    failed, malformed, stalled, good, chat = lines(log)
    assert [row["attempt"] for row in (failed, malformed, stalled, good, chat)] == [1, 2, 3, 4, 1]
    assert [row["status"] for row in (failed, malformed, stalled, good)] == [500, 200, None, 200]
    assert failed["outcome"].startswith("status 500")
    assert (malformed["outcome"], stalled["outcome"]) == ("an answer that is not JSON", "timed out")
    assert good["prompt"] == "x" * 200
    assert (good["prompt_tokens"], good["completion_tokens"], good["seed"], good["max_tokens"]) == (
        3,
        2,
        3,
        4,
    )
    assert stalled["latency_s"] >= 0.4
    assert (chat["path"], chat["prompt"], chat["request"]) == ("/chat/completions", "my key is ***, yes", 2)


def test_a_log_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match="cannot be written"):
        client(server, request_log=tmp_path / "missing" / "log.jsonl")


# The budget


def test_what_could_exceed_the_budget_is_not_sent_and_what_was_drawn_is_kept(server: Server) -> None:
    # The server counts 3 + 2 tokens, 0.05 an answer; of one more the most is known to be about 0.41.
    budget = Budget(max_cost=1.0, prompt_price=10_000, completion_price=10_000)
    with client(server, concurrency=1, budget=budget) as engine:
        with pytest.raises(BudgetError) as raised:
            engine.complete([f"p{i}" for i in range(100)], PARAMS)
        kept = raised.value.finished
        assert list(kept) == list(range(len(kept)))
        assert [c.text for c in kept.values()] == [f"p{i}/{i}" for i in range(len(kept))]
        assert len(server.seen) == len(kept) == engine.spent.requests
        assert engine.spent.cost == pytest.approx(0.05 * len(kept))
        assert 0.5 < engine.spent.cost <= 1.0
        assert "the budget of 1 does not allow for another request: 0." in str(raised.value)
        with pytest.raises(BudgetError):
            engine.complete(["one more"], PARAMS)
        assert len(server.seen) == len(kept)


def test_many_threads_keep_to_it_together_and_what_is_under_way_is_kept(server: Server) -> None:
    budget = Budget(max_tokens=400)
    with client(server, concurrency=16, budget=budget) as engine:
        with pytest.raises(BudgetError, match="budget of 400 tokens") as raised:
            engine.chat([[Message("user", f"p{i}")] for i in range(200)], PARAMS)
        assert 300 < engine.spent.tokens <= 400
        assert len(raised.value.finished) == len(server.seen) == engine.usage.answers


@pytest.mark.slow
def test_an_attempt_that_may_have_been_billed_counts_in_full(server: Server) -> None:
    # 429 and 500 are not billed; what was cut off, garbled or not waited for may have been.
    server.script = [status(429, "", Retry_After="0"), status(500), cut, garbage, stall]
    budget = Budget(max_cost=100, prompt_price=1_000_000, completion_price=0, max_tokens=10**6)
    with client(server, attempts=6, budget=budget) as engine, pytest.raises(BudgetError, match="did not say"):
        engine.complete(["p"], PARAMS)
    most = len("p") + 32
    assert engine.spent.unsure == 3 * most == engine.spent.cost
    assert len(server.seen) == 5


def test_a_server_that_counts_no_tokens_is_charged_the_most(server: Server) -> None:
    server.script = [chooses(text="x")]
    with client(server, budget=Budget(max_tokens=1000)) as engine:
        engine.complete(["p"], PARAMS)
        assert engine.spent.tokens == engine.spent.unsure_tokens == 1 + 32 + 4


def test_no_tokenizer_makes_more_tokens_of_a_text_than_it_has_bytes(server: Server) -> None:
    seen: list[int] = []

    def counted(handler: Handler, body: dict[str, Any]) -> None:
        seen.append(len(body["prompt"].encode()))
        answer(handler, body)

    server.script = [counted]
    with client(server, budget=Budget(max_tokens=44)) as engine:
        engine.complete(["é" * 4], PARAMS)  # 8 bytes, 32 for what may frame it, and 4 to come
        with pytest.raises(BudgetError):
            engine.complete(["é" * 5], PARAMS)
    assert seen == [8]


def test_a_ledger_waits_for_what_is_under_way() -> None:
    ledger = Ledger(Budget(max_tokens=100))
    stop = threading.Event()
    ledger.hold(Most(60, 0), stop)
    second = threading.Thread(target=ledger.hold, args=(Most(60, 0), stop))
    second.start()
    second.join(0.05)
    assert second.is_alive()
    ledger.settle(Most(60, 0), 10, 0)
    second.join(10)
    assert not second.is_alive()
    assert ledger.spent.tokens == 10


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_cost": 1.0}, "needs prices"),
        ({"max_tokens": -1}, "below 0"),
        ({"max_cost": 1.0, "prompt_price": -1.0, "completion_price": 3.0}, "below 0"),
    ],
)
def test_budgets_that_are_none(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(RatchetError, match=said):
        Budget(**settings)


def test_budget_and_log_go_through_the_registry(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    engine = load_engine(f"openai:tiny@{server.url}", budget=Budget(max_tokens=100), request_log=log)
    engine.complete(["p"], PARAMS)
    with pytest.raises(BudgetError):
        engine.complete(["p" * 100], PARAMS)
    assert len(lines(log)) == 1
    with pytest.raises(RatchetError, match="sends no requests"):
        load_engine("hf:nowhere", budget=Budget(max_tokens=100))


@pytest.mark.slow
def test_generate_chats(server: Server, ratchet_command: Path) -> None:
    words = ["generate", "--model", f"openai:tiny@{server.url}", "--chat", "--prompt", "Sort.", "-n", "2"]
    done = subprocess.run([ratchet_command, *words], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["--- 1 of 2 ---", "user:Sort./0", "--- 2 of 2 ---", "user:Sort./1"]
