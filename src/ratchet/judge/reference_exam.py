"""An exam by a reference's answers: the text that the examiner's process runs.

It is read from this file and sent into the jail together with `showing` and
`closeness`, whose names it uses; there it holds no more than the cases of one problem.
"""

from __future__ import annotations

import copy
import pickle
import signal
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from ratchet.judge.closeness import RULES, Rule, tolerance_for
from ratchet.judge.showing import shown, shown_call

__tidy__ = True
"""For the examiner that runs this text: it leaves one handler of a signal, which the next text sets anew."""

_AT_ONCE = 64


class Slow(Exception):
    """One call took longer than it may."""


def hold(candidate: Callable[..., Any], file: BinaryIO) -> None:
    """Put every case in `file` to `candidate`; raises at the first answer that is wrong, or late.

    `file` holds two pickles of ours: (name, reference, rule, tolerance, patience, original), and a
    list of (arguments, known, expected, seconds, digest, floor). `patience` stretches the seconds. Where
    what is expected is not known, being large, `digest` is that of its bytes and `floor` the tolerance
    that it raises 0 to; if the bytes differ the reference's own program is asked here. The first
    `original` cases are asked apart from the others.

    Once floats have raised a tolerance of 0, later cases keep it: EvalPlus does so.
    """
    name, program, rule, tolerance, patience, original = pickle.load(file)
    cases = pickle.load(file)
    agree = RULES[rule]
    signal.signal(signal.SIGALRM, _ring)
    number = 0
    for batch in _batches(cases, original):
        outcomes = _outcomes(candidate, batch)
        for place, (args, known, expected, seconds, _, floor) in enumerate(batch):
            number += 1
            said = ""
            try:
                signal.setitimer(signal.ITIMER_REAL, seconds * patience)
                kind, got = next(outcomes)
            except Slow:
                # Answers that come quickly arrive together: which of those calls it was is not known.
                which = f"{number}" if place == len(batch) - 1 else f"{number} or one soon after it"
                took = f"took longer than {seconds:.3g} s"
                raise Slow(f"case {which}: {shown_call(name, args)} {took}") from None
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            if kind == "same":
                tolerance = tolerance or floor
                continue
            if kind == "raised" and isinstance(got, MemoryError):
                raise MemoryError(f"case {number}: {shown_call(name, args)} raised MemoryError")
            if kind == "raised":
                said = f"raised {type(got).__name__}: {str(got)[:100]}"
            if not known:
                expected = _of_reference(program, name, args)
            tolerance = tolerance_for(expected, tolerance)
            if not said:
                if _holds(agree, args, got, expected, tolerance):
                    continue
                said = f"returned {shown(got)}"
            raise AssertionError(
                f"case {number}: {shown_call(name, args)} {said}, expected {shown(expected)}"
            )


def _batches(cases: list[Any], original: int) -> Iterator[list[Any]]:
    """The cases as they are asked: so many at once, and the original ones apart."""
    for part in (cases[:original], cases[original:]):
        for start in range(0, len(part), _AT_ONCE):
            yield part[start : start + _AT_ONCE]


def _outcomes(candidate: Callable[..., Any], batch: list[Any]) -> Iterator[tuple[str, Any]]:
    """What comes of each call, as the examiner's `many` tells it."""
    many = getattr(candidate, "many", None)
    if many is not None:
        yield from many([case[0] for case in batch], [case[4] for case in batch])
        return
    for case in batch:
        try:
            yield "value", candidate(*case[0])
        except Slow:
            raise
        except BaseException as error:
            yield "raised", error


def _of_reference(program: str, name: str, args: tuple[Any, ...]) -> Any:
    global __tidy__
    __tidy__ = False  # what a reference's program leaves behind is not known
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
