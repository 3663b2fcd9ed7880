"""What waits together is computed together, and nobody pays for another's mistake."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any

import pytest

from ratchet.engines.base import Completion, SamplingParams, ScoredText
from ratchet.errors import RatchetError
from ratchet.serve import Batcher, QueueFull

A, B = SamplingParams(max_tokens=1), SamplingParams(max_tokens=2)


class EchoEngine:
    """Answers with the prompt and its seed. It waits at `gate` before each batch, and keeps the batches."""

    name = "echo"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.busy = threading.Event()
        self.batches: list[list[str]] = []

    def complete(
        self,
        prompts: Sequence[str],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        """One completion per prompt; "bad" is refused, "bug" breaks."""
        self._begin(prompts)
        if "bad" in prompts:
            raise RatchetError("a prompt is bad: mend it.")
        if "bug" in prompts:
            raise KeyError("a bug")
        assert seeds is not None
        return [
            Completion(f"{p}/{s}", (1, 2), (-0.5, -1.0), "end") for p, s in zip(prompts, seeds, strict=True)
        ]

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """One token per text, with no chance at all."""
        self._begin(texts)
        return [ScoredText(((0, len(text)),), (float("-inf"),)) for text in texts]

    def _begin(self, texts: Sequence[str]) -> None:
        self.busy.set()
        assert self.gate.wait(30)
        self.batches.append(list(texts))


def hold(engine: EchoEngine, batcher: Batcher) -> None:
    """Give the engine a first job, at which it stands until the gate is opened."""
    batcher.complete(["first"], A, [0])
    assert engine.busy.wait(10)


def test_what_waits_together_is_one_batch() -> None:
    engine = EchoEngine()
    with Batcher(engine, batch_size=3) as batcher:
        hold(engine, batcher)
        futures: list[Future[Any]] = [
            *batcher.complete(["a1", "a2"], A, [7, 8]),
            *batcher.complete(["b1"], B, [0]),
            *batcher.score(["s1"]),
            *batcher.complete(["a3", "a4"], A, [1, 2]),
            *batcher.complete(["b2"], B, [3]),
        ]
        assert batcher.waiting == 7
        engine.gate.set()
        texts = [getattr(f.result(10), "completion", None) for f in futures]
    assert [t and t.text for t in texts] == ["a1/7", "a2/8", "b1/0", None, "a3/1", "a4/2", "b2/3"]
    assert engine.batches == [["first"], ["a1", "a2", "a3"], ["b1", "b2"], ["s1"], ["a4"]]


def test_a_full_queue_takes_all_or_nothing() -> None:
    engine = EchoEngine()
    with Batcher(engine, queue_size=3) as batcher:
        hold(engine, batcher)
        batcher.complete(["a", "b"], A, [0, 0])
        with pytest.raises(QueueFull):
            batcher.complete(["c", "d"], A, [0, 0])
        assert batcher.waiting == 2
        [last] = batcher.complete(["e"], A, [0])
        engine.gate.set()
        assert last.result(10).completion.text == "e/0"
    assert engine.batches == [["first"], ["a", "b", "e"]]


def test_a_bad_prompt_fails_alone_and_a_bug_ends_nothing() -> None:
    engine = EchoEngine()
    with Batcher(engine) as batcher:
        hold(engine, batcher)
        good, bad, other = batcher.complete(["good", "bad", "other"], A, [0, 1, 2])
        [bug] = batcher.complete(["bug"], B, [0])
        engine.gate.set()
        assert (good.result(10).completion.text, other.result(10).completion.text) == ("good/0", "other/2")
        with pytest.raises(RatchetError, match="a prompt is bad"):
            bad.result(10)
        with pytest.raises(KeyError):
            bug.result(10)
        assert batcher.complete(["later"], B, [4])[0].result(10).completion.text == "later/4"


def test_what_is_cancelled_takes_no_time_of_the_engine() -> None:
    engine = EchoEngine()
    with Batcher(engine) as batcher:
        hold(engine, batcher)
        gone, stays = batcher.complete(["gone", "stays"], A, [0, 0])
        [alone] = batcher.complete(["alone"], B, [0])
        assert gone.cancel()
        assert alone.cancel()
        assert batcher.waiting == 1
        engine.gate.set()
        assert stays.result(10).completion.text == "stays/0"
        with pytest.raises(CancelledError):
            gone.result()
    assert engine.batches == [["first"], ["stays"]]


def test_the_end_answers_what_is_waiting() -> None:
    engine = EchoEngine()
    with Batcher(engine) as batcher:
        hold(engine, batcher)
        futures = batcher.complete(["a", "b"], A, [0, 1])
        threading.Timer(0.05, engine.gate.set).start()
    assert [f.result(0).completion.text for f in futures] == ["a/0", "b/1"]
    with pytest.raises(RuntimeError, match="closed"):
        batcher.complete(["late"], A, [0])


@pytest.mark.parametrize("sizes", [(0, 1), (1, 0)])
def test_sizes_begin_at_one(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Batcher(EchoEngine(), batch_size=sizes[0], queue_size=sizes[1])
