"""The micro-domain: small Python problems that a tiny model can learn in a minute on a CPU.

A specification is a chain of one to five operations on lists, strings, numbers
and tables, each asked for in a sentence. It is written as one block or turn by
turn, in the same words. Training and held-out specifications are told apart by
their chain of operations alone, so they cannot overlap.

    with LocalSandbox() as sandbox:
        problems = make_problems(sandbox, seed=0, name="held-out", counts={3: 100}, held_out=True)
    problems[0].problem.prompt, problems[0].specification.turns
"""

from ratchet.problems.micro.generation import (
    INPUTS,
    MicroProblem,
    draw_inputs,
    execute,
    is_telling,
    make_problems,
    mutants,
)
from ratchet.problems.micro.operations import CONFUSABLE, OPERATIONS, Kind, Operation
from ratchet.problems.micro.specification import (
    ENTRY_POINT,
    INDENT,
    MAX_STEPS,
    Specification,
    Step,
    draw,
    is_held_out,
)
from ratchet.problems.micro.transcript import evidence, repair_context

__all__ = [
    "CONFUSABLE",
    "ENTRY_POINT",
    "INDENT",
    "INPUTS",
    "MAX_STEPS",
    "OPERATIONS",
    "Kind",
    "MicroProblem",
    "Operation",
    "Specification",
    "Step",
    "draw",
    "draw_inputs",
    "evidence",
    "execute",
    "is_held_out",
    "is_telling",
    "make_problems",
    "mutants",
    "repair_context",
]
