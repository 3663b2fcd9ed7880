"""A verdict on a busy server: a time-out for want of a core is tried once more."""

from __future__ import annotations

from typing import Any

from ratchet.judge import Verdict, VerdictStatus, judge
from ratchet.judge.load import patience
from ratchet.judge.oracles import OracleMode
from ratchet.problems.types import Problem, Sample
from ratchet.sandbox.types import Limits

_OWN_TIME = 0.95


def judged(problem: Problem, sample: Sample, sandbox: Any, limits: Limits, *, oracle: OracleMode) -> Verdict:
    """As `judge`, and once more with patience where it timed out without having had its time as CPU time.

    Raises as `judge` does.
    """
    verdict = judge(problem, sample, sandbox, limits, oracle=oracle)
    if verdict.status is not VerdictStatus.TIMEOUT:
        return verdict
    if verdict.cpu_s >= _OWN_TIME * min(limits.wall_s, verdict.wall_s):
        return verdict
    return judge(problem, sample, sandbox, limits, oracle=oracle, patience=patience())
