"""`ratchet generate`: one prompt, continued."""

from __future__ import annotations

import json
import sys

import click


@click.command()
@click.option("--model", required=True, metavar="SPEC", help="hf:PATH, vllm:NAME or openai:MODEL@URL.")
@click.option("--prompt", default="-", help="The text to continue; - reads it from stdin.  [default: -]")
@click.option("--max-tokens", type=click.IntRange(min=1), default=256, show_default=True)
@click.option(
    "--temperature",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="0 takes the likeliest token each time.",
)
@click.option(
    "--top-p",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="Draw from the likeliest tokens whose probabilities reach this.",
)
@click.option("--stop", multiple=True, help="End before this text; may be given several times.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Decides the draws; the next completions take the next seeds.",
)
@click.option("-n", "count", type=click.IntRange(min=1), default=1, show_default=True, help="How many.")
@click.option("--chat", is_flag=True, help="Put the prompt as a user's message to a model that chats.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per completion.")
def command(
    model: str,
    prompt: str,
    max_tokens: int,
    temperature: float,
    top_p: float,
    stop: tuple[str, ...],
    seed: int,
    count: int,
    chat: bool,
    as_json: bool,
) -> None:
    """Continue one prompt with a model, and print what it writes.

    Several completions (-n) are each printed under a line that numbers them. JSON
    objects have text, finish (stop, end or length), tokens, logprobs and seed.

    \b
    Examples:
      ratchet generate --model hf:runs/first/model --prompt 'def f(xs):'
      ratchet generate --model hf:runs/first/model --temperature 0.8 -n 5 < prompt.txt
      ratchet generate --model openai:tiny@http://localhost:8000/v1 --stop $'\\ndef' --json < prompt.txt
      ratchet generate --model hf:Qwen/Qwen2.5-Coder-0.5B-Instruct --chat --prompt 'Sort a list in Python.'
    """
    from ratchet.engines.base import Message, SamplingParams
    from ratchet.engines.registry import load_engine

    text = sys.stdin.read() if prompt == "-" else prompt
    if not all(stop):
        raise click.BadParameter("an empty text ends everything at once.", param_hint="--stop")
    params = SamplingParams(max_tokens, temperature, top_p, stop)
    seeds = range(seed, seed + count)
    engine = load_engine(model)
    if chat:
        completions = engine.chat([[Message("user", text)]] * count, params, seeds=seeds)
    else:
        completions = engine.complete([text] * count, params, seeds=seeds)
    for i, (its_seed, done) in enumerate(zip(seeds, completions, strict=True), start=1):
        if as_json:
            row = {
                "text": done.text,
                "finish": done.finish,
                "tokens": done.tokens,
                "logprobs": done.logprobs,
                "seed": its_seed,
            }
            click.echo(json.dumps(row, ensure_ascii=False))
        else:
            if count > 1:
                click.echo(f"--- {i} of {count} ---")
            click.echo(done.text)
