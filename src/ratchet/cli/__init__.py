"""The command line: a thin skin over the library.

A command parses, calls one public function, and prints. Each is a module of this
package with a click command named `command`, and is imported only when it is
called, so that `ratchet --help` stays quick. To add one, write the module and
its line in `COMMANDS`; a package outside adds one by an entry point:

    [project.entry-points."ratchet.commands"]
    mine = "my_package.cli:command"

What a user can mend is one sentence on stderr and exit code 2. An interrupt ends
with 130 and says how to go on. Anything else keeps its traceback.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import click

from ratchet import __version__
from ratchet.cli.lazy import LazyGroup
from ratchet.errors import RatchetError

COMMANDS = {
    "demo": ("ratchet.cli.demo:command", "Train a tiny model and turn the whole loop once, on this machine."),
    "score": ("ratchet.cli.score:command", "Judge samples for a benchmark, and print pass@k."),
    "eval": (
        "ratchet.cli.eval:command",
        "Draw samples of benchmarks from a model, judge them meanwhile, and print pass@k.",
    ),
    "compare": (
        "ratchet.cli.compare:command",
        "Compare Runs problem by problem, and say whether the difference is more than noise.",
    ),
    "report": (
        "ratchet.cli.report:command",
        "Write one HTML file about Runs: figures, and every sample with its verdict.",
    ),
    "run": ("ratchet.cli.run:command", "Run one program in the jail, in any language, and say how it ended."),
    "generate": (
        "ratchet.cli.generate:command",
        "Continue one prompt with a model, and print what it writes.",
    ),
    "serve": ("ratchet.cli.serve:command", "Serve a model over HTTP, by OpenAI's API."),
    "sandbox-server": ("ratchet.cli.sandbox_server:command", "Run programs for others, over HTTP."),
    "benchmarks": (
        "ratchet.cli.benchmarks:command",
        "List the benchmarks: what they hold and need, and whether they can be run here.",
    ),
    "export": ("ratchet.cli.export:command", "Write a Run's samples and verdicts in another tool's format."),
    "import": ("ratchet.cli.import_:command", "Read another tool's samples; compare its verdicts with ours."),
    "contamination": ("ratchet.cli.contamination:command", "Look for a benchmark's problems in a corpus."),
    "languages": (
        "ratchet.cli.languages:command",
        "List the languages that the sandbox runs, with their toolchains on this machine.",
    ),
    "search": ("ratchet.cli.search:command", "Find the APIs of a package by what they do."),
    "doctor": ("ratchet.cli.doctor:command", "Try the sandbox's walls on this machine, and attack them."),
    "completion": (
        "ratchet.cli.completion:command",
        "Print the script that completes commands in your shell.",
    ),
}
"""Name -> (where the command is, what it does in one line)."""


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    entry_points="ratchet.commands",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="ratchet", message="%(prog)s %(version)s")
def cli() -> None:
    """Make, run and judge code models that look things up and prove what they write.

    \b
    Examples:
      ratchet demo                                     the whole loop, on two cores
      ratchet score humaneval --samples samples.jsonl  judge what a model wrote
      ratchet score --help                             all about one command

    The data of benchmarks is looked for in the directory that RATCHET_DATA names.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (default: the process's own); return the exit code.

    A command may return its exit code; without one it is 0.
    """
    try:
        code = cli.main(None if arguments is None else list(arguments), "ratchet", standalone_mode=False)
    except RatchetError as error:
        return _fail(str(error))
    except click.Abort as abort:
        if not isinstance(abort.__cause__, KeyboardInterrupt):
            raise
        notes = getattr(abort.__cause__, "__notes__", [])
        print("; ".join(["ratchet: interrupted", *notes]), file=sys.stderr)
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except ModuleNotFoundError as error:
        extra = _extra_with(error.name)
        if extra is None:
            raise
        return _fail(f"this needs {error.name}, which is not installed: pip install 'ratchet-code[{extra}]'.")
    return code if isinstance(code, int) else 0


def _fail(sentence: str) -> int:
    print(f"ratchet: {sentence}", file=sys.stderr)
    return 2


def _extra_with(module: str | None) -> str | None:
    """The extra of our own that brings the package `module`, if one does."""
    from importlib.metadata import PackageNotFoundError, requires

    try:
        requirements = requires("ratchet-code") or []
    except PackageNotFoundError:
        return None
    top = (module or "").partition(".")[0]
    for line in requirements:
        match = re.match(r"([A-Za-z0-9_-]+).*extra == ['\"]([a-z]+)", line)
        if match is not None and match[1].replace("-", "_") == top:
            return match[2]
    return None
