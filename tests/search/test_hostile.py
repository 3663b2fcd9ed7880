"""Source that is damaged, tangled, endless, or made to harm: it is skipped, and never stops the rest."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratchet.search import extract
from ratchet.search.public import entries_of
from ratchet.search.python import parse
from ratchet.search.source import MAX_FILE_BYTES
from tests.search.packages import by_name, write


def test_imports_in_circles_end(tmp_path: Path) -> None:
    chain = "\n".join(f"x{n} = x{n + 1}.x{n + 1}.x{n + 1}" for n in range(60))
    top = f"from .a import *\nfrom . import circle\nimport circle\n{chain}\nx60 = circle\ny = z\nz = y"
    one = "from .b import *\nfrom .b import thing, other\n__all__ = b.__all__"
    two = "from .a import *\nfrom .a import thing\n__all__ = a.__all__\ndef other(): 'Other.'"
    write(tmp_path / "circle", {"__init__.py": top, "a.py": one, "b.py": two})
    assert set(by_name(extract(tmp_path / "circle").entries)) <= {"circle.other", "circle.b.other"}


@pytest.mark.parametrize(
    "source",
    [
        b"(" * 100_000,
        b"x = " + b"-" * 100_000 + b"1",
        b"x = a" + b".b" * 100_000,
        b"def f(x=" + b"1 + " * 20_000 + b"1): pass",
        b"__all__ = " + b"['a'] + " * 50_000 + b"['b']",
        b"x = '\0'",
        b"# coding: no-such-thing\n",
        b"x = " + b"9" * 5000,
        b"\xff\xfe\x00",
        "x = 1".encode("utf-16"),
        b"",
        b"".join(b" " * n + b"class A:\n" for n in range(90)) + b" " * 90 + b"pass\n",
        b"def f(x=f'{a!r:{b}}' f\"{'\\n'.join(y)}\"): pass",
    ],
)
def test_hostile_source_does_no_harm(source: bytes) -> None:
    module = parse(source, "m", package=False, where="m.py")
    if module is not None:
        entries_of({"m": module})


@given(st.binary() | st.text(alphabet="def class()=:,.@*'\"[]{}\n \tabfx_1#", max_size=200).map(str.encode))
def test_any_bytes_at_all_are_read_or_refused(source: bytes) -> None:
    module = parse(source, "m", package=True, where="m.py")
    if module is not None:
        entries_of({"m": module})


NAMES = st.sampled_from(["a", "b", "c", "_d", "__all__"])
DOTTED = st.lists(NAMES, min_size=1, max_size=3).map(".".join)
STATEMENTS = st.one_of(
    st.builds("def {}(x): 'Doc.'".format, NAMES),
    st.builds("class {}:\n    def {}(self): 'Doc.'".format, NAMES, NAMES),
    st.builds("from {} import {} as {}".format, DOTTED, NAMES, NAMES),
    st.builds("from {}{} import *".format, st.sampled_from([".", "..", "..."]), st.just("") | NAMES),
    st.builds("import {}".format, DOTTED),
    st.builds("{} = {}".format, NAMES, DOTTED),
    st.builds("{} = {}()".format, NAMES, DOTTED),
    st.builds("__all__ = ['{}'] + {}.__all__".format, NAMES, DOTTED),
)
MODULES = st.dictionaries(DOTTED, st.lists(STATEMENTS, max_size=6).map("\n".join), max_size=5)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(MODULES)
def test_any_tangle_of_modules_gives_each_definition_at_most_once(sources: dict[str, str]) -> None:
    modules = {}
    for name, text in sources.items():
        module = parse(text.encode(), name, package="." not in name, where=f"{name}.py")
        if module is not None:
            modules[name] = module
    entries = entries_of(modules)
    qualified = [entry.qualified for entry in entries if entry.kind != "module"]
    assert len(set(qualified)) == len(qualified)
    for entry in entries:
        assert not any(part.startswith("_") for part in entry.public.split("."))


def test_files_that_are_no_source_are_skipped_and_counted(tmp_path: Path) -> None:
    folder = write(tmp_path / "odd", {"__init__.py": "", "better.py": "def good(): '''Good.'''"})
    (folder / "huge.py").write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    os.mkfifo(folder / "pipe.py")
    (folder / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (folder / "folder.py").mkdir()
    (folder / "loop").symlink_to(folder)
    (folder / "not-a-name.py").write_text("def no(): '''No.'''")
    extraction = extract(folder)
    assert set(by_name(extraction.entries)) == {"odd.better.good"}
    assert {Path(file.path).name: file.reason.split(":")[0] for file in extraction.skipped} == {
        "huge.py": "larger than 1 MiB",
        "pipe.py": "cannot be read",
        "gone.py": "cannot be read",
    }


def test_wheels_with_bad_members(tmp_path: Path) -> None:
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.py", "def good(): '''Good.'''")
        archive.writestr("../up.py", "def up(): '''Up.'''")
        archive.writestr("bomb.py", b"#" * (50 << 20), zipfile.ZIP_DEFLATED)
        archive.writestr("torn.py", "def torn(): '''Torn: " + "x" * 100 + "'''")
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"Torn: xxx", b"Torn: xxy", 1))
    extraction = extract(path)
    assert set(by_name(extraction.entries)) == {"good.good"}
    assert {Path(file.path).name: file.reason.split(" ")[0] for file in extraction.skipped} == {
        "bomb.py": "larger",
        "torn.py": "cannot",
    }
