"""Reading APIs out of source: hand-made packages and real ones."""

from __future__ import annotations

import textwrap
import zipfile
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.search import ApiEntry, Extraction, extract
from ratchet.search.public import entries_of
from ratchet.search.python import parse
from tests.search.packages import by_name, write

PACKAGE = {
    "shapes/__init__.py": """
        '''Shapes, and what can be done to them.'''
        from ._round import Circle, ellipse as oval
        from .flat import *
        from . import flat, _round
        from os import path
        __version__ = "1"
        _hidden = 1
        biggest = flat.largest
    """,
    "shapes/_round.py": """
        class Circle:
            '''A round shape.

            Of any size.
            '''
            def __init__(self, radius: float, *, unit: str = "m") -> None:
                '''Make one.'''
            @property
            def area(self):
                '''Its area.'''
            @area.setter
            def area(self, value): ...
            @staticmethod
            def unit(name, /, *rest):
                '''One of radius 1.'''
            @classmethod
            def of(cls, area): '''The circle of an area.'''
            def _grow(self): '''Private.'''
            class Arc:
                '''A part of it.'''
                def length(self): '''Its length.'''

        def ellipse(a, b=1, *args, c: int = 2, **more) -> "Circle | None":
            '''An oval shape.'''
        def _secret(): '''Private.'''
    """,
    "shapes/flat.py": """
        from dataclasses import dataclass
        from typing import overload, TYPE_CHECKING
        from warnings import deprecated
        if TYPE_CHECKING:
            from .nowhere import Nothing
        __all__ = ["Square", "largest"]
        __all__ += ["old"]
        __all__.append("older")
        UNIT = 1
        '''What lengths are measured in.'''

        @dataclass
        class Square:
            '''A flat shape.'''
            side: float
            name: str = "square"
        @overload
        def largest(a: int): ...
        def largest(a):
            '''The largest of some.'''
        @deprecated("use largest instead")
        def old(): '''Old.'''
        def older():
            '''Older.

            .. deprecated:: 1.2
                Use `largest`.
            '''
        def helper(): '''Not in __all__.'''
    """,
    "shapes/tests/test_flat.py": "def test_flat(): '''A test.'''",
    "shapes/test_round.py": "def test_round(): '''A test.'''",
    "shapes/_broken.py": "def broken(:",
    "shapes/python2.py": "print 'hello'",
}


def from_text(text: str) -> dict[str, ApiEntry]:
    module = parse(textwrap.dedent(text).encode(), "m", package=False, where="m.py")
    assert module is not None
    return by_name(entries_of({"m": module}))


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    return write(tmp_path, PACKAGE)


def test_reexports_are_folded_to_the_name_that_users_import(shapes: Path) -> None:
    extraction = extract(shapes / "shapes")
    found = by_name(extraction.entries)
    assert set(found) == {
        "shapes",
        "shapes.Circle",
        "shapes.Circle.area",
        "shapes.Circle.unit",
        "shapes.Circle.of",
        "shapes.Circle.Arc",
        "shapes.Circle.Arc.length",
        "shapes.oval",
        "shapes.Square",
        "shapes.largest",
        "shapes.old",
        "shapes.older",
    }
    assert found["shapes.oval"].qualified == "shapes._round.ellipse"
    assert found["shapes.Circle.of"].qualified == "shapes._round.Circle.of"
    assert extraction.files == 3
    assert [(Path(file.path).name, file.reason) for file in extraction.skipped] == [
        ("_broken.py", "no Python that this version can parse"),
        ("python2.py", "no Python that this version can parse"),
    ]


def test_what_an_entry_says(shapes: Path) -> None:
    found = by_name(extract(shapes / "shapes").entries)
    circle = found["shapes.Circle"]
    assert (circle.kind, circle.signature) == ("class", "(radius: float, *, unit: str = 'm')")
    assert (circle.summary, circle.doc) == ("A round shape.", "A round shape.\n\nOf any size.")
    assert circle.location == f"{shapes}/shapes/_round.py:1"
    kinds = {name: found[f"shapes.Circle.{name}"].kind for name in ("area", "unit", "of", "Arc")}
    assert kinds == {"area": "property", "unit": "method", "of": "method", "Arc": "class"}
    signatures = {
        name: found[f"shapes.{name}"].signature for name in ("Circle.unit", "Circle.of", "oval", "Square")
    }
    assert signatures == {
        "Circle.unit": "(name, /, *rest)",
        "Circle.of": "(area)",
        "oval": "(a, b=1, *args, c: int = 2, **more) -> 'Circle | None'",
        "Square": "(side: float, name: str = 'square')",
    }
    assert found["shapes.old"].deprecated == "use largest instead"
    assert found["shapes.older"].deprecated == "1.2 Use `largest`."
    assert found["shapes.largest"].deprecated == ""
    assert found["shapes"].kind == "module"


def test_nothing_of_a_source_is_ever_run(tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w').close()\ndef bait(): '''Bait.'''\n"
    names = dict.fromkeys(("trap/__init__.py", "trap/__main__.py", "trap/setup.py", "trap/conftest.py"), trap)
    site = tmp_path / "site"
    write(site, names)
    with zipfile.ZipFile(tmp_path / "trap-1.0-py3-none-any.whl", "w") as wheel:
        wheel.write(site / "trap" / "__init__.py", "trap/__init__.py")
    assert by_name(extract(site / "trap").entries)["trap.bait"]
    assert by_name(extract(site / "trap" / "__init__.py").entries)["trap.bait"]
    assert by_name(extract(tmp_path / "trap-1.0-py3-none-any.whl").entries)["trap.bait"]
    assert not (tmp_path / "sprung").exists()


def test_a_folder_a_module_a_wheel_and_a_project_agree(shapes: Path) -> None:
    wheel = shapes / "shapes-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((shapes / "shapes").rglob("*.py")):
            archive.write(path, path.relative_to(shapes))
    project = write(shapes / "project", {f"src/{name}": text for name, text in PACKAGE.items()})
    names = set(by_name(extract(shapes / "shapes").entries))
    assert set(by_name(extract(wheel).entries)) == names
    assert set(by_name(extract(project).entries)) == names
    assert by_name(extract(wheel).entries)["shapes.oval"].location == f"{wheel}/shapes/_round.py:23"
    assert set(by_name(extract(shapes / "shapes" / "flat.py").entries)) == {
        f"shapes.flat.{name}" for name in ("Square", "largest", "old", "older")
    }


def test_names_are_followed_through_assignments_and_objects() -> None:
    found = from_text(
        """
        class _Generator:
            def choice(self, seq): '''Choose.'''
        _instance = _Generator()
        choice = _instance.choice
        def stack(x): '''Stack.'''
        row_stack = stack
        stack = checked(stack)
        try:
            from _fast import quick
        except ImportError:
            def quick(): '''Quick.'''
        def slow(): '''Slow.'''
        from _fast import slow
        if True:
            def within(): '''Within.'''
        LIMIT = 3
        '''As many as there may be.'''
        """
    )
    assert set(found) == {"m.choice", "m.stack", "m.quick", "m.slow", "m.within", "m.LIMIT"}
    assert (found["m.choice"].kind, found["m.choice"].signature) == ("method", "(seq)")
    assert (found["m.LIMIT"].kind, found["m.LIMIT"].summary) == ("constant", "As many as there may be.")


def test_documentation_attached_by_calls() -> None:
    found = from_text(
        """
        def mine(a): ...
        add_newdoc("m", "mine", "Do mine.")
        add_newdoc("m", "compiled", '''
            compiled(x, /, out=None)
            --

            Do it fast.
            ''')
        add_newdoc("m", "array", ("sort", "sort($self, /, axis=-1)\\n--\\n\\nSort in place."))
        add_newdoc("m", "array", [("T", "The transpose."), ("_private", "No.")])
        add_newdoc("elsewhere", "lost", "Lost.")
        """
    )
    assert {name: (e.kind, e.signature, e.summary) for name, e in found.items()} == {
        "m.mine": ("function", "(a)", "Do mine."),
        "m.compiled": ("function", "(x, /, out=None)", "Do it fast."),
        "m.array": ("class", "", ""),
        "m.array.sort": ("method", "(axis=-1)", "Sort in place."),
        "m.array.T": ("property", "", "The transpose."),
    }


def test_installed_packages_by_name() -> None:
    found = by_name(extract("json").entries)
    assert found["json.JSONDecoder.decode"].qualified == "json.decoder.JSONDecoder.decode"
    assert found["json.loads"].signature.startswith("(s, *, cls=None")
    assert set(by_name(extract("json.decoder").entries)) <= set(found)
    assert "random.choice" in by_name(extract("random").entries)  # a module of one file, with bound methods
    assert "os.walk" in by_name(extract("os").entries)  # frozen into the interpreter
    assert "yaml.safe_load" in by_name(extract("PyYAML").entries)  # a distribution of another name
    assert by_name(extract("pytest").entries)["pytest.approx"].qualified.startswith("_pytest.")


def test_numpy_as_it_is_installed(numpy_source: Extraction) -> None:
    found = by_name(numpy_source.entries)
    for name, qualified in {
        "numpy.reshape": "numpy._core.fromnumeric.reshape",
        "numpy.linalg.norm": "numpy.linalg._linalg.norm",
        "numpy.concatenate": "numpy._core.multiarray.concatenate",
        "numpy.ndarray.argpartition": "numpy._core.multiarray.ndarray.argpartition",
        "numpy.nanmean": "numpy.lib._nanfunctions_impl.nanmean",
        "numpy.fft.fft": "numpy.fft._pocketfft.fft",
        "numpy.ma.masked_where": "numpy.ma.core.masked_where",
    }.items():
        assert found[name].qualified == qualified
        assert found[name].summary
    assert numpy_source.skipped == ()
    assert 1500 < len(found) < 4000


def test_the_whole_standard_library(standard_library: Extraction) -> None:
    found = {entry.public: entry for entry in standard_library.entries}
    for name in ("os.path.join", "collections.OrderedDict", "datetime.datetime.strptime", "shutil.copytree"):
        assert found[name].doc
    assert len(found) > 8000


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "no_such_package_here",
            "there is no installed package, folder or file no_such_package_here; install it",
        ),
        ("no/such/folder", "there is no installed package, folder or file no/such/folder"),
        ("math", "math is compiled and installed without Python source"),
        ("sys", "sys is compiled"),
        ("json.nothing", r"json is installed, but nothing public in its source is called json\.nothing"),
        ("", "there is no Python source in"),
    ],
)
def test_sources_that_are_none(source: str, sentence: str, tmp_path: Path) -> None:
    if source == "":
        (tmp_path / "empty").mkdir()
        source = str(tmp_path / "empty")
    with pytest.raises(RatchetError, match=sentence):
        extract(source)


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("hello")
    with pytest.raises(RatchetError, match=r"x\.txt is neither a Python file nor a wheel"):
        extract(tmp_path / "x.txt")
