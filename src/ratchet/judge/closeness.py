"""When an answer agrees with the reference's: EvalPlus's rules, by name.

A rule is called with the function's arguments, the answer, the reference's answer and
the absolute tolerance. It returns False, or raises, where they disagree.

The rules are those of EvalPlus 0.3 (evalplus/eval), written anew. Equality by `==`
comes first. Where that fails, and a tolerance is given or the reference's answer is a
float or a list or tuple of floats (then 1e-6), both must be of the same type and
numerically close: |a - b| <= tolerance + 1e-7 |b|, element by element. Some tasks
have a rule of their own.

Standard library only, no import of ours: this text also runs in the examiner's process
(`ratchet.judge.reference`).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

Rule = Callable[[tuple[Any, ...], Any, Any, float], bool]

FLOAT_TOLERANCE = 1e-6
"""The tolerance for floats where a task names none."""
_RELATIVE = 1e-7

RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    """Register the decorated function as the rule `name`."""

    def register(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return register


def tolerance_for(expected: Any, tolerance: float) -> float:
    """`tolerance`, or where it is 0 the one that floats are always given."""
    return FLOAT_TOLERANCE if tolerance == 0 and is_floats(expected) else tolerance


def is_floats(value: Any) -> bool:
    """Whether it is a float, a list or tuple of nothing but floats, or an array of them."""
    if isinstance(value, float):
        return True
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(item, float) for item in value)
    return str(getattr(value, "dtype", "")) in ("float32", "float64")


def close(got: Any, expected: Any, tolerance: float) -> bool:
    """Whether all numbers in `got` are close to those at the same places of `expected`."""
    if hasattr(got, "tolist") and hasattr(expected, "tolist"):
        got, expected = got.tolist(), expected.tolist()
    if isinstance(expected, (list, tuple)):
        return len(got) == len(expected) and all(
            close(one, other, tolerance) for one, other in zip(got, expected, strict=True)
        )
    if not isinstance(got, (int, float, complex)) or not isinstance(expected, (int, float, complex)):
        return False
    if got == expected:
        return True
    finite = cmath.isfinite(got) and cmath.isfinite(expected)
    return finite and abs(got - expected) <= tolerance + _RELATIVE * abs(expected)


def _agree(exact: bool, got: Any, expected: Any, tolerance: float) -> bool:
    tolerance = tolerance_for(expected, tolerance)
    if exact or tolerance == 0:
        return exact
    return type(got) is type(expected) and close(got, expected, tolerance)


@rule("evalplus")
def by_value(args: tuple[Any, ...], got: Any, expected: Any, tolerance: float) -> bool:
    """Equal, or close."""
    return _agree(bool(got == expected), got, expected, tolerance)


@rule("evalplus set")
def in_any_order(args: tuple[Any, ...], got: Any, expected: Any, tolerance: float) -> bool:
    """The same items, however ordered and however often."""
    return _agree(set(got) == set(expected), got, expected, tolerance)


@rule("evalplus not none")
def found_or_not(args: tuple[Any, ...], got: Any, expected: Any, tolerance: float) -> bool:
    """Whether there is a match: a truth value itself, or anything but None."""
    there = expected if isinstance(expected, bool) else expected is not None
    return there == (got if isinstance(got, bool) else got is not None)


@rule("evalplus root")
def is_a_root(args: tuple[Any, ...], got: Any, expected: Any, tolerance: float) -> bool:
    """HumanEval/32: any root of the polynomial whose coefficients were given."""
    value = sum(coefficient * math.pow(got, power) for power, coefficient in enumerate(args[0]))
    return bool(abs(value) <= tolerance)


@rule("evalplus digits")
def by_digits(args: tuple[Any, ...], got: Any, expected: Any, tolerance: float) -> bool:
    """Mbpp/558: the reference's reading, or the differences of the digits at the same places."""
    one, other = str(args[0]), str(args[1])
    width = max(len(one), len(other))
    pairs = zip(one.zfill(width), other.zfill(width), strict=True)
    apart = sum(abs(int(left) - int(right)) for left, right in pairs)
    return _agree(bool(got == expected) or bool(got == apart), got, expected, tolerance)


@rule("evalplus pyramid")
def by_height(args: tuple[Any, ...], got: Any, expected: Any, tolerance: float) -> bool:
    """Mbpp/581: the reference's reading, or `height` as the distance of the apex from the base."""
    edge, height = args
    surface = round(edge**2 + 2 * edge * math.sqrt((edge / 2) ** 2 + height**2))
    return _agree(bool(got == expected) or abs(got - surface) <= tolerance, got, expected, tolerance)
