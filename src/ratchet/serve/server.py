"""`ratchet serve`: a model behind OpenAI's API, from its address to its last answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from ratchet.engines.base import Engine
from ratchet.engines.registry import load_engine
from ratchet.serve.listening import address, bound, run
from ratchet.serve.openai import completions_app


def serve(
    model: str | Engine,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    name: str | None = None,
    batch_size: int = 64,
    queue_size: int = 256,
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve an engine, or the one that the text `model` names, by OpenAI's API until a signal ends it.

    Port 0 takes a free one. `on_ready` is told the address (with /v1) once requests
    are answered. After SIGTERM or ctrl-C no connection is accepted, and what was
    asked before is answered; a second ctrl-C ends at once. There is no password:
    on another address than this machine's own, everyone who reaches it may use it.
    The other arguments are those of `completions_app`.

    Raises:
        RatchetError: the address cannot be had, or the model cannot be loaded.
    """
    # Before the model is loaded, which may take minutes: a taken port should be told at once.
    with closing(bound(host, port)) as there:
        engine = load_engine(model) if isinstance(model, str) else model
        app = completions_app(engine, name=name, batch_size=batch_size, queue_size=queue_size)
        run(app, there, on_ready=lambda: on_ready(f"{address(host, there)}/v1"))
