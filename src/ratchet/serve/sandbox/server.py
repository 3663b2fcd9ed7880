"""`ratchet sandbox-server`: from the address to the last answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from ratchet.sandbox import LocalSandbox, Walls
from ratchet.sandbox.packages import PackageSettings
from ratchet.serve.listening import address, bound, run
from ratchet.serve.sandbox.app import sandbox_app
from ratchet.serve.sandbox.guarded import Bounds
from ratchet.serve.sandbox.heap import trimmed


def serve_sandbox(
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    slots: int | None = None,
    queue_size: int = 256,
    walls: Walls = Walls.FULL,
    packages: PackageSettings | None = None,
    bounds: Bounds = Bounds(),  # noqa: B008 - frozen
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Run programs for whoever reaches the address, until a signal ends it.

    Port 0 takes a free one. `slots`: how many programs run at a time; None: as many as there
    are usable cores. `packages`: what programs may name; None: nothing. `on_ready` is told the
    address once requests are answered. After SIGTERM or ctrl-C no connection is accepted, and
    what was asked before is answered; a second ctrl-C ends at once. There is no password.

    Raises:
        RatchetError: the address cannot be had, or the kernel does not permit the walls.
    """
    with (
        trimmed(),
        closing(bound(host, port)) as there,
        LocalSandbox(slots=slots, walls=walls, packages=packages) as sandbox,
    ):
        app = sandbox_app(sandbox, queue_size=queue_size, bounds=bounds)
        run(app, there, on_ready=lambda: on_ready(address(host, there)), on_end=app.state.drain)
