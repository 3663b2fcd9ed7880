"""Completions in which the model may ask an API search tool while it writes (ToolCoder, section 3.4).

A call is `<API>APISearch(query)->answer</API>`, before the code that uses the answer. Decoding
stops once the model has written `<API>APISearch(query)->`; the tool's answer and `</API>` are
put behind that, and decoding goes on. What the paper leaves open is decided here: an empty
answer is put in as it is, so that the model goes on without; a program may make `MAX_CALLS`
calls, at the next one it ends; a query ends with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from ratchet.engines.base import Completion, Engine, SamplingParams
from ratchet.runs.seeds import derive

CALL, ANSWERED, CLOSE = "<API>APISearch(", ")->", "</API>"
MAX_CALLS = 8

_OPEN = re.compile(re.escape(CALL) + r"((?:(?!\)->)[^\n])*)\Z")
_SPAN = re.compile(re.escape(CALL) + r"[^\n]*?" + re.escape(ANSWERED) + r"[^\n]*?" + re.escape(CLOSE))

Tool = Callable[[str], str]
"""From a query to its answer, a name of an API; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A finished completion: as it was written, and the questions in it with their answers."""

    text: str
    calls: tuple[tuple[str, str], ...]
    completions: tuple[Completion, ...]

    @property
    def program(self) -> str:
        """The text without its calls."""
        return without_calls(self.text)


def without_calls(text: str) -> str:
    """`text` less every `<API>…</API>` span, and less a call at its end that was never answered."""
    return _OPEN.sub("", _SPAN.sub("", text))


def complete_with_search(
    engine: Engine,
    prompts: Sequence[str],
    params: SamplingParams,
    tool: Tool,
    *,
    seeds: Sequence[int] | None = None,
    on_done: Callable[[int], None] = lambda _: None,
) -> list[Searched]:
    """Continue every prompt, answering its questions to `tool`; all that ask go on together.

    `params.max_tokens` holds for what the model writes of a completion in all. `seeds[i]` decides
    the draws of prompt i.
    """
    seeds = range(len(prompts)) if seeds is None else seeds
    written = [""] * len(prompts)
    left = [params.max_tokens] * len(prompts)
    calls: list[list[tuple[str, str]]] = [[] for _ in prompts]
    made: list[list[Completion]] = [[] for _ in prompts]
    active = list(range(len(prompts)))
    # An engine that does not say which stop string ended a text is asked for the arrow alone.
    asking = replace(params, stop=(*params.stop, ANSWERED))
    arrow_only = replace(params, stop=(ANSWERED,))
    for part in count():
        going: list[int] = []
        # One call of the engine for all that have the same room left: mostly all of them at first.
        for room in sorted({left[i] for i in active}, reverse=True):
            alike = [i for i in active if left[i] == room]
            texts = [prompts[i] + written[i] for i in alike]
            own = [derive(seeds[i], part) for i in alike]
            found = engine.complete(texts, replace(asking, max_tokens=room), seeds=own)
            unclear = [n for n, one in enumerate(found) if one.finish == "stop" and one.stop is None]
            if unclear:
                again = replace(arrow_only, max_tokens=room)
                redone = engine.complete([texts[n] for n in unclear], again, seeds=[own[n] for n in unclear])
                for n, one in zip(unclear, redone, strict=True):
                    found[n] = _before_stops(one, params.stop)
            for i, one in zip(alike, found, strict=True):
                made[i].append(one)
                written[i] += one.text
                left[i] -= max(1, len(one.tokens))
                if one.stop != ANSWERED:
                    continue
                query = _OPEN.search(written[i])
                if query is None:  # an arrow of the program's own
                    written[i] += ANSWERED
                elif len(calls[i]) == MAX_CALLS:
                    continue
                else:
                    answer = _line(tool(query[1]))
                    calls[i].append((query[1], answer))
                    written[i] += f"{ANSWERED}{answer}{CLOSE}"
                if left[i] > 0:
                    going.append(i)
        on_done(len(active) - len(going))
        active = going
        if not active:
            break
    return [
        Searched(text, tuple(asked), tuple(completions))
        for text, asked, completions in zip(written, calls, made, strict=True)
    ]


def _before_stops(completion: Completion, stops: Sequence[str]) -> Completion:
    cuts = [at for at in map(completion.text.find, stops) if at >= 0]
    if cuts:
        return replace(completion, text=completion.text[: min(cuts)], finish="stop", stop=None)
    return replace(completion, stop=ANSWERED if completion.finish == "stop" else None)


def _line(answer: str) -> str:
    """An answer that cannot be taken for the end of its call."""
    return " ".join(answer.split()).replace(CLOSE, "")
