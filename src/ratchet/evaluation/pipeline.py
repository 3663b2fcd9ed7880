"""Drawing and judging at the same time: the sandbox works while the model writes.

Threads draw, threads judge, and the caller's own thread alone writes the journal. What
was drawn together is recorded together; verdicts are recorded a few at a time.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ratchet.evaluation import journal
from ratchet.evaluation.drawing import Draw, Drawn
from ratchet.judge import OracleMode, Verdict, judge
from ratchet.judge.hearing import Together
from ratchet.judge.judging import was_kept_waiting
from ratchet.judge.load import patience as patience_now
from ratchet.judge.workers import Workers
from ratchet.runs import Progress, Run
from ratchet.sandbox import Sandbox
from ratchet.sandbox.types import Limits

_COMMIT_EVERY_S = 0.2

Batch = Sequence[Draw]
DrawBatch = Callable[[Batch, Callable[[int], None]], list[Drawn]]


@dataclass(frozen=True, slots=True)
class _WasDrawn:
    batch: Batch
    drawn: list[Drawn]


@dataclass(frozen=True, slots=True)
class _WasJudged:
    draw: Draw
    future: Future[Verdict]


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


_Event = _WasDrawn | _WasJudged | _Failed


@dataclass(slots=True)
class Pipeline:
    """What is to be drawn and judged, and what came of it by now.

    `limits` are those of each benchmark, by its position. Problems whose tests turn out not to be
    splittable where they must be are in `refused`, by (position of the benchmark, problem id).
    """

    run: Run
    sandbox: Sandbox
    limits: Sequence[Limits]
    oracle: OracleMode
    progress: Progress
    drawn: dict[str, Drawn]
    verdicts: dict[str, Verdict]
    refused: dict[tuple[int, str], str] = field(default_factory=dict)
    _events: queue.SimpleQueue[_Event] = field(default_factory=queue.SimpleQueue)
    _pending: list[tuple[str, Any]] = field(default_factory=list)
    _again: list[Draw] = field(default_factory=list)

    def go(self, batches: Iterable[Batch], draw: DrawBatch, threads: int) -> None:
        """Draw the batches by so many `threads`, and judge; returns when there is a verdict on everything.

        Raises the first error of drawing or judging; what was drawn by then is in the journal.
        """
        rest: deque[Batch] = deque()
        todo: list[Draw] = []
        ready: list[Draw] = []
        for batch in batches:
            unjudged = [each for each in batch if each.key not in self.verdicts]
            todo += unjudged
            if all(each.key in self.drawn for each in batch):
                ready += unjudged
            else:
                rest.append(batch)
        if self.drawn:
            self.progress.say(f"{len(self.drawn):,} samples were drawn before, {len(self.verdicts):,} judged")
        drawing = self.progress.task("drawing", total=sum(map(len, rest)), unit="samples")
        judging = self.progress.task("judging", total=len(todo), unit="samples")
        stop = threading.Event()
        work = partial(self._draw, rest, draw, drawing.advance, stop)
        drawers = [threading.Thread(target=work, daemon=True) for _ in range(min(threads, len(rest)))]
        for thread in drawers:
            thread.start()
        left, passed = len(todo), 0
        try:
            with Workers[Verdict](self.sandbox.slots) as workers:
                self._submit(workers, ready)
                due = time.monotonic() + _COMMIT_EVERY_S
                while left:
                    event = self._next(due)
                    if isinstance(event, _WasDrawn):
                        self._take(event)
                        self._submit(workers, event.batch)
                    elif isinstance(event, _WasJudged):
                        left -= 1
                        passed += self._judged(event)
                        judging.advance()
                        judging.info(f"{passed:,} passed")
                    elif event is not None:
                        stop.set()
                        self._take_what_is_under_way(drawers)
                        raise event.error
                    if time.monotonic() >= due:
                        self._commit()
                        due = time.monotonic() + _COMMIT_EVERY_S
        finally:
            stop.set()
            self._commit()
        drawing.finish()
        for each in self._again:
            self._record(each, self._verdict(each, patience=patience_now()))
            self._commit()
        judging.finish(f"{sum(verdict.passed for verdict in self.verdicts.values()):,} passed")

    def _draw(
        self, rest: deque[Batch], draw: DrawBatch, advance: Callable[[float], None], stop: threading.Event
    ) -> None:
        while not stop.is_set():
            try:
                batch = rest.popleft()
            except IndexError:
                return
            try:
                self._events.put(_WasDrawn(batch, draw(batch, advance)))
            except BaseException as error:
                self._events.put(_Failed(error))
                return

    def _next(self, due: float) -> _Event | None:
        """What happened next, or nothing by that moment while something waits to be recorded."""
        if not self._pending:
            return self._events.get()
        try:
            return self._events.get(timeout=max(0.0, due - time.monotonic()))
        except queue.Empty:
            return None

    def _take(self, event: _WasDrawn) -> None:
        pairs = zip(event.batch, event.drawn, strict=True)
        found = {each.key: drawn for each, drawn in pairs if each.key not in self.drawn}
        self.run.record_many((f"{journal.DRAWN}{key}", drawn.as_dict()) for key, drawn in found.items())
        self.drawn |= found

    def _take_what_is_under_way(self, drawers: Iterable[threading.Thread]) -> None:
        """Wait for what the other threads are drawing: it may have been paid for."""
        for thread in drawers:
            thread.join()
        while not self._events.empty():
            event = self._events.get()
            if isinstance(event, _WasDrawn):
                self._take(event)

    def _submit(self, workers: Workers[Verdict], batch: Iterable[Draw]) -> None:
        for each in batch:
            if each.key not in self.verdicts:
                future = workers.submit(partial(self._verdict, each))
                future.add_done_callback(partial(self._tell, each))

    def _tell(self, each: Draw, future: Future[Verdict]) -> None:
        self._events.put(_WasJudged(each, future))

    def _verdict(self, each: Draw, patience: float = 1.0) -> Verdict:
        sample = self.drawn[each.key].sample(each)
        limits = self.limits[each.benchmark]
        return judge(each.problem, sample, self.sandbox, limits, oracle=self.oracle, patience=patience)

    def _judged(self, event: _WasJudged) -> bool:
        """Take a verdict, unless it is to be tried again; whether it passed."""
        try:
            verdict = event.future.result()
        except Together as error:
            self.refused[event.draw.benchmark, event.draw.problem.id] = error.reason
            return False
        if was_kept_waiting(verdict, self.limits[event.draw.benchmark]):
            self._again.append(event.draw)
            return False
        self._record(event.draw, verdict)
        return verdict.passed

    def _record(self, each: Draw, verdict: Verdict) -> None:
        self.verdicts[each.key] = verdict
        self._pending.append((f"{journal.VERDICT}{each.key}", verdict.as_dict()))

    def _commit(self) -> None:
        if self._pending:
            self.run.record_many(self._pending)
            self._pending = []
