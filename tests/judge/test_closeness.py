"""The rules by which an answer agrees with the reference's: EvalPlus's, held against numpy's own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.judge.closeness import FLOAT_TOLERANCE, RULES, close, is_floats, tolerance_for

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("got", "expected", "tolerance", "agree"),
    [
        (1, 1, 0.0, True),
        (True, 1, 0.0, True),
        (1.0, 1, 0.0, True),
        ([1], (1,), 0.0, False),
        (1.0000001, 1.0, 0.0, True),
        (1.00001, 1.0, 0.0, False),
        (1.00001, 1.0, 1e-4, True),
        (1, 1.0000001, 0.0, False),  # not of one type
        ([1.0, 2.0000001], [1.0, 2.0], 0.0, True),
        ((1.0, 2.0000001), [1.0, 2.0], 0.0, False),
        ([1, 2.0000001], [1, 2.0], 0.0, False),  # not all floats: exact
        ([1, 2.0000001], [1, 2.0], 1e-6, True),
        ([[1.0], [2.00001]], [[1.0], [2.0]], 1e-4, True),
        ([1.0], [1.0, 2.0], 1e-4, False),
        ("1.00001", "1.0", 1e-4, False),
        ({"a": 1.00001}, {"a": 1.0}, 1e-4, False),
        (INF, INF, 0.0, True),
        (INF, -INF, 0.0, False),
        (1e308, INF, 0.0, False),
        (NAN, NAN, 0.0, False),
        (None, 1.0, 0.0, False),
        (1.00001 + 0j, 1 + 0j, 1e-4, True),
        ([], [], 0.0, True),
    ],
)
def test_equal_or_close(got: Any, expected: Any, tolerance: float, agree: bool) -> None:
    assert RULES["evalplus"]((), got, expected, tolerance) is agree


@given(
    st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=5),
    st.lists(st.floats(-1e-5, 1e-5), min_size=5, max_size=5),
    st.sampled_from([1e-6, 1e-4, 1e-9]),
)
def test_floats_are_close_as_numpy_has_it(numbers: list[float], noise: list[float], tolerance: float) -> None:
    got = [number + error for number, error in zip(numbers, noise, strict=False)]
    assert close(got, numbers, tolerance) == np.allclose(got, numbers, rtol=1e-7, atol=tolerance)


def test_arrays_are_close_element_by_element() -> None:
    assert close(np.array([1.0, 2.00001]), np.array([1.0, 2.0]), 1e-4)
    assert not close(np.array([1.0, 2.1]), np.array([1.0, 2.0]), 1e-4)
    assert is_floats(np.zeros(2))
    assert is_floats(np.zeros(2, "float32"))
    assert not is_floats(np.zeros(2, int))


def test_floats_alone_are_given_a_tolerance() -> None:
    assert tolerance_for([1.0, 2.0], 0.0) == FLOAT_TOLERANCE
    assert tolerance_for([1.0, 2], 0.0) == tolerance_for([], 0.0) == tolerance_for(1, 0.0) == 0.0
    assert tolerance_for(1.0, 1e-4) == 1e-4


@pytest.mark.parametrize(
    ("rule", "args", "got", "expected", "agree"),
    [
        ("evalplus set", (), [2, 1, 1], (1, 2), True),
        ("evalplus set", (), [2, 3], (1, 2), False),
        ("evalplus not none", (), None, False, True),
        ("evalplus not none", (), "a match", True, True),
        ("evalplus not none", (), "a match", False, False),
        ("evalplus not none", (), False, False, True),
        ("evalplus not none", (), False, True, False),
        ("evalplus root", ([6, -5, 1],), 3.0, 2.0, True),
        ("evalplus root", ([6, -5, 1],), 2.5, 2.0, False),
        ("evalplus digits", (23, 56), 6, 6, True),
        ("evalplus digits", (1, 23), 4, 5, True),
        ("evalplus digits", (1, 23), 3, 5, False),
        ("evalplus pyramid", (3, 4), 33, 39, False),
        ("evalplus pyramid", (3, 4), 35, 39, True),
        ("evalplus pyramid", (3, 4), 39, 39, True),
    ],
)  # fmt: skip
def test_tasks_with_a_rule_of_their_own(
    rule: str, args: tuple[Any, ...], got: Any, expected: Any, agree: bool
) -> None:
    tolerance = 1e-4 if rule == "evalplus root" else 0.0
    assert RULES[rule](args, got, expected, tolerance) is agree
