"""The verdict on a sample, and the evidence for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class VerdictStatus(StrEnum):
    """What became of a sample."""

    PASSED = "passed"
    FAILED = "failed"
    """It ran and gave a wrong answer, raised, or did not answer at all."""
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    """A signal ended it."""
    INVALID = "invalid"
    """It is not a program: it does not parse, or not compile."""
    TAMPERED = "tampered"
    """It wrote something other than answers on the channel for answers."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one sample, with its evidence.

    `oracle` is "split" when the tests ran outside the candidate's process, and
    "in-process" when they shared it: such a verdict can be forged by a program
    that sets out to, so it is fit for honest models only.
    """

    problem_id: str
    sample: int
    status: VerdictStatus
    detail: str
    """Empty when passed; else one line of evidence (the first wrong case, the exception, the limit)."""
    tests_run: int
    wall_s: float
    cpu_s: float
    peak_memory: int
    """Bytes: the largest resident set of any one process of the candidate."""
    oracle: str = "split"
    together: str = ""
    """Why its tests shared the candidate's process, where they could not be kept apart."""

    @property
    def passed(self) -> bool:
        """Whether the sample was proven right by its tests."""
        return self.status is VerdictStatus.PASSED

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as it is journalled; `Verdict.from_dict` reads it back."""
        return asdict(self) | {"status": str(self.status)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Verdict:
        """The verdict that `as_dict` wrote."""
        return cls(**(data | {"status": VerdictStatus(data["status"])}))
