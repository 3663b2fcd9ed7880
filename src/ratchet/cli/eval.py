"""`ratchet eval`: a model on benchmarks."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ratchet.cli.options import Numbers

if TYPE_CHECKING:
    from rich.console import Console

    from ratchet.evaluation.evaluate import EvalResult
    from ratchet.evaluation.results import Figures
    from ratchet.judge import PassAtK

_SHOWN = 6


@click.command()
@click.argument("benchmarks", nargs=-1, required=True, metavar="BENCHMARK...")
@click.option(
    "--model", required=True, metavar="SPEC", help="hf:PATH_OR_NAME, vllm:NAME or openai:MODEL@URL."
)
@click.option("-n", "--samples", "n", type=int, default=1, show_default=True, help="Samples of each problem.")
@click.option(
    "--temperature",
    "temperatures",
    type=Numbers(float, "0.2,0.6,0.8"),
    help="One or more, each with -n samples.  [default: 0 for one sample, 0.2 for more]",
)
@click.option("--top-p", type=float, help="Of nucleus sampling.  [default: 0.95 above temperature 0]")
@click.option(
    "--max-tokens", type=int, help="Of a completion, or a turn's.  [default: the problem's own, or 512]"
)
@click.option(
    "--k", "ks", type=Numbers(int, "1,10,100"), help="The k of pass@k.  [default: those of 1,10,100 up to -n]"
)
@click.option("--limit", type=int, help="Only the first so many problems of each benchmark.")
@click.option(
    "--mode",
    type=click.Choice(["multi-turn", "single-turn"]),
    default="multi-turn",
    show_default=True,
    help="How problems of several turns are put.",
)
@click.option(
    "--form",
    type=click.Choice(["completion", "chat"]),
    default="completion",
    show_default=True,
    help="A text to be continued (base models), or a request in a conversation (instructed ones).",
)
@click.option(
    "--tools",
    multiple=True,
    metavar="search:SOURCE",
    help="An API search that the model may ask while it writes; may be given several times.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Decides all that is drawn.")
@click.option(
    "--perplexity/--no-perplexity",
    default=None,
    help="Score the prompts too.  [default: for models on this machine]",
)
@click.option("--out", type=click.Path(path_type=Path), help="The Run's directory.  [default: runs/eval-...]")
@click.option("--resume", is_flag=True, help="Go on with the Run in --out; nothing is drawn or judged twice.")
@click.option(
    "--oracle",
    type=click.Choice(["auto", "split", "in-process"]),
    default="auto",
    show_default=True,
    help="Where the tests run, as for `ratchet score`.",
)
@click.option("--walls", type=click.Choice(["full", "process"]), default="full", show_default=True)
@click.option(
    "--timeout", type=float, help="Seconds for a sample with all its tests.  [default: the benchmark's]"
)
@click.option(
    "--memory", type=int, metavar="MB", help="MiB of memory for a sample.  [default: the benchmark's]"
)
@click.option("--jobs", type=int, help="Samples judged at once.  [default: one per core]")
@click.option(
    "--max-cost",
    type=float,
    help="What this session may spend, in the money of --prices; a request that could exceed it is not sent.",
)
@click.option(
    "--prices",
    type=Numbers(float, "0.15,0.6"),
    metavar="IN,OUT",
    help="What a million tokens of prompts, and of completions, cost.",
)
@click.option(
    "--request-log",
    type=click.Path(path_type=Path),
    help="A file that gets a line per request to a server; without keys.",
)
@click.option("--quiet", is_flag=True, help="No progress on stderr.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, and nothing else there.")
def command(
    benchmarks: tuple[str, ...],
    model: str,
    out: Path | None,
    resume: bool,
    jobs: int | None,
    quiet: bool,
    as_json: bool,
    ks: tuple[int, ...] | None,
    temperatures: tuple[float, ...] | None,
    memory: int | None,
    max_cost: float | None,
    prices: tuple[float, ...] | None,
    request_log: Path | None,
    **others: Any,
) -> None:
    """Draw samples of benchmarks from a model, judge them meanwhile, and print pass@k.

    BENCHMARK is a name (`ratchet benchmarks` lists them) or a file of problems in HumanEval's
    JSONL format. Every sample and verdict is journalled in the Run: after a crash or ctrl-C,
    --out RUN --resume goes on, and ends with the same figures.

    \b
    Examples:
      ratchet eval humaneval --model hf:runs/first/model
      ratchet eval humaneval+ mbpp+ --model openai:qwen@http://localhost:8000/v1 --form chat
      ratchet eval humaneval --model hf:codegen -n 200 --temperature 0.2,0.6,0.8 --out runs/codegen
      ratchet eval mtpb --model hf:codegen -n 40 --mode single-turn
      ratchet eval numpyeval --model hf:toolcoder --tools search:numpy --limit 20 --json
      ratchet eval mbpp --model openai:m@https://api.example/v1 --form chat --prices 0.15,0.6 --max-cost 2
    """
    from ratchet.engines.budget import Budget
    from ratchet.engines.registry import load_engine
    from ratchet.evaluation.evaluate import evaluate
    from ratchet.evaluation.settings import EvalSettings

    budget = None
    if max_cost is not None or prices is not None:
        if prices is None or len(prices) != 2:
            raise click.UsageError("--max-cost needs --prices IN,OUT: what a million tokens of each cost.")
        budget = Budget(max_cost, *prices)
    settings = EvalSettings(temperatures=temperatures or (), k=ks, memory_mb=memory, **others).checked()
    words = [word for word in sys.argv[1:] if word != "--resume"]
    again = ["ratchet", *words, *([] if out else ["--out", "{run}"]), "--resume"]
    result = evaluate(
        benchmarks,
        load_engine(model, budget=budget, request_log=request_log),
        settings,
        out=out,
        resume=resume,
        resume_command=shlex.join(again).replace("'{run}'", "{run}"),
        jobs=jobs,
        quiet=quiet,
    )
    if as_json:
        click.echo(json.dumps(result.as_dict()))
    else:
        _print(result)


def _print(result: EvalResult) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True, markup=False)
    for one in result.figures:
        _print_figures(console, one)
    if result.best:
        console.print("the best temperature of each k, chosen on these very samples:")
        for row in result.best:
            found = f"pass@{row['k']} {row['mean']:.3f} at temperature {row['temperature']:g}"
            console.print(f"  {row['benchmark']}: {found}")
    for note in result.notes:
        console.print(note)
    console.print(f"samples with their verdicts: {result.run}/samples.jsonl")


def _print_figures(console: Console, one: Figures) -> None:
    from rich.table import Table

    problems = "1 problem" if one.problems == 1 else f"{one.problems:,} problems"
    title = (
        f"{one.benchmark} ({one.rules} rules): {problems}, {one.samples:,} samples, T = {one.temperature:g}"
    )
    table = Table(title=title)
    for name in ("", "estimate", "95 % interval over problems"):
        table.add_column(name, justify="left" if not name else "right")
    rows = [
        ("", one.pass_at),
        (" without broken problems", one.sound_pass_at),
        (" on the original inputs", one.base_pass_at),
    ]
    for words, pass_at in rows:
        for row in pass_at:
            table.add_row(f"pass@{row.k}{words}", f"{row.mean:.3f}", _interval(row))
    console.print(table)
    console.print(", ".join(f"{count:,} {status}" for status, count in one.counts.items() if count))
    if one.categories:
        kinds = list(one.categories.items())
        said = ", ".join(f"{count:,} {kind}" for kind, count in kinds[:_SHOWN])
        console.print(f"of those that did not pass: {said}{', …' if len(kinds) > _SHOWN else ''}")
    judged = one.oracles.split + one.oracles.in_process_samples
    console.print(f"tests in a process of their own: {one.oracles.split:,} of {judged:,} samples")
    if one.oracles.refused:
        console.print(
            f"not judged, as their tests cannot be kept apart: {len(one.oracles.refused):,} problems"
        )
    if one.left_out_k:
        console.print(f"{', '.join(f'pass@{k}' for k in one.left_out_k)} left out: too few samples")
    for label, values in one.by_label.items():
        if len(values) <= 4 * _SHOWN:
            said = ", ".join(
                f"{value} {part.passed:.3f} ({part.problems:,})" for value, part in values.items()
            )
            console.print(f"passed by {label} (of so many problems): {said}")
    if one.turns is not None:
        levels = one.turns.by_difficulty.items()
        said = ", ".join(f"{level} {rate.pass_rate:.3f} ({rate.problems:,})" for level, rate in levels)
        console.print(f"passed by difficulty, as these samples had it: {said}")
    if one.understanding is not None:
        known = one.understanding.as_dict()
        console.print(f"prompt perplexity: {_group(known['passed'])} solved, {_group(known['failed'])} not")
    for note in one.notes:
        console.print(f"note: {note}")


def _interval(row: PassAtK) -> str:
    return "one problem: none" if row.low is None else f"{row.low:.3f} – {row.high:.3f}"


def _group(group: Mapping[str, Any]) -> str:
    if group["mean"] is None:
        return "none"
    error = "" if group["standard_error"] is None else f" ± {group['standard_error']:.2f}"
    return f"{group['mean']:.2f}{error} ({group['problems']:,})"
