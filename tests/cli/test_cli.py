"""The frame of the command line: quick help, completion, foreign commands, and how each error ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ratchet import __version__
from ratchet.cli import COMMANDS

if TYPE_CHECKING:
    from tests.conftest import RunRatchet
HEAVY = ("numpy", "torch", "transformers", "rich", "matplotlib", "jinja2", "yaml", "sqlite3", "asyncio")


@pytest.fixture
def foreign(tmp_path: Path) -> dict[str, str]:
    """The environment in which a package of someone else's is installed, with one command for each ending."""
    package = tmp_path / "elsewhere"
    (package / "foreign-1.0.dist-info").mkdir(parents=True)
    (package / "foreign-1.0.dist-info" / "METADATA").write_text("Name: foreign\nVersion: 1.0\n")
    (package / "foreign-1.0.dist-info" / "entry_points.txt").write_text(
        "[ratchet.commands]\nending = foreign:ending\nscore = foreign:ending\nwrong = foreign:__name__\n"
    )
    (package / "foreign.py").write_text(
        textwrap.dedent(
            """
            import os, signal, sys, time
            import click
            from ratchet.errors import RatchetError
            from ratchet.runs import resume_with

            print("foreign is imported", file=sys.stderr)

            @click.command()
            @click.argument("how")
            def ending(how):
                '''End as HOW says.'''
                if how == "sentence":
                    raise RatchetError("the file is not there: name another one.")
                if how == "bug":
                    raise KeyError("a bug")
                if how == "code":
                    return 3
                if how == "flood":
                    for i in range(1_000_000):
                        print("flood", i)
                if how == "torch":
                    raise ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn")
                if how == "unheard-of":
                    import unheard_of
                if how == "wait":
                    with resume_with("ratchet ending --resume RUN"):
                        print("waiting", flush=True)
                        time.sleep(60)
            """
        )
    )
    return {"PYTHONPATH": str(package)}


def test_help_is_light_and_lists_every_command(ratchet_command: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", ratchet_command, "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    for name in COMMANDS:
        assert f"\n  {name} " in done.stdout
    assert "Examples:" in done.stdout
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    assert imported.isdisjoint(HEAVY)
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert modules.isdisjoint(
        {"ratchet.runs", *(target.partition(":")[0] for target, _ in COMMANDS.values())}
    )


def test_import_ratchet_is_light() -> None:
    script = "import sys, ratchet; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.split()
    assert set(loaded).isdisjoint({*HEAVY, "click"})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_and_the_help_that_the_list_gives(
    ratchet_cli: RunRatchet, name: str
) -> None:
    done = ratchet_cli(name, "--help")
    assert done.returncode == 0, done.stderr
    assert "Examples:" in done.stdout
    assert f"ratchet {name} " in done.stdout.partition("Examples:")[2]
    assert COMMANDS[name][1].rstrip(".") in " ".join(done.stdout.split())


def test_version_and_module(ratchet_cli: RunRatchet) -> None:
    assert ratchet_cli("--version").stdout == f"ratchet {__version__}\n"
    by_module = subprocess.run([sys.executable, "-m", "ratchet", "--version"], capture_output=True, text=True)
    assert by_module.stdout == f"ratchet {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scroe"], "there is no command 'scroe': did you mean score?"),
        (["xyz"], f"there is no command 'xyz': there are {', '.join(COMMANDS)}."),
        (["--nothing"], "No such option"),
        (["completion"], "Missing argument"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
    ],
)
def test_usage_errors_end_with_2(ratchet_cli: RunRatchet, arguments: list[str], said: str) -> None:
    done = ratchet_cli(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_foreign_commands_are_listed_without_being_imported(
    ratchet_cli: RunRatchet, foreign: dict[str, str]
) -> None:
    done = ratchet_cli("--help", env=foreign)
    assert "(of the package foreign)" in done.stdout
    assert done.stdout.count("\n  score ") == 1
    assert "foreign is imported" not in done.stderr
    assert "End as HOW says." in ratchet_cli("ending", "--help", env=foreign).stdout
    assert "foreign is imported" not in ratchet_cli("score", "--help", env=foreign).stderr
    assert "is no click command" in ratchet_cli("wrong", env=foreign).stderr


@pytest.mark.parametrize(
    ("how", "code", "last"),
    [
        ("sentence", 2, "ratchet: the file is not there: name another one."),
        ("code", 3, "foreign is imported"),
        ("bug", 1, "KeyError: 'a bug'"),
        (
            "torch",
            2,
            "ratchet: this needs torch.nn, which is not installed: pip install 'ratchet-code[local]'.",
        ),
        ("unheard-of", 1, "ModuleNotFoundError: No module named 'unheard_of'"),
    ],
)
def test_how_a_command_ends(
    ratchet_cli: RunRatchet, foreign: dict[str, str], how: str, code: int, last: str
) -> None:
    done = ratchet_cli("ending", how, env=foreign)
    assert done.returncode == code
    assert done.stderr.splitlines()[-1] == last
    assert ("Traceback" in done.stderr) == (code == 1)


def test_an_interrupt_says_how_to_go_on(ratchet_command: Path, foreign: dict[str, str]) -> None:
    with subprocess.Popen(
        [ratchet_command, "ending", "wait"],
        env={**os.environ, **foreign},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "ratchet: interrupted; go on with: ratchet ending --resume RUN"
    assert "Traceback" not in errors


def test_a_closed_pipe_is_quiet(ratchet_command: Path, foreign: dict[str, str]) -> None:
    done = subprocess.run(
        f"{ratchet_command} ending flood | head -n 1",
        shell=True,
        env={**os.environ, **foreign},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "flood 0\n"
    assert done.stderr == "foreign is imported\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(ratchet_cli: RunRatchet, shell: str) -> None:
    done = ratchet_cli("completion", shell)
    assert done.returncode == 0
    assert "_RATCHET_COMPLETE" in done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is missing: apt-get install bash")
def test_bash_completes(ratchet_command: Path, ratchet_cli: RunRatchet) -> None:
    script = textwrap.dedent(
        f"""
        PATH={ratchet_command.parent}:$PATH
        eval "$(ratchet completion bash)"
        COMP_WORDS=(ratchet compl) COMP_CWORD=1
        _ratchet_completion ratchet
        echo "${{COMPREPLY[@]}}"
        """
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["completion"], done.stderr
