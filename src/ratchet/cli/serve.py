"""`ratchet serve`: a model behind OpenAI's API."""

from __future__ import annotations

import click


@click.command()
@click.argument("model")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option("--name", help="What clients call the model.  [default: the engine's name]")
@click.option(
    "--queue",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    help="How many prompts may wait; more are answered with status 429.",
)
def command(model: str, host: str, port: int, name: str | None, queue: int) -> None:
    """Serve a model over HTTP, by OpenAI's API.

    MODEL is hf:PATH (a checkpoint folder, or a model of the Hugging Face hub) or
    openai:MODEL@URL. Answers GET /v1/models, POST /v1/completions and GET /health;
    requests that wait are computed together. The address is printed on stdout when it
    is ready. SIGTERM and ctrl-C end it after the last answer. There is no password:
    keep to this machine's own address where others must not use it.

    \b
    Examples:
      ratchet serve hf:runs/first/model
      ratchet serve hf:runs/first/model --port 0 --name tiny
      curl http://127.0.0.1:8000/v1/completions -H 'Content-Type: application/json' \\
        -d '{"model": "tiny", "prompt": "def f(xs):\\n", "max_tokens": 32}'
      ratchet generate --model openai:tiny@http://127.0.0.1:8000/v1 --prompt 'def f(xs):'
    """
    from ratchet.serve import serve

    def ready(url: str) -> None:
        click.echo(f"ratchet: {name or model} is served; ctrl-C ends it", err=True)
        click.echo(url)

    serve(model, host=host, port=port, name=name, queue_size=queue, on_ready=ready)
