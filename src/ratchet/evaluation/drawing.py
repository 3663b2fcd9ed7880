"""Samples drawn from an engine: which, in what order, and each by what form of prompt.

What is drawn together is fixed by the evaluation alone and not by what an interrupted one had
done already: a local model's numbers depend a little on what shares its batch, and a resumed
evaluation must give the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from math import fsum
from typing import Any

from ratchet.decode.multiturn import synthesize
from ratchet.decode.toolcoder import complete_with_search
from ratchet.decode.turns import turn_rule
from ratchet.engines.base import Completion, ContextError, Engine, SamplingParams
from ratchet.evaluation.chat import chat_messages
from ratchet.evaluation.records import ToolCall
from ratchet.evaluation.sanitize import program_of
from ratchet.evaluation.settings import MAX_TOKENS, EvalSettings
from ratchet.evaluation.tools import Tool
from ratchet.problems import Benchmark, Problem, Sample
from ratchet.runs.seeds import derive

TOO_LONG = "context"
"""The `finish` of a sample whose prompt did not fit into the model's context: it is empty."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One sample that is to be drawn."""

    benchmark: int
    temperature: int
    """Both by their positions in the evaluation."""
    position: int
    """Of the problem in its benchmark."""
    problem: Problem
    index: int
    """Of the sample among those of its problem and temperature."""
    seed: int
    params: SamplingParams

    @property
    def key(self) -> str:
        """Its name in the journal, without what kind of result it is."""
        return f"{self.benchmark}/{self.temperature}/{self.position}/{self.index}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """What came of a Draw; the fields are those of `ratchet.evaluation.records.SampleRecord`."""

    completion: str
    raw: str
    standalone: bool
    finish: str
    tokens: int
    logprob: float | None
    tool_calls: tuple[ToolCall, ...] = ()

    def sample(self, draw: Draw) -> Sample:
        """It as what is judged."""
        return Sample(draw.problem.id, draw.index, self.completion, self.standalone)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as it is journalled."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Drawn:
        """What `as_dict` wrote."""
        calls = tuple(ToolCall(**call) for call in data["tool_calls"])
        return cls(**{**data, "tool_calls": calls})


def planned(benchmarks: Sequence[Benchmark], settings: EvalSettings) -> list[Draw]:
    """Every sample that the evaluation asks for. A sample's seed depends on nothing but its own name."""
    draws = []
    for number, benchmark in enumerate(benchmarks):
        for place, temperature in enumerate(settings.temperatures):
            for position, problem in enumerate(benchmark.problems):
                params = SamplingParams(
                    settings.max_tokens or problem.max_tokens or MAX_TOKENS,
                    temperature,
                    (settings.top_p or 1.0) if temperature else 1.0,
                    problem.stop,
                )
                for index in range(settings.n):
                    names = (benchmark.name, problem.id, repr(temperature), index)
                    seed = derive(settings.seed, "eval", *names)
                    draws.append(Draw(number, place, position, problem, index, seed, params))
    return draws


def batches(draws: Sequence[Draw], size: int) -> Iterator[list[Draw]]:
    """The draws that are made by one call of the engine, `size` at most.

    They have the same parameters and rules, and prompts of like length. Benchmarks and temperatures
    come in their order.
    """
    for _, group in groupby(draws, key=lambda draw: (draw.benchmark, draw.temperature)):
        by_rules: dict[tuple[SamplingParams, str], list[Draw]] = {}
        for draw in group:
            by_rules.setdefault((draw.params, draw.problem.turn_rule), []).append(draw)
        for alike in by_rules.values():
            alike.sort(key=lambda draw: len(draw.problem.prompt))
            for start in range(0, len(alike), size):
                yield alike[start : start + size]


def draw_all(
    engine: Engine,
    batch: Sequence[Draw],
    on_done: Callable[[int], None],
    *,
    settings: EvalSettings,
    tool: Tool | None = None,
) -> list[Drawn]:
    """Draw one batch, in its order; raises what the engine raises.

    Where something does not fit into the model's context, all are drawn one by one, and
    that which does not fit is empty.
    """
    try:
        return _drawn(engine, batch, settings, tool, on_done)
    except ContextError:
        if len(batch) == 1:
            on_done(1)
            return [Drawn("", "", False, TOO_LONG, 0, None)]
    return [one for draw in batch for one in draw_all(engine, [draw], on_done, settings=settings, tool=tool)]


def in_turns(problem: Problem, settings: EvalSettings) -> bool:
    """Whether this problem is put turn by turn."""
    return settings.form == "completion" and settings.mode == "multi-turn" and len(problem.turns) > 1


def _drawn(
    engine: Engine,
    batch: Sequence[Draw],
    settings: EvalSettings,
    tool: Tool | None,
    on_done: Callable[[int], None],
) -> list[Drawn]:
    params = batch[0].params
    seeds = [draw.seed for draw in batch]
    if settings.form == "chat":
        return _by_chat(engine, batch, params, seeds, on_done)
    found: list[Drawn] = [Drawn("", "", False, "", 0, None)] * len(batch)
    turned = [i for i, draw in enumerate(batch) if in_turns(draw.problem, settings)]
    plain = [i for i in range(len(batch)) if i not in set(turned)]
    if turned:
        requests = [batch[i].problem.turns for i in turned]
        rule = turn_rule(batch[turned[0]].problem.turn_rule, params.stop)
        sessions = synthesize(
            engine,
            requests,
            replace(params, stop=rule.stop),
            kept=rule.kept,
            seeds=[seeds[i] for i in turned],
            on_done=on_done,
        )
        for i, session in zip(turned, sessions, strict=True):
            found[i] = _of(session.completions, session.program, "", standalone=True)
    prompts = [batch[i].problem.prompt for i in plain]
    if plain and tool is not None:
        own = [seeds[i] for i in plain]
        searched = complete_with_search(engine, prompts, params, tool, seeds=own, on_done=on_done)
        for i, one in zip(plain, searched, strict=True):
            drawn = _of(one.completions, one.program, one.text, standalone=False)
            found[i] = replace(drawn, tool_calls=tuple(ToolCall("search", *call) for call in one.calls))
    elif plain:
        completions = engine.complete(prompts, params, seeds=[seeds[i] for i in plain], on_done=on_done)
        for i, completion in zip(plain, completions, strict=True):
            found[i] = _of([completion], completion.text, "", standalone=False)
    return found


def _by_chat(
    engine: Engine,
    batch: Sequence[Draw],
    params: SamplingParams,
    seeds: Sequence[int],
    on_done: Callable[[int], None],
) -> list[Drawn]:
    # Where a completion is cut says nothing of where a reply ends.
    params = replace(params, stop=())
    conversations = [chat_messages(draw.problem) for draw in batch]
    replies = engine.chat(conversations, params, seeds=seeds, on_done=on_done)
    found = []
    for draw, reply in zip(batch, replies, strict=True):
        text, standalone = program_of(reply.text, draw.problem)
        found.append(_of([reply], text, reply.text, standalone=standalone))
    return found


def _of(completions: Sequence[Completion], text: str, raw: str, *, standalone: bool) -> Drawn:
    """What was drawn by these completions, the last of which ended it; `raw` as SampleRecord has it."""
    tokens = sum(len(completion.tokens) or len(completion.logprobs) for completion in completions)
    logprobs = [value for completion in completions for value in completion.logprobs]
    finish = completions[-1].finish if completions else ""
    return Drawn(
        text, "" if raw == text else raw, standalone, finish, tokens, fsum(logprobs) if logprobs else None
    )
