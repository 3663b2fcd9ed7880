"""What a test text shares with the function it tests besides arguments and answers, read off its syntax.

The files that it writes, what it puts in place of a module's functions, the output it catches: a
function in another process would not see these. Nothing here is run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ratchet.problems.parsing import parse
from ratchet.problems.syntax import why_together

_FILES = frozenset({"open", "shutil", "tempfile", "glob", "pathlib", "Path", "filecmp", "zipfile", "tarfile"})
_OS_ALONE = frozenset({"os.path.join", "os.path.basename", "os.path.dirname", "os.linesep", "os.sep"})
_STATE = {
    "sys.stdout": "the output of the process",
    "sys.stderr": "the output of the process",
    "sys.stdin": "the input of the process",
    "sys.argv": "the arguments of the process",
    "sys.path": "the import path",
    "sys.modules": "the modules of the process",
    "contextlib.redirect_stdout": "the output of the process",
    "redirect_stdout": "the output of the process",
    "redirect_stderr": "the output of the process",
    "warnings": "the warnings of the process",
    "random.seed": "the state of the random numbers",
    "np.random.seed": "the state of the random numbers",
    "numpy.random.seed": "the state of the random numbers",
    "torch.manual_seed": "the state of the random numbers",
    "subprocess": "processes",
    "threading": "threads",
    "socket": "sockets",
    "sqlite3": "a database",
    "logging": "the log",
    "locale": "the locale",
    "plt": "figures",
    "matplotlib": "figures",
}
_OBJECTS = frozenset(
    {"argparse", "bs4", "django", "flask", "geopandas", "keras", "matplotlib", "multidict", "obspy", "queue"}
    | {"seaborn", "sklearn", "sqlalchemy", "statsmodels", "tensorflow", "wordcloud", "PIL", "cv2", "nltk"}
)
"""Libraries whose own objects a test works with: these are no plain data, nor do they stand handles."""
_MOCKS = frozenset({"Mock", "MagicMock", "mock", "patch", "monkeypatch"})


def why_shared(test: str, entry_point: str) -> str:
    """Why `test` must share a process with the function it tests; empty where nothing shows that it must.

    As `ratchet.problems.syntax.why_together`, and besides: files, mocks, state of the process, and
    objects of libraries that are known not to cross.
    """
    try:
        tree = parse(test)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    found = why_together(test, entry_point)
    if found:
        return found
    for name in _names(tree):
        first = name.partition(".")[0]
        if not name:
            continue
        if first in _MOCKS or name.startswith("unittest.mock"):
            return f"it replaces with {name} what the function uses"
        if first in _FILES or (first == "os" and "." in name and name not in _OS_ALONE):
            return f"it shares files with the function ({name})"
        for known, what in _STATE.items():
            if name == known or name.startswith(f"{known}."):
                return f"it shares {what} with the function ({name})"
    return _why_objects(tree)


def _why_objects(tree: ast.AST) -> str:
    """What the test does with objects that only their own process can do."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=[ast.alias(name=module), *_]) | ast.ImportFrom(module=str(module)):
                library = module.partition(".")[0]
                if library in _OBJECTS:
                    return f"it works with objects of {library}"
            case (
                ast.Attribute(attr="__class__")
                | ast.Call(func=ast.Name(id="str"), args=[ast.Call(func=ast.Name(id="type"))])
            ):
                return "it looks at the class of what comes back"
    return ""


def _names(tree: ast.AST) -> Iterator[str]:
    """Every dotted name that is used, in the order of the syntax tree; not the parts of a longer one."""
    parts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in parts:
            yield _dotted(node)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return before and f"{before}.{node.attr}"
    return ""
