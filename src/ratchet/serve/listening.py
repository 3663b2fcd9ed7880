"""Running an application over HTTP: bind, say the address, serve, and end without dropping anybody."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from ratchet.errors import RatchetError


def bound(host: str, port: int) -> socket.socket:
    """A socket that has its address and does not listen yet; port 0 takes a free one.

    Raises:
        RatchetError: the address cannot be had.
    """
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


def address(host: str, socket_there: socket.socket) -> str:
    """How clients name it."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{socket_there.getsockname()[1]}"


def run(
    app: Starlette,
    socket_there: socket.socket,
    *,
    on_ready: Callable[[], None],
    on_end: Callable[[], None] = lambda: None,
    backlog: int = 2048,
) -> None:
    """Serve `app` until SIGTERM or ctrl-C; what was asked before is answered, a second one ends at once.

    `on_ready` is called once requests are answered, `on_end` when no more are accepted.
    """
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
        backlog=backlog,
    )
    server = _Server(config, on_ready, on_end)
    with _signals_end(server):
        server.run(sockets=[socket_there])


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], on_end: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_end = on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_end()
        await super().shutdown(sockets)


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
