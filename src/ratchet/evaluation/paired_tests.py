"""Tests on paired results: how often chance alone would make a difference this large."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import comb, lcm

import numpy as np

_EXACT_UP_TO = 400_000
"""Places of the exact distribution; above that, flips are drawn at random."""
_DRAWS = 20_000


def mcnemar(first_alone: int, second_alone: int) -> float:
    """The two-sided p value of McNemar's exact test.

    Args:
        first_alone: pairs in which only the first was right.
        second_alone: pairs in which only the second was.

    Those in which both or neither were right say nothing. The others are a coin's tosses, if
    there is no difference: twice the smaller binomial tail at 1/2, at most 1. Raises ValueError
    on counts below 0.
    """
    if min(first_alone, second_alone) < 0:
        raise ValueError("counts cannot be below 0")
    tosses = first_alone + second_alone
    tail = sum(comb(tosses, i) for i in range(min(first_alone, second_alone) + 1))
    # Whole numbers until here: 2 ** tosses may be beyond a float.
    return float(min(Fraction(2 * tail, 1 << tosses), Fraction(1)))


def sign_flip(differences: Sequence[Fraction], *, seed: int = 0) -> float:
    """The two-sided p value of the sign-flip test: is the mean of paired differences 0?

    Under the hypothesis that the two of each pair are alike, every difference might as well
    have had the other sign; p is the share of all 2^n choices of signs whose sum is at least as
    far from 0. The distribution is exact wherever the differences' common denominator is small
    enough (it is for up to some hundred samples a problem); otherwise 20,000 choices are drawn with
    `seed`, and the observed one is counted among them.

    Differences of -1, 0 and 1 make it McNemar's exact test.
    """
    scale = lcm(*(difference.denominator for difference in differences)) if differences else 1
    sizes = [abs(int(difference * scale)) for difference in differences if difference]
    observed = abs(int(sum(differences) * scale))
    if not observed:
        return 1.0
    total = sum(sizes)
    if 2 * total + 1 <= _EXACT_UP_TO:
        chances = np.ones(1)
        for size in sizes:
            # Place i of the array is the sum i - (sum of the sizes so far).
            wider = np.zeros(chances.size + 2 * size)
            wider[: chances.size] += chances / 2
            wider[2 * size :] += chances / 2
            chances = wider
        places = np.abs(np.arange(-total, total + 1))
        return float(min(chances[places >= observed].sum(), 1.0))
    rng = np.random.default_rng(seed)
    values = np.array(sizes, dtype=np.float64)
    reached = 0
    for _ in range(0, _DRAWS, 1000):
        signs = rng.choice(np.array([-1.0, 1.0]), size=(1000, values.size))
        reached += int((np.abs(signs @ values) >= observed * (1 - 1e-12)).sum())
    return (1 + reached) / (1 + _DRAWS)


def holm(values: Sequence[float]) -> list[float]:
    """p values after Holm's step-down correction for their number, in the order given."""
    corrected = [0.0] * len(values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        highest = max(highest, min(1.0, (len(values) - rank) * values[place]))
        corrected[place] = highest
    return corrected
