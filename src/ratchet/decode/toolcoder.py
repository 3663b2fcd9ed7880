"""Completions in which the model may ask an API search tool while it writes (ToolCoder, section 3.4).

A call is `<API>APISearch(query)->answer</API>`, before the code that uses the answer. Decoding
stops once the model has written `<API>APISearch(query)->`; the tool's answer and `</API>` are
put behind that, and decoding goes on. What the paper leaves open is decided here: an empty
answer, or a tool that fails, is put in as it is, so that the model goes on without; a program may
make `MAX_CALLS` calls, at the next one it ends; a query ends with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ratchet.engines.base import Completion, Engine, SamplingParams
from ratchet.runs.seeds import derive

CALL, ANSWERED, CLOSE = "<API>APISearch(", ")->", "</API>"
MAX_CALLS = 8

_OPEN = re.compile(re.escape(CALL) + r"([^\n]*)\Z")
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
    asking = replace(params, stop=(*params.stop, ANSWERED))
    written = [""] * len(prompts)
    left = [params.max_tokens] * len(prompts)
    calls: list[list[tuple[str, str]]] = [[] for _ in prompts]
    made: list[list[Completion]] = [[] for _ in prompts]
    active = list(range(len(prompts)))
    for round_ in range(MAX_CALLS + 1):
        going: list[int] = []
        # One call of the engine for all that have the same room left: mostly all of them at first.
        for room in sorted({left[i] for i in active}, reverse=True):
            alike = [i for i in active if left[i] == room]
            texts = [prompts[i] + written[i] for i in alike]
            drawn = [derive(seeds[i], round_) for i in alike]
            found = engine.complete(texts, replace(asking, max_tokens=room), seeds=drawn)
            for i, completion in zip(alike, found, strict=True):
                made[i].append(completion)
                written[i] += completion.text
                left[i] -= max(1, len(completion.tokens))
                query = _OPEN.search(written[i]) if completion.finish == "stop" else None
                if query is not None and round_ < MAX_CALLS and left[i] > 0:
                    answer = _line(tool(query[1]))
                    calls[i].append((query[1], answer))
                    written[i] += f"{ANSWERED}{answer}{CLOSE}"
                    going.append(i)
        on_done(len(active) - len(going))
        active = going
        if not active:
            break
    return [
        Searched(text, tuple(asked), tuple(completions))
        for text, asked, completions in zip(written, calls, made, strict=True)
    ]


def _line(answer: str) -> str:
    """An answer that cannot be taken for the end of its call."""
    return " ".join(answer.split()).replace(CLOSE, "")
