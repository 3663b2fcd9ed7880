"""Judging a piece of code by a test text that puts it into a program of its own making: DS-1000's.

Such a text ends each test by `exec(program, namespace)` and looks into the namespace. Apart from the
program that call is answered from another process: the program and its inputs go there, and what
the test reads comes back as plain data, arrays and frames.
"""

from __future__ import annotations

from dataclasses import replace

from ratchet.judge.hearing import Hearing, Seen, hears
from ratchet.judge.oracles.check import by_check
from ratchet.problems.types import CheckOracle, ContextOracle

_SOLVE = "__solve__"
_LIBRARIES = ("numpy", "pandas", "torch")

_CANDIDATE = f"""\
def {_SOLVE}(program, inputs, outputs):
    namespace = dict(inputs)
    exec(program, namespace)
    return {{name: namespace[name] for name in outputs if name in namespace}}
"""

_EXAMINER = """\
def exec(program, namespace=None):
    namespace = {{}} if namespace is None else namespace
    inputs = {{name: value for name, value in namespace.items() if name != "__builtins__"}}
    namespace.update(__candidate__(program, inputs, {outputs!r}))

"""


@hears(ContextOracle)
def by_context(hearing: Hearing, oracle: ContextOracle) -> Seen:
    """Run the test text on the piece of code: on what it does, then on its text, as DS-1000 does it."""
    code = hearing.candidate.source
    ending = f"\n\n__code__ = {code!r}\ntest_execution(__code__)\n"
    if "test_string(" in oracle.test:
        ending += "test_string(__code__)\n"
    test = _EXAMINER.format(outputs=list(oracle.outputs)) + oracle.test + ending
    # A tensor is one only where torch has been imported before it comes.
    imports = "".join(f"import {name}\n" for name in _LIBRARIES if name in oracle.test)
    check = CheckOracle(_SOLVE, test, script=True, together=oracle.together)
    return by_check(
        replace(
            hearing,
            candidate=replace(hearing.candidate, source=imports + _CANDIDATE),
            problem=replace(hearing.problem, oracle=check),
        ),
        check,
    )
