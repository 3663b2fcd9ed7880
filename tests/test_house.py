"""The rules of the house that no tool checks."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "ratchet"
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def dependencies() -> list[str]:
    extras = PROJECT["optional-dependencies"]
    return [*PROJECT["dependencies"], *(line for lines in extras.values() for line in lines)]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_it_does(room: str) -> None:
    tree = ast.parse((SOURCE / room / "__init__.py").read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree) or ""
    assert len(docstring.splitlines()) >= 3, f"ratchet.{room} needs a docstring that says what it does"


def test_every_folder_of_source_is_a_package() -> None:
    folders = {path.parent for path in SOURCE.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_source_file_is_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCE.rglob("*.py")}
    assert {str(path): length for path, length in lengths.items() if length > 500} == {}


@pytest.mark.parametrize("line", dependencies())
def test_a_dependency_is_bounded_and_has_its_reason(line: str) -> None:
    name = re.split(r"[=<>]", line)[0]
    assert "==" in line or re.search(r",<\d", line), f"{line}: an upper bound is missing"
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = re.search(r"^## Dependencies$(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert section is not None, "ARCHITECTURE.md needs a section `## Dependencies`"
    reasons = [
        bullet for bullet in section[1].splitlines() if re.match(rf"[-*] .*{re.escape(name)}", bullet, re.I)
    ]
    assert reasons, f"ARCHITECTURE.md gives no reason for {name}"


def test_the_tested_set_has_every_dependency_of_its_extras() -> None:
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    extras = PROJECT["optional-dependencies"]
    wanted = {
        re.split(r"[=<>]", line)[0]
        for line in [*PROJECT["dependencies"], *extras["local"], *extras["dev"], *extras["bench"]]
    }
    assert wanted - set(pins) == set()
    assert pins["torch"] == "2.13.0"
    assert {"vllm", "ray"}.isdisjoint(pins)


def test_the_commands_of_the_readme_are_in_the_makefile() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(
        re.findall(r"\bmake ([a-z]+)\b", "\n".join(re.findall(r"```.*?```|`[^`\n]+`", readme, re.DOTALL)))
    )
    assert {"demo", "test"} <= named <= targets


def test_ci_can_be_run() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111 == 0o111
