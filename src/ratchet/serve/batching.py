"""One thread for one engine: what waits together is computed together.

The thread takes the oldest job and, with it, those of the others that can share
its batch: the same sampling parameters, or all to be scored. A job is one prompt.
One that fails does so alone: a batch that fails is tried again in halves.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, runtime_checkable

from ratchet.engines.base import Completion, Engine, SamplingParams, ScoredText
from ratchet.errors import RatchetError


class QueueFull(Exception):
    """There is no room for these jobs now."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A completion, and how many tokens its prompt has (None where the engine has no tokenizer)."""

    completion: Completion
    prompt_tokens: int | None


@runtime_checkable
class _HasTokenizer(Protocol):
    """An engine that shows its tokenizer, as that for transformers does."""

    tokenizer: Any


@dataclass(slots=True, eq=False)
class _Job:
    text: str
    params: SamplingParams | None
    """None: to be scored."""
    seed: int = 0
    future: Future[Any] = field(default_factory=Future)


class Batcher:
    """Runs an engine in a thread of its own, for callers in many others.

    with Batcher(engine) as batcher:
        [future] = batcher.complete(["def f(xs):\\n"], SamplingParams(), [0])
        future.result().completion.text

    A future that is cancelled before its job began takes no time of the engine.
    """

    def __init__(self, engine: Engine, *, batch_size: int = 64, queue_size: int = 256) -> None:
        """At most `batch_size` prompts are computed at once, and at most `queue_size` wait."""
        if min(batch_size, queue_size) < 1:
            raise ValueError("a batch and a queue hold at least one prompt")
        self.queue_size = queue_size
        self._engine = engine
        self._batch_size = batch_size
        self._waiting: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        # A daemon: a process that is made to end at once does not wait for the engine.
        self._thread = threading.Thread(target=self._work, name="ratchet-engine", daemon=True)

    def __enter__(self) -> Batcher:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Answer what is waiting, and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    @property
    def waiting(self) -> int:
        """Prompts that wait; those being computed, and those cancelled, are not among them."""
        with self._changed:
            self._forget_cancelled()
            return len(self._waiting)

    def complete(
        self, prompts: Sequence[str], params: SamplingParams, seeds: Sequence[int]
    ) -> list[Future[Answer]]:
        """The completions to come, in the order of the prompts. All are taken, or none.

        Raises:
            QueueFull: there is no room for all of them.
            RuntimeError: this Batcher is closed.
        """
        return self._submit([_Job(p, params, s) for p, s in zip(prompts, seeds, strict=True)])

    def score(self, texts: Sequence[str]) -> list[Future[ScoredText]]:
        """The scored texts to come, in their order; errors as for `complete`."""
        return self._submit([_Job(text, None) for text in texts])

    def _submit(self, jobs: list[_Job]) -> list[Future[Any]]:
        with self._changed:
            if self._closing:
                raise RuntimeError("this Batcher is closed")
            self._forget_cancelled()
            if len(self._waiting) + len(jobs) > self.queue_size:
                raise QueueFull
            self._waiting.extend(jobs)
            self._changed.notify()
        return [job.future for job in jobs]

    def _forget_cancelled(self) -> None:
        self._waiting = deque(job for job in self._waiting if not job.future.cancelled())

    def _work(self) -> None:
        while batch := self._next_batch():
            self._run([job for job in batch if job.future.set_running_or_notify_cancel()])

    def _next_batch(self) -> list[_Job]:
        """The oldest job and those that can go with it; empty when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            batch: list[_Job] = []
            others: deque[_Job] = deque()
            for job in self._waiting:
                fits = len(batch) < self._batch_size and (not batch or job.params == batch[0].params)
                (batch if fits else others).append(job)
            self._waiting = others
            return batch

    def _run(self, batch: list[_Job]) -> None:
        if not batch:
            return
        try:
            answers = self._answers(batch)
        except RatchetError as error:
            if len(batch) == 1:
                batch[0].future.set_exception(error)
            else:
                middle = len(batch) // 2
                self._run(batch[:middle])
                self._run(batch[middle:])
        except Exception as error:
            # A bug: whoever waits for these answers shows it with its traceback.
            for job in batch:
                job.future.set_exception(error)
        else:
            for job, answer in zip(batch, answers, strict=True):
                job.future.set_result(answer)

    def _answers(self, batch: list[_Job]) -> Sequence[Answer | ScoredText]:
        texts, params = [job.text for job in batch], batch[0].params
        if params is None:
            return self._engine.score(texts)
        done = self._engine.complete(texts, params, seeds=[job.seed for job in batch])
        counts: list[int | None] = [None] * len(texts)
        if isinstance(self._engine, _HasTokenizer):
            # Here and not in the caller's thread: a tokenizer serves one thread at a time.
            found = self._engine.tokenizer(texts, add_special_tokens=False)
            counts = [len(ids) for ids in found["input_ids"]]
        return [Answer(completion, count) for completion, count in zip(done, counts, strict=True)]
