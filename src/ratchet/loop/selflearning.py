"""AIEV-Instruct's self-learning rule: when may the student take the teacher's place?

The paper's rule (AutoCoder, section 3.1): the collected entries are split 1:9; the
student is trained on the nine parts; teacher and student answer the same held-out
tenth; the student becomes the teacher only if it is strictly better.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ratchet.judge.intervals import Interval, paired_interval, problem_interval

PARTS = 10
"""One part in this many is held out."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who is the teacher from now on, and the evidence."""

    student_is_teacher: bool
    problems: int
    """Size of the held-out tenth."""
    teacher: Interval
    student: Interval
    difference: Interval
    """Student less teacher, paired by problem."""

    @property
    def sentence(self) -> str:
        """The decision in words."""
        scores = (
            f"student {self.student.mean:.1%} against teacher {self.teacher.mean:.1%} on the same "
            f"{self.problems} held-out problems"
        )
        if self.student_is_teacher:
            sure = "and more than the choice of problems explains" if self.difference.low > 0 else (
                "though by no more than the choice of problems may explain"
            )  # fmt: skip
            return f"The student becomes the teacher: {scores}, strictly better, {sure}."
        return f"The teacher stays: {scores}, not strictly better."

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as it is journalled."""
        return asdict(self) | {"sentence": self.sentence}


def held_out_tenth(ids: Sequence[str]) -> list[bool]:
    """For each problem, whether it is in the tenth that nobody trains on.

    The tenth (rounded, at least one) with the lowest SHA-256 of their ids: the same whatever
    the order, and every entry about one problem is on the same side.

    Raises:
        ValueError: there are fewer than two problems, so that one side would be empty.
    """
    distinct = sorted(set(ids), key=lambda name: hashlib.sha256(name.encode()).digest())
    if len(distinct) < 2:
        raise ValueError(f"a 1:9 split needs at least two problems, not {len(distinct)}")
    chosen = set(distinct[: max(1, round(len(distinct) / PARTS))])
    return [name in chosen for name in ids]


def decide(teacher: Sequence[bool], student: Sequence[bool], *, seed: int = 0) -> Decision:
    """Compare teacher and student, whose answers to the same problems passed or not, in the same order.

    Raises:
        ValueError: there are no answers, or not equally many.
    """
    a, b = [float(x) for x in teacher], [float(x) for x in student]
    difference = paired_interval(b, a, seed=seed)
    return Decision(
        student_is_teacher=sum(student) > sum(teacher),
        problems=len(a),
        teacher=problem_interval(a, seed=seed),
        student=problem_interval(b, seed=seed),
        difference=difference,
    )
