"""Judging a completion with private names by the public ones that they stand for."""

from __future__ import annotations

from dataclasses import replace

from ratchet.judge.hearing import KINDS, Hearing, Seen, hears
from ratchet.judge.types import VerdictStatus
from ratchet.problems.private.keywords import forbidden, public_text
from ratchet.problems.types import RenamedOracle
from ratchet.sandbox.types import Outcome, Status


@hears(RenamedOracle)
def by_renamed(hearing: Hearing, oracle: RenamedOracle) -> Seen:
    """Put the names back and judge that program; nothing runs where a public name stands in it.

    A candidate that does not begin with the problem's own prompt is a whole program: it is
    renamed as a whole, and no prompt is put before it.
    """
    problem = hearing.problem
    head, source = problem.setup + problem.prompt, hearing.candidate.source
    ours = source.startswith(head)
    completion = source[len(head) : len(source) - len(problem.closing)] if ours else source
    name = forbidden(completion, oracle.table)
    if name is not None:
        nothing = Outcome(Status.ERROR, None, None, "", "", False, False, 0.0, 0.0, 0)
        return Seen(VerdictStatus.FAILED, f"it uses the public name {name}", 0, nothing)
    program = public_text(completion, oracle.table)
    if ours:
        program = problem.setup + oracle.prompt + program + problem.closing
    inner = replace(
        hearing,
        candidate=replace(hearing.candidate, source=program),
        problem=replace(problem, prompt=oracle.prompt, oracle=oracle.oracle),
    )
    return KINDS[type(oracle.oracle)](inner, oracle.oracle)
