"""Drawing the next token, and whether a slightly different computation could have drawn another one.

The same sequence has logits that differ in their last digits when it is computed in another batch:
matrix products of another shape add up in another order. A draw that lies near the edge between two
tokens then falls to the one or to the other. So `draw` says of each draw whether it is sure: whether
every distribution whose log-probabilities are within `tolerance` of those given has the same draw.
One that is not sure is to be made again from logits that depend on the sequence alone. As long as
all differences stay below half of `tolerance`, both roads lead to the same token in every batch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ratchet.engines.base import SamplingParams

_Floats = npt.NDArray[np.float64]
_Flags = npt.NDArray[np.bool_]
_Tokens = npt.NDArray[np.intp]

_DOUBLE = 1e-12
"""What sums of doubles may be off by."""


def draw(
    logprobs: npt.NDArray[np.float32], params: SamplingParams, drawn: _Floats, tolerance: float = 0.0
) -> tuple[_Tokens, _Flags]:
    """A token for each row of natural log-probabilities, and whether it is sure.

    At temperature 0 the likeliest. Else the one in whose part of the cumulative distribution, in the
    order of the vocabulary, the number `drawn[i]` (0 <= it < 1) lies. `tolerance` is in nats of
    untempered log-probability; with 0 all are sure.
    """
    if params.temperature <= 0:
        found: _Tokens = logprobs.argmax(axis=1)
        if not tolerance or logprobs.shape[1] < 2:
            return found, np.ones(len(found), dtype=bool)
        two = np.partition(logprobs, -2, axis=1)[:, -2:]
        return found, two[:, 1] - two[:, 0] > tolerance
    slack = tolerance / params.temperature
    scaled: _Floats = logprobs.astype(np.float64) / params.temperature
    weights: _Floats = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    disputed = np.zeros_like(weights, dtype=bool)
    if params.top_p < 1:
        disputed = _keep_nucleus(weights, params.top_p, slack)
    cumulative = np.cumsum(weights, axis=1)
    total = cumulative[:, -1]
    target = drawn * total
    found = (cumulative <= target[:, None]).sum(axis=1).clip(max=weights.shape[1] - 1)
    if not tolerance:
        return found, np.ones(len(found), dtype=bool)
    rows = np.arange(len(found))
    high = cumulative[rows, found]
    low = high - weights[rows, found]
    # Twice: once for what was before the token and once for the whole may have gone, or come.
    share = 2 * (weights * disputed).sum(axis=1)
    if params.top_p < 1:
        share += 4 * _shift(np.array(params.top_p), slack)
    share = share / total + _DOUBLE  # of what is left, as `low` and `high` are below
    sure = (target - low) / total > _shift(low / total, slack) + share
    sure &= (high - target) / total > _shift(high / total, slack) + share
    return found, sure & ~disputed[rows, found]


def _keep_nucleus(weights: _Floats, top_p: float, slack: float) -> _Flags:
    """Leave in place only the likeliest tokens that reach `top_p`; say which might as well be in or out.

    The weights of those that are out but might be in stay 0: their shares are as small as those of
    the last that are in, which are counted.
    """
    order = np.argsort(-weights, axis=1, kind="stable")
    ordered = np.take_along_axis(weights, order, axis=1)
    before = np.cumsum(ordered, axis=1) - ordered
    kept = np.concatenate([np.ones((len(weights), 1), dtype=bool), before[:, 1:] < top_p], axis=1)
    last = kept.sum(axis=1, keepdims=True) - 1
    disputed = np.zeros_like(kept)
    if slack:
        disputed = np.abs(before - top_p) <= _shift(before, slack) + _DOUBLE
        disputed[:, 0] = False
        edge = np.take_along_axis(ordered, last, axis=1)
        beyond = np.take_along_axis(ordered, np.minimum(last + 1, weights.shape[1] - 1), axis=1)
        alike = np.abs(np.log(np.maximum(ordered, 1e-300)) - np.log(edge)) <= 2 * slack
        tied = np.log(edge) - np.log(np.maximum(beyond, 1e-300)) <= 2 * slack
        disputed |= alike & tied & (last + 1 < weights.shape[1])
        # The last one in stands for the next one out, which has no weight of its own below.
        at_edge = np.arange(weights.shape[1])[None, :] == last
        disputed |= at_edge & (disputed & ~kept).any(axis=1, keepdims=True)
    ordered[~kept] = 0.0
    np.put_along_axis(weights, order, ordered, axis=1)
    found = np.zeros_like(disputed)
    np.put_along_axis(found, order, disputed, axis=1)
    return found


def _shift(share: _Floats, slack: float) -> _Floats:
    """By how much a cumulative share can move where every log-weight moves by `slack` at most.

    The odds share / (1 - share) then change by a factor of e**(2 slack) at most; the bound is not
    below what that does to the share.
    """
    with np.errstate(over="ignore"):
        grown = np.expm1(2 * slack)
    moved: _Floats = np.minimum(1.0, grown * share * (1 - share))
    return np.where(share * (1 - share) > 0, moved, 0.0)
