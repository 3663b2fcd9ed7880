"""A verdict on a busy server: a time-out for want of a core is tried once more."""

from __future__ import annotations

from ratchet.judge import Verdict, judge
from ratchet.judge.hearing import OracleMode
from ratchet.judge.judging import was_kept_waiting
from ratchet.judge.load import patience
from ratchet.problems.types import Problem, Sample
from ratchet.sandbox.types import Limits, Sandbox


def judged(
    problem: Problem, sample: Sample, sandbox: Sandbox, limits: Limits, *, oracle: OracleMode
) -> Verdict:
    """As `judge`, and once more with patience where it timed out without having had its time as CPU time.

    Raises as `judge` does.
    """
    verdict = judge(problem, sample, sandbox, limits, oracle=oracle)
    if not was_kept_waiting(verdict, limits):
        return verdict
    return judge(problem, sample, sandbox, limits, oracle=oracle, patience=patience())
