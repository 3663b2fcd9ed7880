"""Whether another tool's verdicts and ours agree, sample by sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ratchet.evaluation.exchange.formats import Answer
from ratchet.evaluation.records import Evaluation


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A sample on which the verdicts differ."""

    task_id: str
    index: int
    theirs: bool
    ours: bool
    detail: str
    """Our evidence."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many samples each side passed, and those on which they differ."""

    both_passed: int
    both_failed: int
    disagreements: tuple[Disagreement, ...]
    without_theirs: int
    """Samples that the other file has no verdict on."""
    without_ours: int
    """Samples that our Run has no verdict on."""

    @property
    def compared(self) -> int:
        """Samples with two verdicts."""
        return self.both_passed + self.both_failed + len(self.disagreements)


def agreement(answers: Iterable[Answer], ours: Evaluation) -> Agreement:
    """Their verdicts beside those of a Run on the same samples, by problem and number within it."""
    known = {(sample.problem_id, sample.index): sample for sample in ours.samples}
    seen: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    different = []
    for answer in answers:
        index = seen[answer.task_id]
        seen[answer.task_id] += 1
        sample = known.get((answer.task_id, index))
        if answer.passed is None:
            counts["theirs"] += 1
        elif sample is None:
            counts["ours"] += 1
        elif answer.passed == sample.passed:
            counts["passed" if sample.passed else "failed"] += 1
        else:
            different.append(Disagreement(answer.task_id, index, answer.passed, sample.passed, sample.detail))
    return Agreement(counts["passed"], counts["failed"], tuple(different), counts["theirs"], counts["ours"])
