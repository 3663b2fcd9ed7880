"""Running the API: bind, load, say the address, serve, and end without dropping anybody."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import uvicorn

from ratchet.engines.base import Engine
from ratchet.engines.registry import load_engine
from ratchet.errors import RatchetError
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
    with closing(_bound(host, port)) as bound:
        engine = load_engine(model) if isinstance(model, str) else model
        app = completions_app(engine, name=name, batch_size=batch_size, queue_size=queue_size)
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
        shown = f"[{host}]" if ":" in host else host
        server = _Server(config, lambda: on_ready(f"http://{shown}:{bound.getsockname()[1]}/v1"))
        with _signals_end(server):
            server.run(sockets=[bound])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def _bound(host: str, port: int) -> socket.socket:
    """A socket that has its address and does not listen yet."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise RatchetError(
            f"port {port} of {host} cannot be had ({error.strerror or error}): take another by --port, "
            "or 0 for any that is free."
        ) from error
    return found


@contextmanager
def _signals_end(server: uvicorn.Server) -> Iterator[None]:
    """For as long as this lasts, SIGTERM and SIGINT end the server and not the process.

    uvicorn handles them itself while it runs. This is for the moments before, and
    for when it is done: it then sends itself once more what it had handled.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_: object) -> None:
        server.should_exit = True

    before = {sig: signal.signal(sig, end) for sig in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for sig, handler in before.items():
            signal.signal(sig, handler)
