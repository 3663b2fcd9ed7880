"""An exam by a reference's answers: the text that the examiner's process runs.

It is read from this file and sent into the jail together with `showing` and
`closeness`, whose names it uses; there it holds no more than the cases of one problem.
"""

from __future__ import annotations

import copy
import pickle
import signal
from collections.abc import Callable
from typing import Any, BinaryIO

from ratchet.judge.closeness import RULES, Rule, tolerance_for
from ratchet.judge.showing import shown, shown_call


class Slow(Exception):
    """One call took longer than it may."""


def hold(candidate: Callable[..., Any], file: BinaryIO) -> None:
    """Put every case in `file` to `candidate`; raises at the first answer that is wrong, or late.

    `file` holds two pickles of ours: (name, reference, rule, tolerance, patience), and a
    list of (arguments, known, expected, seconds). `patience` stretches the seconds. Where
    what is expected is not known, being large, the reference's own program is asked here.

    Once floats have raised a tolerance of 0, later cases keep it: EvalPlus does so.
    """
    name, program, rule, tolerance, patience = pickle.load(file)
    agree = RULES[rule]
    signal.signal(signal.SIGALRM, _ring)
    for number, (args, known, expected, seconds) in enumerate(pickle.load(file), start=1):
        said = ""
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds * patience)
            got = candidate(*args)
        except (Slow, MemoryError) as error:
            kind = type(error)
            took = f"took longer than {seconds:.3g} s" if kind is Slow else "raised MemoryError"
            raise kind(f"case {number}: {shown_call(name, args)} {took}") from None
        except BaseException as error:
            said = f"raised {type(error).__name__}: {str(error)[:100]}"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if not known:
            expected = _of_reference(program, name, args)
        tolerance = tolerance_for(expected, tolerance)
        if not said:
            if _holds(agree, args, got, expected, tolerance):
                continue
            said = f"returned {shown(got)}"
        raise AssertionError(f"case {number}: {shown_call(name, args)} {said}, expected {shown(expected)}")


def _of_reference(program: str, name: str, args: tuple[Any, ...]) -> Any:
    namespace: dict[str, Any] = {}
    exec(program, namespace)
    return namespace[name](*copy.deepcopy(args))


def _holds(agree: Rule, args: tuple[Any, ...], got: Any, expected: Any, tolerance: float) -> bool:
    try:
        return agree(args, got, expected, tolerance)
    except Exception:  # what cannot be compared does not agree
        return False


def _ring(number: int, frame: Any) -> None:
    raise Slow
