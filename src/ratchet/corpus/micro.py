"""Training documents of the micro-domain: in two forms, and with careless errors and their repair."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from random import Random

from ratchet.judge.evidence import shown, shown_call
from ratchet.problems.micro import (
    ENTRY_POINT,
    MAX_STEPS,
    Specification,
    draw,
    draw_inputs,
    evidence,
    execute,
    repair_context,
)
from ratchet.sandbox import LocalSandbox

STEP_WEIGHTS = (1, 2, 2, 2, 1)
"""How often a training document has 1, 2, 3, 4 or 5 steps, relatively."""

_BATCH = 400


def draw_training(random: Random) -> Specification:
    """A specification from the training side, its number of steps drawn by `STEP_WEIGHTS`."""
    [steps] = random.choices(range(1, MAX_STEPS + 1), STEP_WEIGHTS)
    return draw(random, steps, held_out=False)


def mixed_documents(seed: int, *, interleaved_share: float) -> Iterator[tuple[Specification, str]]:
    """Endless right programs; a share of them interleaved (multi-turn), the rest as blocks."""
    random = Random(seed)
    while True:
        specification = draw_training(random)
        yield specification, specification.program(interleaved=random.random() < interleaved_share)


def careless_documents(
    sandbox: LocalSandbox,
    seed: int,
    *,
    weak: Collection[str],
    error_rate: float,
    repair_share: float,
) -> Iterator[tuple[Specification, str]]:
    """Endless interleaved programs by a careless hand: what the teacher learns from.

    A step whose operation is in `weak` has its twin's code with probability
    `error_rate`. A share `repair_share` of the programs that hold such an error is
    followed by the evidence of a case that was run in the jail, and by the right program.
    """
    random = Random(seed)
    while True:
        drawn = [draw_training(random) for _ in range(_BATCH)]
        confused = [
            {i for i, s in enumerate(d.steps) if s.name in weak and random.random() < error_rate}
            for d in drawn
        ]
        repaired = [bool(c) and random.random() < repair_share for c in confused]
        jobs = []
        for specification, wrong, chosen in zip(drawn, confused, repaired, strict=True):
            if chosen:
                programs = [specification.program(interleaved=True, confused=c) for c in (wrong, ())]
                jobs.append((programs, draw_inputs(random, specification.takes)))
        seen = iter(zip(jobs, execute(sandbox, jobs), strict=True))
        for specification, wrong, chosen in zip(drawn, confused, repaired, strict=True):
            program = specification.program(interleaved=True, confused=wrong)
            if chosen:
                (_, inputs), (got, expected) = next(seen)
                program = _with_repair(specification, program, inputs, got, expected)
            yield specification, program


def _with_repair(
    specification: Specification,
    program: str,
    inputs: Sequence[object],
    got: Sequence[tuple[bool, object]],
    expected: Sequence[tuple[bool, object]],
) -> str:
    rows = zip(inputs, got, expected, strict=True)
    for case, (argument, (ran, answer), (sound, right)) in enumerate(rows, start=1):
        if ran and sound and answer != right:
            call = shown_call(ENTRY_POINT, [argument])
            context = repair_context(program, evidence(case, call, shown(answer), shown(right)))
            return context + specification.program(interleaved=True)
    return program
