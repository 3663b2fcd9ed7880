"""Problems of the micro-domain, with tests whose expected values were really executed.

A specification becomes a problem only if its tests are worth something. The
reference runs in the jail on every input, and beside it run its mutants: each
confusable step replaced by its twin, and each step left out where the rest still
fits together. A problem is kept if the tests tell the reference from every
mutant, and if the answers are not all alike; a program that misses a step, or
takes the look-alike, cannot pass.
"""

from __future__ import annotations

import math
from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Any

from ratchet.errors import HarnessError
from ratchet.problems.micro.operations import Kind
from ratchet.problems.micro.specification import ENTRY_POINT, Specification, Step, draw
from ratchet.problems.types import CallOracle, Case, Problem
from ratchet.sandbox import Limits, LocalSandbox, Program

INPUTS = 8
"""Tests per problem."""
MIN_DISTINCT = 3
"""Least number of different answers among the tests of a problem."""
MAX_SIZE = 120
"""Most characters that an answer may have when written out."""
_BATCH = 50
_PATIENCE = 20
"""Rounds of drawing without a new problem before giving up."""
_LIMITS = Limits(wall_s=60.0)

_RUNNER = """
import copy

def outputs(sources, inputs):
    rows = []
    for source in sources:
        namespace = {}
        exec(source, namespace)
        row = []
        for value in inputs:
            try:
                row.append([True, namespace["f"](copy.copy(value))])
            except Exception as error:
                row.append([False, type(error).__name__])
        rows.append(row)
    return rows
"""

Row = list[tuple[bool, Any]]
"""What one program did on each input: (True, answer) or (False, name of the exception)."""


@dataclass(frozen=True, slots=True)
class MicroProblem:
    """A problem, and the specification behind it."""

    problem: Problem
    specification: Specification

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data; values are Python literals, as JSON has no integer keys."""
        cases = self.problem.oracle.cases if isinstance(self.problem.oracle, CallOracle) else ()
        return {
            "id": self.problem.id,
            "steps": [[step.name, step.wording] for step in self.specification.steps],
            "cases": [[repr(case.args[0]), repr(case.expected)] for case in cases],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MicroProblem:
        """The problem that `as_dict` wrote."""
        specification = Specification(tuple(Step(*step) for step in data["steps"]))
        values = [[literal_eval(text) for text in case] for case in data["cases"]]
        return _problem(data["id"], specification, [a for a, _ in values], [e for _, e in values])


def execute(
    sandbox: LocalSandbox,
    jobs: Sequence[tuple[Sequence[str], Sequence[Any]]],
    on_done: Callable[[int], None] = lambda _: None,
) -> list[list[Row]]:
    """Run programs on inputs in the jail, many to a process.

    A job is (programs, inputs): every program defines `f`, and is called on every
    input. The answer has one list per job, in it one `Row` per program.
    `on_done` is told how many jobs were finished, from several threads.

    Raises:
        HarnessError: the jail did not answer. These programs are our own, so that
            is no verdict on them.
    """

    def run(batch: Sequence[tuple[Sequence[str], Sequence[Any]]]) -> list[list[Row]]:
        calls = [(list(sources), list(inputs)) for sources, inputs in batch]
        seen = sandbox.call(Program(_RUNNER), "outputs", calls, _LIMITS)
        if len(seen.results) != len(calls) or any(result.raised for result in seen.results):
            raise HarnessError(f"the micro-domain's references did not run: {seen.fault or seen.outcome}")
        on_done(len(batch))
        return [[[(ok, value) for ok, value in row] for row in r.value] for r in seen.results]

    batches = [jobs[i : i + _BATCH] for i in range(0, len(jobs), _BATCH)]
    with ThreadPoolExecutor(sandbox.slots) as threads:
        return [rows for batch in threads.map(run, batches) for rows in batch]


def draw_inputs(random: Random, kind: Kind, count: int = INPUTS) -> list[Any]:
    """Arguments of one kind: lists of 4 to 8 small integers, two to four short words, or an integer.

    Small ranges on purpose: the bounds that steps name must occur among the
    values, or a look-alike (`>` for `>=`) would pass.
    """
    match kind:
        case Kind.LIST:
            return [[random.randint(-4, 9) for _ in range(random.randint(4, 8))] for _ in range(count)]
        case Kind.TEXT:
            return [_words(random) for _ in range(count)]
        case Kind.NUMBER:
            return [random.randint(3, 99) for _ in range(count)]
        case Kind.TABLE:
            return [{random.randint(0, 9): random.randint(0, 9) for _ in range(4)} for _ in range(count)]


def mutants(specification: Specification) -> list[str]:
    """Programs that are nearly right: one confusable step confused, or one step left out."""
    found = [
        specification.program(interleaved=True, confused={i})
        for i, step in enumerate(specification.steps)
        if step.operation.confused is not None
    ]
    shorter = [specification.without(i) for i in range(len(specification.steps))]
    return found + [s.program(interleaved=True) for s in shorter if s is not None]


def make_problems(
    sandbox: LocalSandbox,
    *,
    seed: int,
    name: str,
    counts: Mapping[int, int],
    held_out: bool,
    on_done: Callable[[int], None] = lambda _: None,
) -> list[MicroProblem]:
    """Problems from one side of the split: `counts[steps]` of each number of steps.

    Ids are `NAME/STEPS/NUMBER`. No two have the same chain of operations. The
    same seed gives the same problems. `on_done` is told how many more are ready.

    Raises:
        HarnessError: the jail did not answer.
        ValueError: there are not as many different problems as asked for.
    """
    random = Random(seed)
    seen: set[tuple[str, ...]] = set()
    made: list[MicroProblem] = []
    for steps, wanted in sorted(counts.items()):
        kept: list[MicroProblem] = []
        barren = 0
        while len(kept) < wanted:
            before = len(kept)
            drawn = list(_fresh(random, steps, math.ceil((wanted - len(kept)) * 1.6) + 4, held_out, seen))
            inputs = [draw_inputs(random, s.takes) for s in drawn]
            programs = [[s.program(interleaved=True), *mutants(s)] for s in drawn]
            rows = execute(sandbox, list(zip(programs, inputs, strict=True)))
            for specification, arguments, (reference, *others) in zip(drawn, inputs, rows, strict=True):
                if len(kept) < wanted and is_telling(reference, others):
                    answers = [answer for _, answer in reference]
                    identity = f"{name}/{steps}/{len(kept):03d}"
                    kept.append(_problem(identity, specification, arguments, answers))
                    on_done(1)
            barren = 0 if len(kept) > before else barren + 1
            if barren == _PATIENCE:
                raise ValueError(f"there are fewer than {wanted} different problems of {steps} steps")
        made += kept
    return made


def is_telling(reference: Row, others: Sequence[Row]) -> bool:
    """Whether the tests prove something: the reference answers, variedly, and unlike every mutant."""
    if not all(ok for ok, _ in reference):
        return False
    written = [repr(answer) for _, answer in reference]
    if len(set(written)) < MIN_DISTINCT or max(map(len, written)) > MAX_SIZE:
        return False
    return all(row != reference for row in others)


def _fresh(
    random: Random, steps: int, count: int, held_out: bool, seen: set[tuple[str, ...]]
) -> Iterator[Specification]:
    for _ in range(count):
        specification = draw(random, steps, held_out=held_out)
        if specification.signature not in seen:
            seen.add(specification.signature)
            yield specification


def _problem(
    identity: str, specification: Specification, arguments: Sequence[Any], answers: Sequence[Any]
) -> MicroProblem:
    cases = tuple(Case((a,), e) for a, e in zip(arguments, answers, strict=True))
    whole = specification.program(interleaved=False)
    problem = Problem(
        id=identity,
        prompt=specification.block_prompt,
        oracle=CallOracle(ENTRY_POINT, cases),
        turns=specification.turns,
        reference=whole.removeprefix(specification.block_prompt),
    )
    return MicroProblem(problem, specification)


def _words(random: Random) -> str:
    letters = "abcdeABCDE"
    return " ".join(
        "".join(random.choice(letters) for _ in range(random.randint(1, 6)))
        for _ in range(random.randint(2, 4))
    )
