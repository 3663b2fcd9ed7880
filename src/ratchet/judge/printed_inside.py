"""What runs in the jail for a `PrintedOracle`: the program, then questions about what it printed last.

This text is read from its file and sent into the jail, followed by a line that runs the
program; it holds no expected value, and nothing here compares. Standard library only, no
import of ours. A program can reach all of it and change the answer, which is no more than
printing something else.

The paper's rules are those of `mtpb_exec.py` in salesforce/CodeGen (commit 6f09e495f41e),
written anew; the strict ones are described at `ratchet.judge.printed.equal_strictly`.
"""

from __future__ import annotations

import ast
import builtins
import faulthandler
import io
import os
import shutil
import signal
import subprocess
import sys
import traceback
import types
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from typing import Any

_DISABLED: tuple[tuple[Any, str], ...] = (
    (builtins, "exit quit"),
    (os, "kill system putenv remove removedirs rmdir fchdir setuid fork forkpty killpg rename renames"),
    (os, "truncate replace unlink fchmod fchown chmod chown chroot lchflags lchmod lchown getcwd chdir"),
    (shutil, "rmtree move chown"),
    (subprocess, "Popen"),
)
"""What HumanEval's `reliability_guard` sets to None, as CodeGen's copy of it has it."""
_HIDDEN = ("ipdb", "joblib", "resource", "tkinter")
"""Modules that it keeps from being imported: scikit-learn needs joblib."""

_CAPTURE = """import builtins
def print(*args, **kwargs):
    print_stack.append({"args": args, "kwargs": kwargs})
    return builtins.print(*args, **kwargs)
"""
"""Run in the program's own namespace: what the program does to these names counts, as it does there."""

_CASTS: dict[str, type] = {"str": str, "int": int, "float": float, "list": list}


class Late(Exception):
    """The paper's alarm rang."""


def paper(text: str, seconds: float) -> Callable[[str], Any]:
    """Run the program by the paper's rules; what answers for the value that it printed last.

    The answers: "late" is whether the alarm rang, "series" the array of a pandas Series (None
    of all else), and "str", "int", "float" and "list" the value as that type. All but "late"
    raise where nothing was printed, or where the value cannot be cast.

    An exception ends the program and no more: what it had printed is still asked for. So it
    is with the alarm. What is no `Exception`, as SystemExit, ends the process: there it ended
    the whole harness.
    """
    if "import" in text:  # else the program could not tell
        with suppress(ImportError):  # the harness has imported it before it takes anything away
            __import__("numpy")
    _guard()
    namespace: dict[str, Any] = {"print_stack": [], "__name__": "__main__"}
    exec(_CAPTURE, namespace)
    late: list[bool] = []

    def ring(number: int, frame: Any) -> None:
        late.append(True)
        raise Late("timed out")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    text = _rewritten(text)
    try:
        with redirect_stdout(io.StringIO()):
            exec(compile(text, "program.py", "exec", dont_inherit=True), namespace)
    except Exception:
        traceback.print_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def answer(what: str) -> Any:
        if what == "late":
            return bool(late)
        value = namespace["print_stack"][-1]["args"][0]
        series = str(type(value)) == "<class 'pandas.core.series.Series'>"
        if what == "series":
            return value.to_numpy() if series else None
        value, kind = _unwrapped(value), _CASTS[what]
        made = value if type(value) is kind else kind(value)
        return _widened(made) if what == "list" else made

    return answer


def _guard() -> None:
    faulthandler.disable()
    os.environ["OMP_NUM_THREADS"] = "1"
    for module, names in _DISABLED:
        for name in names.split():
            setattr(module, name, None)
    for name in _HIDDEN:
        sys.modules[name] = None  # type: ignore[assignment]


def _rewritten(text: str) -> str:
    """`wrapped`, or the text as it is where that is not to be had."""
    try:
        return wrapped(text)
    except Exception:
        return text


def wrapped(text: str) -> str:
    """The paper's rewriting: the value of the last statement is printed, unless it is a call of print.

    "A call of print" is one of any function whose name begins so. Any statement with a value
    is meant: `x = 3` becomes `x = print(3)`. Raises where the text does not parse, is empty,
    or its last statement has no value.
    """
    tree = ast.parse(text)
    last: Any = tree.body[-1]
    with suppress(AttributeError):
        if last.value.func.id.startswith("print"):
            return text
    last.value = ast.Call(ast.Name("print", ast.Load()), [last.value], [])
    return ast.unparse(ast.fix_missing_locations(tree))


def _unwrapped(value: Any) -> Any:
    """The paper's conversions, which do not depend on what is expected."""
    kind = type(value)
    if kind is list:
        return [list(item) for item in value] if value and type(value[0]) is tuple else value
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return value
    if kind in (numpy.uint8, numpy.int16, numpy.int32, numpy.int64):
        return int(value)
    if kind in (numpy.float16, numpy.float32, numpy.float64):
        return float(value)
    if kind is numpy.bool_:
        return bool(value)
    return value.tolist() if kind is numpy.ndarray else value


def _widened(value: Any) -> Any:
    """The list with a float64 for each float16 and float32 in it, which is the same number.

    Before numpy 2 it equals the same numbers too; since then a float32 equals the float that
    it was rounded from, and so it would out there.
    """
    if type(value) is list:
        return [_widened(item) for item in value]
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.float16 | numpy.float32):
        return numpy.float64(value)
    return value


def strict(text: str) -> Callable[[], list[Any]]:
    """Run the program as a script; what answers with the arguments of the print that came last.

    Only prints to the standard output that have an argument count, with what the arguments
    were when they were printed. Where the last statement is an expression, its value counts
    as printed, unless it is None: so an interactive session would show it. The answer is empty
    where nothing was printed.

    Whatever the program raises is raised, but SystemExit with code 0 or none.
    """
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    last: list[Any] = []

    def print(*args: Any, **kwargs: Any) -> None:
        nonlocal last
        builtins.print(*args, **kwargs)
        if args and kwargs.get("file") in (None, sys.stdout):
            last = [snapshot(value) for value in args]

    module.__dict__["print"] = print
    tree = ast.parse(text, "program.py")
    shown = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    try:
        exec(compile(tree, "program.py", "exec", dont_inherit=True), module.__dict__)
        if isinstance(shown, ast.Expr):
            code = compile(ast.Expression(shown.value), "program.py", "eval", dont_inherit=True)
            value = eval(code, module.__dict__)
            if value is not None:
                last = [snapshot(value)]
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
    return lambda: last


def snapshot(value: Any) -> Any:
    """`value` as plain data, as it is now: arrays, series and indexes as lists, frames as lists of rows.

    What is no number, text, list, tuple or dictionary (of those) is left as it is.
    """
    try:
        return _plain(value)
    except Exception:  # it holds itself, or its class is of the program's making
        return value


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is list or kind is tuple:
        return kind([_plain(item) for item in value])
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if kind.__module__.partition(".")[0] in ("numpy", "pandas", "torch"):
        made = getattr(value, "values", value) if hasattr(value, "columns") else value
        made = made.tolist()
        return _plain(made) if isinstance(made, list) else made
    return value
