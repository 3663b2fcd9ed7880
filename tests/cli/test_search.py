"""`ratchet search` as its users meet it: the console command, in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import RunRatchet

SOURCE = '''
open({marker!r}, "w").close()

def sort(a, *, key=None):
    """Sort a list.

    .. deprecated:: 2
    """

def clear(screen):
    """Clear \\x1b[2J the screen."""
'''


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "__init__.py").write_text(SOURCE.format(marker=str(tmp_path / "sprung")))
    (folder / "old.py").write_text("print 'hello'\n")
    return folder


def test_search_in_a_folder_then_in_its_index(ratchet_cli: RunRatchet, package: Path, tmp_path: Path) -> None:
    done = ratchet_cli("search", package, "sorting", "lists", "--save", "lists.index")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1. lists.sort(a, *, key=None)  [")
    assert lines[1:4] == ["   deprecated: 2", "   Sort a list.", f"   {package}/__init__.py:4"]
    assert done.stderr == f"skipped {package}/old.py (no Python that this version can parse)\n"
    assert not (tmp_path / "sprung").exists()
    again = ratchet_cli("search", "lists.index", "sorting lists")
    assert (again.stdout, again.stderr) == (done.stdout, "")


def test_json_is_one_object(ratchet_cli: RunRatchet, package: Path) -> None:
    done = ratchet_cli("search", package, "sort or clear", "-k", "1", "--json")
    said = json.loads(done.stdout)
    assert (said["source"], said["query"], said["entries"]) == (str(package), "sort or clear", 2)
    assert said["skipped"][0]["path"] == f"{package}/old.py"
    (hit,) = said["hits"]
    fields = "rank score qualified public kind signature summary doc deprecated location"
    assert list(hit) == fields.split()
    assert (hit["rank"], hit["kind"]) == (1, "function")


def test_what_strangers_wrote_does_not_steer_the_terminal(ratchet_cli: RunRatchet, package: Path) -> None:
    assert "Clear  [2J the screen." in ratchet_cli("search", package, "screen").stdout


def test_nothing_found_is_no_error(ratchet_cli: RunRatchet, package: Path) -> None:
    done = ratchet_cli("search", package, "unheard", "of")
    assert (done.returncode, done.stdout) == (0, "")
    assert "none of 2 APIs has any of these words" in done.stderr
    assert json.loads(ratchet_cli("search", package, "unheard", "--json").stdout)["hits"] == []


def test_an_installed_package(ratchet_cli: RunRatchet) -> None:
    done = ratchet_cli("search", "json", "deserialize a str to a Python object", "-k", "1")
    assert done.stdout.startswith("1. json.loads(s, *, cls=None")


def test_the_private_benchmarks_documents(ratchet_cli: RunRatchet, benchmark_data: Path) -> None:
    path = benchmark_data / "private-eval" / "derived" / "api_docs.jsonl"
    done = ratchet_cli("search", path, "absolute value of the given number", "-k", "1", "--json")
    assert json.loads(done.stdout)["hits"][0]["public"] == "beatnum.absolute"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["no_such_package", "words"],
            "ratchet: there is no installed package, folder or file no_such_package",
        ),
        (["math", "sine"], "ratchet: math is compiled"),
        (["json", " "], "ratchet: there is no word to search for"),
        (["json", "parse", "--save", "none/x.index"], "ratchet: none/x.index cannot be written"),
        (["bad.jsonl", "parse"], "ratchet: bad.jsonl:1: not JSON"),
        (["bad.index", "parse"], "ratchet: the index bad.index is damaged"),
        (["notes.txt", "parse"], "ratchet: notes.txt is neither a Python file nor a wheel"),
        (
            ["json", "parse", "--save", "notes.txt"],
            "ratchet: notes.txt is there already and is no index file",
        ),
        (["json"], "Missing argument"),
        (["json", "parse", "-k", "0"], "0 is not in the range x>=1"),
    ],
)
def test_bad_input_is_one_sentence(
    ratchet_cli: RunRatchet, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    (tmp_path / "bad.jsonl").write_text("{oops")
    (tmp_path / "bad.index").write_bytes(b"RATCHET SEARCH 1" + b"\0" * 7)
    (tmp_path / "notes.txt").write_text("notes")
    done = ratchet_cli("search", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    if done.stderr.startswith("ratchet: "):
        assert done.stderr.count("\n") == 1
