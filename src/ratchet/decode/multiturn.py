"""Multi-turn program synthesis: a request in steps, each answered with the earlier code in view.

CodeGen, section 4: the model gets the first turn and writes a subprogram; the
second turn is put behind it, and so on; the program is all turns and all
subprograms in order. Many sessions go side by side: turn i of all of them is one
batch for the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ratchet.engines.base import Completion, Engine, SamplingParams
from ratchet.runs.seeds import derive


@dataclass(frozen=True, slots=True)
class Session:
    """A finished session: turns and the subprograms that answered them, in order."""

    turns: tuple[str, ...]
    subprograms: tuple[str, ...]
    completions: tuple[Completion, ...] = ()
    """What the engine wrote for each turn, of which the subprogram is what was kept."""

    @property
    def program(self) -> str:
        """The whole program: every turn followed by its subprogram."""
        return "".join(t + s for t, s in zip(self.turns, self.subprograms, strict=True))

    @property
    def turn_spans(self) -> tuple[tuple[int, int], ...]:
        """Where each turn's text stands in `program` (characters, end excluded)."""
        spans: list[tuple[int, int]] = []
        at = 0
        for turn, subprogram in zip(self.turns, self.subprograms, strict=True):
            spans.append((at, at + len(turn)))
            at += len(turn) + len(subprogram)
        return tuple(spans)


def synthesize(
    engine: Engine,
    requests: Sequence[Sequence[str]],
    params: SamplingParams,
    *,
    turn_start: str = "",
    contexts: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    on_done: Callable[[int], None] = lambda _: None,
    kept: Callable[[Completion], str] = lambda completion: completion.text,
) -> list[Session]:
    """Answer every request turn by turn.

    A subprogram ends where the model begins a turn of its own, that is, before
    the first `turn_start` (CodeGen cuts at a line that begins a comment), or where
    `params` ends it; what is `kept` of that goes on. `contexts[i]` stands before
    session i and is not part of its program. `seeds[i]` decides the draws of session i.
    `on_done` is told how many sessions ended.
    """
    contexts = [""] * len(requests) if contexts is None else contexts
    seeds = range(len(requests)) if seeds is None else seeds
    if turn_start:
        params = replace(params, stop=(*params.stop, turn_start))
    written: list[list[str]] = [[] for _ in requests]
    completions: list[list[Completion]] = [[] for _ in requests]
    texts = list(contexts)
    for turn in range(max(map(len, requests), default=0)):
        open_ones = [i for i, request in enumerate(requests) if turn < len(request)]
        for i in open_ones:
            texts[i] += requests[i][turn]
        answers = engine.complete(
            [texts[i] for i in open_ones], params, seeds=[derive(seeds[i], turn) for i in open_ones]
        )
        for i, answer in zip(open_ones, answers, strict=True):
            completions[i].append(answer)
            written[i].append(kept(answer))
            texts[i] += written[i][-1]
        on_done(sum(len(requests[i]) == turn + 1 for i in open_ones))
    return [
        Session(tuple(request), tuple(subprograms), tuple(made))
        for request, subprograms, made in zip(requests, written, completions, strict=True)
    ]
