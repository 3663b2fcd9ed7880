"""BeatNumEval: NumpyEval in the words of a private library (Zan et al. 2022, microsoft/PyCodeGPT, MIT)."""

from __future__ import annotations

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.private.loading import CHOICES, load_private
from ratchet.problems.registry import benchmark


@benchmark("beatnumeval", choices=CHOICES, default="strict")
def load(choice: str) -> Benchmark:
    """The 101 problems, judged by `choice` (see `ratchet.problems.private.loading`)."""
    return load_private("BeatNumEval", "beatnum", choice)
