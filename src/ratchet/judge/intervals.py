"""How sure a mean is: bootstrap intervals over problems, over training seeds, over both.

An interval answers "what else could this number have been?", and that depends
on what is imagined to be drawn again. Each `Interval` says so in `covers`.
All are seeded: the same values and seed give the same interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ratchet.judge.student import t_quantile

_Array = npt.NDArray[np.float64]

_CHUNK = 4_000_000
"""Resampled values held at once, so that memory stays flat (32 MB) for any number of problems."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the bounds of its interval, and what the interval is over.

    `covers` is "problems", "training seeds" or "problems and training seeds".
    """

    mean: float
    low: float
    high: float
    covers: str


def problem_interval(
    values: Sequence[float], *, seed: int = 0, resamples: int = 2000, level: float = 0.95
) -> Interval:
    """The mean of one value per problem, with its percentile bootstrap interval over problems.

    It says how the mean would move with other problems of the same kind, for the
    same model. Where all values are equal the interval has no width: the bootstrap
    cannot imagine what it has not seen.

    Raises ValueError on no values, on values that are not finite, and unless 0 < level < 1.
    """
    data = _checked(values, resamples, level)
    means = _bootstrap_means(data, np.random.default_rng(seed), resamples)
    return _percentiles(float(data.mean()), means, level, "problems")


def paired_interval(
    a: Sequence[float], b: Sequence[float], *, seed: int = 0, resamples: int = 2000, level: float = 0.95
) -> Interval:
    """The mean of a - b over the same problems, with its interval over problems.

    `a[i]` and `b[i]` must belong to one problem: what both find hard cancels, so
    the interval is narrower than two separate ones would suggest. A difference
    whose interval leaves out 0 is unlikely to be the choice of problems alone.

    Raises ValueError as `problem_interval` does, and on different lengths.
    """
    if len(a) != len(b):
        raise ValueError(f"paired values must have equal lengths, not {len(a)} and {len(b)}")
    return problem_interval(
        [x - y for x, y in zip(a, b, strict=True)], seed=seed, resamples=resamples, level=level
    )


def seed_interval(means: Sequence[float], *, level: float = 0.95) -> Interval:
    """The mean over training seeds, with its Student t interval.

    Each value is one whole training's result. With the few seeds that one can
    afford a bootstrap is far too narrow, so the t distribution is used: it
    assumes that the results of single trainings are about normal.

    Raises ValueError on fewer than two values, and unless 0 < level < 1.
    """
    data = _checked(means, 1, level)
    if data.size < 2:
        raise ValueError("an interval over training seeds needs at least two of them")
    mean = float(data.mean())
    half = t_quantile(level, data.size - 1) * float(data.std(ddof=1)) / float(np.sqrt(data.size))
    return Interval(mean, mean - half, mean + half, "training seeds")


def nested_interval(
    values_by_seed: Sequence[Sequence[float]],
    *,
    seed: int = 0,
    resamples: int = 2000,
    level: float = 0.95,
    same_problems: bool = False,
) -> Interval:
    """The mean over seeds of the mean over problems, with its hierarchical bootstrap interval.

    Each resample draws training seeds, then problems: for each drawn seed anew,
    or once for all seeds when `same_problems` says that position i is the same
    problem for every seed (which is then the honest choice: it does not let a
    hard problem average out). With fewer than about five seeds the part that
    comes from seeds is too narrow; `seed_interval` is the careful one.

    Raises ValueError on no seeds, a seed with no values, values that are not finite,
    different lengths with `same_problems`, and unless 0 < level < 1.
    """
    if not values_by_seed:
        raise ValueError("an interval needs at least one value")
    rows = [_checked(values, resamples, level) for values in values_by_seed]
    mean = float(np.mean([row.mean() for row in rows]))
    rng = np.random.default_rng(seed)
    resample = _crossed_means if same_problems else _nested_means
    return _percentiles(mean, resample(rows, rng, resamples), level, "problems and training seeds")


def _checked(values: Sequence[float], resamples: int, level: float) -> _Array:
    data = np.asarray(values, dtype=np.float64)
    if data.ndim != 1 or data.size == 0:
        raise ValueError("an interval needs at least one value")
    if not np.isfinite(data).all():
        raise ValueError("an interval needs finite values")
    if resamples < 1 or not 0.0 < level < 1.0:
        raise ValueError("an interval needs resamples >= 1 and 0 < level < 1")
    return data


def _bootstrap_means(data: _Array, rng: np.random.Generator, resamples: int) -> _Array:
    """Means of `resamples` draws with replacement, as many at a time as memory allows."""
    step = max(1, _CHUNK // data.size)
    parts = [
        data[rng.integers(data.size, size=(min(step, resamples - start), data.size))].mean(axis=1)
        for start in range(0, resamples, step)
    ]
    return np.concatenate(parts)


def _nested_means(rows: list[_Array], rng: np.random.Generator, resamples: int) -> _Array:
    """Resampled means where each seed has problems of its own.

    A seed that is drawn twice gets two different draws of its problems, as it
    must: `draws` holds one independent set of means for each place in the resample.
    """
    draws = np.stack(
        [np.stack([_bootstrap_means(row, rng, resamples) for row in rows]) for _ in range(len(rows))]
    )
    chosen = rng.integers(len(rows), size=(resamples, len(rows)))
    places = np.arange(len(rows))
    picked: _Array = draws[places[None, :], chosen, np.arange(resamples)[:, None]]
    return np.asarray(picked.mean(axis=1))


def _crossed_means(rows: list[_Array], rng: np.random.Generator, resamples: int) -> _Array:
    """Resampled means where all seeds share their problems: seeds and problems are drawn across."""
    if len({row.size for row in rows}) > 1:
        raise ValueError("the same problems for every seed means equally many values for every seed")
    table = np.stack(rows)
    seeds, problems = table.shape
    means = np.empty(resamples)
    for i in range(resamples):
        weights = np.bincount(rng.integers(seeds, size=seeds), minlength=seeds) / seeds
        means[i] = (weights @ table)[rng.integers(problems, size=problems)].mean()
    return means


def _percentiles(mean: float, means: _Array, level: float, covers: str) -> Interval:
    low, high = np.quantile(means, [(1.0 - level) / 2, (1.0 + level) / 2])
    return Interval(mean, float(low), float(high), covers)
