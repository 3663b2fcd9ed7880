"""When what a program printed last is what was expected: CodeGen's rules for MTPB, and ours.

Both compare in our process, on plain data that came out of the jail.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from ratchet.judge.compare import equal
from ratchet.problems.types import PrintedOracle

PAPER_TOLERANCE = 1e-6
"""The paper's, absolute: a difference must be smaller."""

TOLERANCE = 1e-6
"""The strict rules': relative for numbers below 1, absolute for those above."""
_ROUNDING = 1e-12
_NEAR_ZERO = 1e-9


def program_of(oracle: PrintedOracle, text: str, *, patience: float = 1.0) -> str:
    """The source that runs the program `text` in the jail and defines `answer` (see `printed_inside`).

    It depends on the oracle's rules alone, and on nothing that is expected.
    """
    if oracle.rules == "paper":
        call = f"paper({text!r}, {oracle.seconds * patience!r})"
    else:
        call = f"strict({text!r})"
    return f"{_inside()}\nanswer = {call}\n"


@cache
def _inside() -> str:
    return resources.files("ratchet.judge").joinpath("printed_inside.py").read_text(encoding="utf-8")


def equal_as_paper(forms: Mapping[str, Any], expected: Any) -> bool:
    """`check_equivalence` of CodeGen's mtpb_exec.py (commit 6f09e495f41e), written anew.

    `forms` is the printed value as the types that it can be cast to ("str", "int", "float",
    "list"), and as an array ("series") where it is a Series of pandas. In this order:

    * a Series is close to the expected value as an array (numpy's `allclose`, broadcasting);
    * where a bool is expected, the texts are the same;
    * where a str, int or list is, the value cast to that type equals it;
    * where a float is, the value cast to float differs by less than 1e-6;
    * where anything else is (a dictionary, None), nothing is equal to it.

    So "1" and 1.9 pass for 1, "abc" for ["a", "b", "c"], {1, 2} for [1, 2], an empty Series for any
    number; dictionaries and None never pass, and floats in lists must be equal to the last bit.
    """
    try:
        if "series" in forms:
            return _all_close(forms["series"], expected)
        if isinstance(expected, bool):
            return bool(forms["str"] == str(expected))
        if isinstance(expected, float):
            return bool(abs(forms["float"] - expected) < PAPER_TOLERANCE)
        if isinstance(expected, str | int | list):
            return bool(forms[type(expected).__name__] == expected)
    except Exception:
        # A cast that was not possible, an array that is no truth value, texts that are no numbers:
        # all that is raised there is a failed case.
        return False
    return False


def _all_close(series: Any, expected: Any) -> bool:
    import numpy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(numpy.allclose(series, numpy.array(expected)))


def equal_strictly(got: Any, expected: Any) -> bool:
    """Whether the printed value is the expected one; this never raises.

    * Numbers equal numbers, 2.0 also 2, as JSON, in which the answers are published, has but
      one kind. Two ints are equal or not; where either is a float they may differ by 1e-6 times
      the expected one, or by 1e-6 where that is above 1 (from 0 by 1e-9; from a float above a
      million by 1e-12 times it). This holds at every depth, within lists too.
    * A bool equals a bool only, None is None, a text equals the same text: no "1" for 1, no 1 for True.
    * A list equals a list or tuple (JSON has no tuples) of as many items which are equal in
      order, and so an array, a Series or an Index of them; a frame is the list of its rows. A
      set, an iterator, a text is no list.
    * A dictionary equals one with the same keys, whatever their order, and equal values.
    """
    if expected is None or got is None:
        return got is expected
    if isinstance(expected, bool) or isinstance(got, bool):
        return type(got) is type(expected) and bool(got == expected)
    if isinstance(expected, int | float):
        return isinstance(got, int | float) and _close(got, expected)
    if isinstance(expected, list | tuple):
        return (
            isinstance(got, list | tuple)
            and len(got) == len(expected)
            and all(map(equal_strictly, got, expected))
        )
    if isinstance(expected, dict):
        return (
            isinstance(got, dict)
            and got.keys() == expected.keys()
            and all(equal_strictly(got[key], expected[key]) for key in expected)
        )
    return type(got) is type(expected) and equal(got, expected)


def _close(got: int | float, expected: int | float) -> bool:
    if got == expected or (got != got and expected != expected):
        return True
    if isinstance(got, int) and isinstance(expected, int):
        return False
    try:
        apart = abs(got - expected)
    except OverflowError:
        return False
    size = abs(expected)
    tolerance = TOLERANCE * min(1.0, size) if size else _NEAR_ZERO
    if isinstance(expected, float):
        tolerance = max(tolerance, _ROUNDING * size)
    return math.isfinite(apart) and apart <= tolerance
