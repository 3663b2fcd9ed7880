"""`ratchet sandbox-server`: the sandbox over HTTP."""

from __future__ import annotations

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option(
    "--slots",
    type=click.IntRange(min=1),
    help="How many programs run at a time.  [default: the usable cores]",
)
@click.option(
    "--queue",
    type=click.IntRange(min=0),
    default=256,
    show_default=True,
    help="How many requests may wait; more are answered with status 429.",
)
@click.option(
    "--time",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=300.0,
    show_default=True,
    help="The longest time limit that a request may set, in seconds.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=16),
    default=4096,
    show_default=True,
    help="The largest memory limit that a request may set, in MiB; also the limit where it sets none.",
)
@click.option(
    "--output",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="How much of a program's stdout and of its stderr is kept at most, in MiB.",
)
@click.option(
    "--body",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="The longest request, in MiB.",
)
@click.option(
    "--walls",
    type=click.Choice(["full", "process"]),
    default="full",
    show_default=True,
    help="How programs are kept in; process: a process of their own, for programs that are trusted.",
)
@click.option(
    "--packages",
    default="none",
    show_default=True,
    metavar="none|any|NAME,...",
    help="Which packages programs in Python may name; what these need comes with them.",
)
def command(
    host: str,
    port: int,
    slots: int | None,
    queue: int,
    seconds: float,
    memory: int,
    output: int,
    body: int,
    walls: str,
    packages: str,
) -> None:
    """Run programs for others, over HTTP.

    Speaks SandboxFusion's POST /run_code and /submit, so that RL frameworks that call it need
    another address and nothing else; Piston's POST /api/v2/execute; and our own POST /verdict
    and /sandbox (for RemoteSandbox). GET /openapi.json describes it, /health says whether it
    takes requests, /metrics is for Prometheus. The address is printed on stdout when it is
    ready. SIGTERM and ctrl-C end it after the last answer, a second ctrl-C at once. There is
    no password: keep to this machine's own address, or put a proxy in front.

    \b
    Examples:
      ratchet sandbox-server
      ratchet sandbox-server --host 0.0.0.0 --slots 32 --queue 2048
      curl http://127.0.0.1:8080/run_code -H 'Content-Type: application/json' \\
        -d '{"code": "print(1 + 1)", "language": "python"}'
      curl http://127.0.0.1:8080/verdict -H 'Content-Type: application/json' \\
        -d '{"problem": {"entry_point": "add", "cases": [{"args": [1, 2], "expected": 3}]},
             "completion": "def add(a, b): return a + b"}'
    """
    from ratchet.sandbox import Walls
    from ratchet.sandbox.packages import PackageSettings
    from ratchet.serve.sandbox import Bounds, serve_sandbox

    settings = None
    if packages != "none":
        names = tuple(name.strip() for name in packages.split(",") if name.strip())
        settings = PackageSettings(allow=None if packages == "any" else names)

    def ready(url: str) -> None:
        click.echo("ratchet: the sandbox is served; ctrl-C ends it", err=True)
        click.echo(url)

    serve_sandbox(
        host=host,
        port=port,
        slots=slots,
        queue_size=queue,
        walls=Walls(walls),
        packages=settings,
        bounds=Bounds(
            wall_s=seconds,
            memory_bytes=memory << 20,
            output_bytes=output << 20,
            body_bytes=body << 20,
        ),
        on_ready=ready,
    )
