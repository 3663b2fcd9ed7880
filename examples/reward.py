"""Rewards for reinforcement learning: the honest verdict on what a model wrote, as TRL and verl ask for it.

    trainer = GRPOTrainer(model, reward_funcs=reward, train_dataset=dataset, ...)        # TRL

    custom_reward_function.path=examples/reward.py                                       # verl
    custom_reward_function.name=compute_score

A problem is a test (Python that defines `check(candidate)`, as HumanEval's do, or bare
assertions) and the name of the function that it tests: for TRL the dataset's columns `test`
and `entry_point`, for verl a `ground_truth` {"test": ..., "entry_point": ...}, or its JSON.

1 for a program that passed, 0 for any that did not, -1 for one that was seen to write
something else where answers are due: cheating must not pay better than failing. What the
sandbox could not judge because it broke itself has no reward: None for TRL, which leaves it
out, and an exception for verl. The tests run outside the program's process; there is nothing
in there that a policy could learn to forge.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from ratchet.errors import HarnessError
from ratchet.judge import Verdict, VerdictStatus, judge, judge_many
from ratchet.problems import CheckOracle, Problem, Sample
from ratchet.sandbox import Limits, LocalSandbox

LIMITS = Limits(wall_s=5.0)
_FENCE = re.compile(r"^```[ \t]*(\w*)[^\n]*\n(.*?)(?:^```|\Z)", re.DOTALL | re.MULTILINE)
_PYTHON = {"", "python", "py", "python3"}

Message = Mapping[str, str]


def reward(
    completions: Sequence[str | Sequence[Message]],
    *,
    test: Sequence[str],
    entry_point: Sequence[str],
    **_: Any,
) -> list[float | None]:
    """One reward for each completion, judged as many at a time as this machine has cores."""
    pairs = [
        (
            problem(checks, name),
            sample(completion if isinstance(completion, str) else completion[-1]["content"]),
        )
        for completion, checks, name in zip(completions, test, entry_point, strict=True)
    ]
    rewards: list[float | None] = [None] * len(pairs)
    try:
        for position, verdict in judge_many(pairs, sandbox(), LIMITS):
            rewards[position] = worth(verdict)
    except HarnessError as error:
        logging.getLogger(__name__).warning("some completions have no reward: %s", error)
    return rewards


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str | Mapping[str, str],
    extra_info: Mapping[str, Any] | None = None,
    **_: Any,
) -> float:
    """The reward of one solution; raises HarnessError where the sandbox broke."""
    truth = json.loads(ground_truth) if isinstance(ground_truth, str) else ground_truth
    asked = problem(truth["test"], truth["entry_point"], data_source)
    return worth(judge(asked, sample(solution_str), sandbox(), LIMITS))


def worth(verdict: Verdict) -> float:
    """1, 0 or -1."""
    return {VerdictStatus.PASSED: 1.0, VerdictStatus.TAMPERED: -1.0}.get(verdict.status, 0.0)


def problem(test: str, entry_point: str, name: str = "problem") -> Problem:
    """A problem that is its test."""
    script = re.search(r"^def check\(", test, re.MULTILINE) is None
    return Problem(name, "", CheckOracle(entry_point, test, script=script))


def sample(reply: str) -> Sample:
    """The program in a model's reply: the last fenced block of Python, or else all of it."""
    blocks = [code for language, code in _FENCE.findall(reply) if language.lower() in _PYTHON]
    return Sample("problem", 0, blocks[-1] if blocks else reply, standalone=True)


@cache
def sandbox() -> LocalSandbox:
    """One for the whole process, with a slot for each core; it ends with the process."""
    return LocalSandbox()
