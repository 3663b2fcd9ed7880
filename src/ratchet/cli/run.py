"""`ratchet run`: run one program in the jail, and say how it ended."""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click

from ratchet.errors import RatchetError

if TYPE_CHECKING:
    from ratchet.sandbox.types import Outcome


@click.command()
@click.argument("file")
@click.option("--language", metavar="NAME", help="Its language.  [default: by FILE's extension or #! line]")
@click.option(
    "--stdin",
    metavar="TEXT|@FILE|-",
    help="Its standard input: a text, a file's, or our own.  [default: none]",
)
@click.option(
    "--arg", "arguments", multiple=True, metavar="TEXT", help="An argument for it; may be repeated."
)
@click.option(
    "--package",
    "packages",
    multiple=True,
    metavar="NAME",
    help='For Python: a package of the index, as pip takes it ("requests>=2"); may be repeated.',
)
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="PATH",
    help="A file that it shall find in its folder; may be repeated.",
)
@click.option(
    "--fetch",
    multiple=True,
    metavar="NAME",
    help="A file that it leaves in its folder, to be written into --out; or a pattern; may be repeated.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where fetched files are written; new or empty if --fetch has a pattern.  [default: .]",
)
@click.option("--time", "wall_s", type=float, default=10.0, show_default=True, help="Seconds it may take.")
@click.option("--cpu", "cpu_s", type=float, help="CPU seconds it may take.  [default: --time and a bit more]")
@click.option("--memory", type=int, default=1024, show_default=True, metavar="MB", help="MiB it may use.")
@click.option(
    "--compile-time", "compile_s", type=float, help="Seconds for its compiler.  [default: the language's own]"
)
@click.option(
    "--walls",
    type=click.Choice(["full", "process"]),
    default="full",
    show_default=True,
    help="How it is shut in: namespaces and filters, or (weaker) limits only.",
)
@click.option("--quiet", is_flag=True, help="On stderr nothing but what the program writes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, and nothing else there.")
def command(
    file: str,
    language: str | None,
    stdin: str | None,
    arguments: tuple[str, ...],
    packages: tuple[str, ...],
    files: tuple[str, ...],
    fetch: tuple[str, ...],
    out: Path | None,
    wall_s: float,
    cpu_s: float | None,
    memory: int,
    compile_s: float | None,
    walls: Any,
    quiet: bool,
    as_json: bool,
) -> int:
    """Run one program in the jail, in any language, and say how it ended.

    FILE is the program's text; "-" reads it from standard input. It sees an empty folder
    with its --file's, and no network; its packages are installed outside. What it wrote
    comes out when it has ended. The exit code is the program's own; 124 if it took too
    long, 137 if it asked for too much memory, 128 + N if signal N ended it, 1 if it does
    not compile, and 2 if it could not be run.

    \b
    Examples:
      ratchet run solve.py --stdin '3 4'
      ratchet run solve.cpp --stdin @input.txt --time 2 --memory 256
      ratchet run plot.py --package 'numpy<3' --package matplotlib --file data.csv --fetch plot.png
      echo 'print(6 * 7)' | ratchet run - --language python
      ratchet run Main.java --json | jq .status
    """
    from ratchet.sandbox.running import read_stdin, run_file
    from ratchet.sandbox.types import Limits, Status

    if file == "-" and stdin == "-":
        raise RatchetError(
            "the program and its input cannot both come from standard input; put one in a file."
        )
    _check_out(fetch, out, as_json=as_json)
    text = ""
    if stdin is not None:
        text = read_stdin(stdin.removeprefix("@")) if stdin.startswith("@") or stdin == "-" else stdin
    outcome = run_file(
        file,
        language=language,
        stdin=text,
        arguments=arguments,
        packages=packages,
        files=files,
        fetch=fetch,
        limits=Limits(wall_s, cpu_s, memory << 20),
        compile_s=compile_s,
        walls=walls,
    )
    if as_json:
        _write(sys.stdout, json.dumps(_as_dict(outcome), ensure_ascii=False) + "\n")
        return _exit_code(outcome)
    if outcome.status in (Status.PACKAGES, Status.UNAVAILABLE):
        raise RatchetError(f"{outcome.reason.rstrip('.')}.")
    if (failed := _failed_compilation(outcome)) is None:
        _write(sys.stdout, outcome.stdout)
        _write(sys.stderr, outcome.stderr)
    else:
        _write(sys.stderr, failed.stdout + failed.stderr)
    written = [*_write_files(outcome, out or Path())]
    if not quiet:
        _summarize(outcome, memory, written, fetch)
    return _exit_code(outcome)


def _check_out(fetch: tuple[str, ...], out: Path | None, *, as_json: bool) -> None:
    """A program must not choose what it overwrites: a pattern needs a folder with nothing in it."""
    if as_json:
        if out is not None:
            raise RatchetError("--out is of no use with --json, which holds the files itself; leave one out.")
        return
    if out is not None and not fetch:
        raise RatchetError("--out says where fetched files go; name them by --fetch.")
    if out is not None and out.exists() and not out.is_dir():
        raise RatchetError(f"{out} is no directory; name another by --out.")
    if any(set(name) & set("*?[") for name in fetch) and (
        out is None or (out.exists() and any(out.iterdir()))
    ):
        raise RatchetError("a pattern in --fetch needs --out DIR with a folder that is new or empty.")


def _write(stream: Any, text: str) -> None:
    """Write what a program wrote, as bytes; a reader that is gone (`| head`) is no error."""
    try:
        stream.buffer.write(text.encode("utf-8", "replace"))
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _write_files(outcome: Outcome, out: Path) -> Iterator[str]:
    """Write the files that it left; their names."""
    for name, content in outcome.files.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            continue
        path = out / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise RatchetError(f"the file {path} cannot be written ({error.strerror}).") from None
        yield str(path)


def _summarize(outcome: Outcome, memory: int, written: list[str], fetch: tuple[str, ...]) -> None:
    """On stderr: how it ended, and what was left out."""
    if (failed := _failed_compilation(outcome)) is not None:
        lines = [f"does not compile: {_ending(failed, None)} {_figures(failed)}"]
    else:
        lines = [f"{_ending(outcome, memory)} {_figures(outcome)}"]
        if outcome.compilation is not None:
            lines[0] += f"; compiled in {outcome.compilation.wall_s:.2f} s"
        if outcome.reason:
            lines.append(outcome.reason)
    for name in ("stdout", "stderr"):
        if getattr(outcome, f"{name}_truncated"):
            lines.append(f"{name} was too long: its middle was left out")
    lines += [f"wrote {name}" for name in written]
    exact = [name for name in fetch if not set(name) & set("*?[")]
    lines += [f"it left no file {name}" for name in exact if str(PurePosixPath(name)) not in outcome.files]
    said = outcome.stderr if failed is None else failed.stdout + failed.stderr
    if said and not said.endswith("\n"):
        print(file=sys.stderr)
    _write(sys.stderr, "".join(f"{line}\n" for line in lines))


def _failed_compilation(outcome: Outcome) -> Outcome | None:
    """What its compiler did, if nothing was run because of that."""
    compiling = outcome.compilation
    return compiling if compiling and (outcome.status == "invalid" or compiling.status != "ok") else None


def _ending(outcome: Outcome, memory: int | None) -> str:
    """What ended it."""
    if outcome.status == "timeout":
        return "timed out after"
    if outcome.status == "memory":
        limit = "" if memory is None else f" (it may use {memory:,} MiB)"
        return f"out of memory{limit} after"
    if outcome.signal is not None:
        return f"ended by {_signal_name(outcome.signal)} after"
    return "ok in" if outcome.status == "ok" else f"exit code {outcome.exit_code} after"


def _figures(outcome: Outcome) -> str:
    return f"{outcome.wall_s:.2f} s (CPU {outcome.cpu_s:.2f} s), {outcome.peak_memory / 1e6:.1f} MB"


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def _exit_code(outcome: Outcome) -> int:
    """The program's own, or what timeout(1) and shells say of one that did not end by itself."""
    if outcome.status in ("packages", "unavailable"):
        return 2
    if (failed := _failed_compilation(outcome)) is not None:
        return _exit_code(failed) or 1
    if outcome.status == "timeout":
        return 124
    if outcome.status == "memory":
        return 137
    return 128 + outcome.signal if outcome.signal is not None else outcome.exit_code or 0


def _as_dict(outcome: Outcome) -> dict[str, Any]:
    """An outcome in JSON's terms; bytes that are no text are {"base64": ...}."""
    row = {each.name: getattr(outcome, each.name) for each in fields(outcome)}
    row["compilation"] = outcome.compilation and _as_dict(outcome.compilation)
    row["files"] = {name: _content(content) for name, content in outcome.files.items()}
    return row


def _content(content: bytes) -> str | dict[str, str]:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode("ascii")}
