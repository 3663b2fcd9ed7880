"""Quantiles of Student's t distribution, without scipy.

The distribution function is written with the regularised incomplete beta
function, which is summed as the continued fraction of DLMF 8.17.22 (modified
Lentz algorithm); the quantile is found by bisection.
"""

from __future__ import annotations

from math import exp, lgamma, log, log1p

_TINY = 1e-300


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of DLMF 8.17.22; it converges fast for x < (a+1)/(a+b+2)."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, 500):
        before = value
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 + numerator * d
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = 1.0 + numerator / c
            c = c if abs(c) > _TINY else _TINY
            value *= c * d
        if abs(value - before) <= 1e-15 * abs(value):
            break
    return value


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 <= x <= 1."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b


def t_quantile(level: float, degrees: int) -> float:
    """The t for which a two-sided interval of `degrees` degrees of freedom covers `level`.

    `t_quantile(0.95, 2)` is 4.303: the half-width of a 95 % interval of a mean of
    three values, in standard errors. Raises ValueError unless 0 < level < 1 and degrees >= 1.
    """
    if not 0.0 < level < 1.0 or degrees < 1:
        raise ValueError("a t quantile needs 0 < level < 1 and at least one degree of freedom")

    def outside(t: float) -> float:
        return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t))

    low, high = 0.0, 1.0
    while outside(high) > 1.0 - level:
        high *= 2.0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if outside(middle) > 1.0 - level:
            low = middle
        else:
            high = middle
    return (low + high) / 2
