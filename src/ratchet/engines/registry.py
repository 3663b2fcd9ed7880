"""Finding an engine by what a person writes: "KIND:WHAT", such as "hf:runs/demo/model".

Another package adds a kind by an entry point, a function from WHAT to an Engine:

    [project.entry-points."ratchet.engines"]
    mine = "my_package.engines:load"
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from ratchet.engines.base import Engine
from ratchet.engines.budget import Budget
from ratchet.errors import RatchetError

ENTRY_POINTS = "ratchet.engines"
"""The entry point group by which another package adds kinds of engines."""

_OURS = {
    "hf": "ratchet.engines.transformers:TransformersEngine.from_spec",
    "openai": "ratchet.engines.openai:OpenAIEngine.from_spec",
    "vllm": "ratchet.engines.vllm:VLLMEngine.from_spec",
}
"""Kind -> where its loader is: imported only when an engine of that kind is asked for."""


def engine_kinds() -> tuple[str, ...]:
    """The kinds that `load_engine` knows, ours and those of installed packages, sorted."""
    return tuple(sorted({*_OURS, *(point.name for point in entry_points(group=ENTRY_POINTS))}))


def load_engine(spec: str, *, budget: Budget | None = None, request_log: str | Path | None = None) -> Engine:
    """The engine that `spec` names.

    "hf:PATH" is a checkpoint folder, or a model of the Hugging Face hub (with options:
    "hf:PATH?device=cpu&dtype=float32&batch_size=16&revision=main"); "vllm:NAME" the same by vLLM;
    "openai:MODEL@URL" is a model behind a server that speaks OpenAI's API. A kind of ours
    cannot be replaced from outside. `budget` and `request_log` are for servers.

    Raises:
        RatchetError: `spec` has no kind that is known, or the engine cannot be loaded.
        ModuleNotFoundError: the kind needs an extra that is not installed.
    """
    kind, colon, what = spec.partition(":")
    loader = _loader(kind) if colon and what else None
    if loader is None:
        raise RatchetError(f'there is no engine "{spec}": {_hint(spec, kind)}')
    settings = {
        name: value for name, value in (("budget", budget), ("request_log", request_log)) if value is not None
    }
    if settings and kind != "openai":
        raise RatchetError(f"{spec} sends no requests: leave the budget and the request log out.")
    engine: Engine = loader.load()(what, **settings)
    return engine


def _loader(kind: str) -> EntryPoint | None:
    if kind in _OURS:
        return EntryPoint(kind, _OURS[kind], ENTRY_POINTS)
    return next(iter(entry_points(group=ENTRY_POINTS, name=kind)), None)


def _hint(spec: str, kind: str) -> str:
    if Path(spec).is_dir():
        return f"did you mean hf:{spec}?"
    kinds = engine_kinds()
    near = get_close_matches(kind, kinds, n=1)
    known = "write hf:PATH for a checkpoint, or openai:MODEL@URL for a server"
    others = [name for name in kinds if name not in _OURS]
    known += f" (or one of {', '.join(others)})" if others else ""
    return f"did you mean {near[0]}:…? {known[0].upper()}{known[1:]}." if near else f"{known}."
