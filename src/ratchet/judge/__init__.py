"""What a sample is worth: from a completion and its Problem to a Verdict, and to pass@k.

    from ratchet.judge import judge, score
    from ratchet.sandbox import Limits, LocalSandbox

    with LocalSandbox() as sandbox:
        verdict = judge(problem, sample, sandbox, Limits(wall_s=3.0))
    print(verdict.status, verdict.detail)

    result = score("humaneval", "samples.jsonl")       # as `ratchet score` does
    print(result.pass_at[0].mean, result.counts)

`judge_many` keeps all slots of a sandbox busy. The tests run, and answers are
compared, outside the process of the program that is judged. `intervals` says
how sure a mean is: over problems, over training seeds, over both.
"""

from ratchet.judge.compare import equal
from ratchet.judge.hearing import OracleMode
from ratchet.judge.intervals import (
    Interval,
    nested_interval,
    paired_interval,
    problem_interval,
    seed_interval,
)
from ratchet.judge.judging import judge, judge_many
from ratchet.judge.pass_at_k import pass_at_k
from ratchet.judge.results import PassAtK, Score
from ratchet.judge.scoring import score
from ratchet.judge.types import Verdict, VerdictStatus

__all__ = [
    "Interval",
    "OracleMode",
    "PassAtK",
    "Score",
    "Verdict",
    "VerdictStatus",
    "equal",
    "judge",
    "judge_many",
    "nested_interval",
    "paired_interval",
    "pass_at_k",
    "problem_interval",
    "score",
    "seed_interval",
]
