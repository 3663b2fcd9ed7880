"""pass@k: the chance that at least one of k samples of a problem is right."""

from __future__ import annotations

from math import prod


def pass_at_k(samples: int, passed: int, k: int) -> float:
    """The unbiased estimate of pass@k from `samples` samples of which `passed` are right.

    This is 1 - C(n-c, k) / C(n, k) of Chen et al. 2021 ("Evaluating Large Language
    Models Trained on Code", equation 1), as a product in which no large binomial is
    ever formed. C(n-c, k) / C(n, k) equals C(n-k, c) / C(n, c), so the shorter of the
    two products is taken, which is also the more exact one.

    Raises ValueError unless 0 <= passed <= samples and 1 <= k <= samples.
    """
    if not 0 <= passed <= samples:
        raise ValueError(f"{passed} of {samples} samples cannot have passed")
    if not 1 <= k <= samples:
        raise ValueError(f"pass@{k} cannot be estimated from {samples} samples")
    fewer, more = sorted((k, passed))
    return 1.0 - prod((samples - more - i) / (samples - i) for i in range(min(fewer, samples - more + 1)))
