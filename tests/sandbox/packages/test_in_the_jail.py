"""Programs that name packages, in the jail and by the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox import LocalSandbox, Program, Status
from ratchet.sandbox.packages import PackageSettings

if TYPE_CHECKING:
    from tests.conftest import RunRatchet
    from tests.sandbox.packages.conftest import Index


@pytest.fixture
def jail(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalSandbox]:
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    with LocalSandbox(slots=1, packages=PackageSettings(index_url=index.url, deny=("torch",))) as sandbox:
        yield sandbox


def test_it_is_there_and_cannot_be_changed(index: Index, jail: LocalSandbox) -> None:
    index.add("lib_a", needs=["lib-b"])
    index.add("lib_b", files={"lib_b/__init__.py": "", "lib_b/data.txt": "42"})
    text = """
import lib_a, lib_b, os
print(lib_a.version, open(os.path.join(os.path.dirname(lib_b.__file__), "data.txt")).read())
for try_to in (lambda: open(lib_a.__file__, "w"), lambda: os.unlink(lib_a.__file__)):
    try: try_to()
    except OSError: print("no")
"""
    outcome = jail.run(Program(text, packages=("lib-a",)))
    assert (outcome.status, outcome.stdout) == (Status.OK, "1.0 42\nno\nno\n"), outcome
    assert jail.run(Program("import lib_a", packages=("lib-b",))).status == Status.ERROR
    assert jail.run(Program("import lib_b")).status == Status.ERROR


def test_each_program_has_its_own(index: Index, jail: LocalSandbox) -> None:
    index.add("lib_a", "1.0")
    index.add("lib_a", "2.0")
    for version in ("1.0", "2.0", "1.0"):
        outcome = jail.run(Program("import lib_a; print(lib_a.version)", packages=(f"lib-a=={version}",)))
        assert outcome.stdout == f"{version}\n", outcome


def test_the_packages_of_this_machine_stand_behind(index: Index, jail: LocalSandbox) -> None:
    pytest.importorskip("numpy")
    index.add("lib_a", files={"lib_a.py": "import numpy; ok = numpy.arange(3).sum()\n"})
    index.add("numpy", "0.1", {"numpy/__init__.py": "own = True\n"})  # far from whole
    assert jail.run(Program("import lib_a; print(lib_a.ok)", packages=("lib-a",))).stdout == "3\n"
    assert jail.run(Program("import numpy; print(numpy.own)", packages=("numpy",))).stdout == "True\n"
    assert jail.run(Program("import numpy; print(numpy.arange(3).sum())")).stdout == "3\n"


def test_nothing_of_a_package_runs_before_the_program(index: Index, jail: LocalSandbox) -> None:
    evil = "import os\nos._exit(0)\n"
    files = {"json.py": evil, "numpy/__init__.py": evil, "sitecustomize.py": evil}
    index.add("lib_a", files={**files, "x.pth": f"import os; {evil}"})
    # The standard library is found first.
    outcome = jail.run(Program("import json; print(json.dumps(1))", packages=("lib-a",)))
    assert (outcome.status, outcome.stdout) == (Status.OK, "1\n"), outcome
    # numpy is imported ahead for programs that need it, but not this one.
    outcome = jail.run(Program("print(1, flush=True)\nimport numpy\nprint(2)\n", packages=("lib-a",)))
    assert (outcome.status, outcome.stdout) == (Status.OK, "1\n"), outcome


def test_a_candidates_packages_are_not_its_examiners(index: Index, jail: LocalSandbox) -> None:
    pytest.importorskip("numpy")
    evil = "class testing:\n    assert_equal = staticmethod(lambda *values: None)\n"
    chance = "def seed(*a): pass\ndef get_state(): return 0\ndef set_state(s): pass\n"
    index.add("lib_a", files={"numpy/__init__.py": evil, "numpy/random.py": chance})
    candidate = Program("def f(x):\n    return x\n", packages=("lib-a",))
    wrong = Program("import numpy\nnumpy.testing.assert_equal(f(1), 2)\n")
    assert not jail.examine(candidate, "f", wrong).passed
    right = Program("import numpy\nnumpy.testing.assert_equal(f(1), 1)\n")
    assert jail.examine(candidate, "f", right).passed


def test_functions_of_such_programs_can_be_asked(index: Index, jail: LocalSandbox) -> None:
    index.add("lib_a")
    program = Program("import lib_a\ndef f(x):\n    return lib_a.version * x\n", packages=("lib-a",))
    assert [result.value for result in jail.call(program, "f", [(1,), (2,)]).results] == ["1.0", "1.01.0"]
    assert jail.examine(program, "f", Program("assert f(2) == '1.01.0'")).passed
    bad = Program(program.source, packages=("lib-none",))
    assert jail.call(bad, "f", [(1,)]).outcome.status == Status.PACKAGES
    exam = jail.examine(bad, "f", Program("pass"))
    assert (exam.passed, exam.candidate.status) == (False, Status.PACKAGES)


@pytest.mark.parametrize(
    ("package", "reason"),
    [
        ("lib-none", "there is no package called 'lib-none' in the index"),
        ("torch", "torch is on the deny-list of packages"),
        ("./x", "is an address or a path"),
    ],
)
def test_what_cannot_be_installed(index: Index, jail: LocalSandbox, package: str, reason: str) -> None:
    outcome = jail.run(Program("print(1)", packages=(package,)))
    assert (outcome.status, outcome.exit_code, outcome.stdout) == (Status.PACKAGES, None, "")
    assert reason in outcome.reason


def test_an_index_that_is_down_is_not_the_programs_fault(index: Index, jail: LocalSandbox) -> None:
    index.status = 503
    with pytest.raises(RatchetError, match="the package index cannot be reached"):
        jail.run(Program("print(1)", packages=("lib-a",)))


def test_python_only(jail: LocalSandbox) -> None:
    with pytest.raises(RatchetError, match="Python"):
        jail.run(Program("int main(void) { return 0; }", "c", packages=("lib-a",)))


def test_by_the_command_line(ratchet_cli: RunRatchet, index: Index, tmp_path: Path) -> None:
    index.add("lib_a")
    (tmp_path / "a.py").write_text("import lib_a\nprint(lib_a.version)\n")
    env = {"RATCHET_HOME": str(tmp_path / "home"), "UV_DEFAULT_INDEX": index.url, "HOME": os.fspath(tmp_path)}
    done = ratchet_cli("run", "a.py", "--package", "lib_a>=1", env=env)
    assert (done.returncode, done.stdout) == (0, "1.0\n"), done.stderr
    asked = len(index.asked)
    done = ratchet_cli("run", "a.py", "--package", "lib-a >= 1", env=env)
    assert (done.returncode, done.stdout, len(index.asked)) == (0, "1.0\n", asked)
    done = ratchet_cli("run", "a.py", "--package", "lib-none", env=env)
    said = "ratchet: there is no package called 'lib-none' in the index.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
    done = ratchet_cli("run", "a.py", "--package", "lib-none", "--json", env=env)
    assert (done.returncode, json.loads(done.stdout)["status"]) == (2, "packages")
    index.status = 500
    done = ratchet_cli("run", "a.py", "--package", "lib-other", env=env)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "the package index cannot be reached" in done.stderr
