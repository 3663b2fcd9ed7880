"""Judging a script by a test text in Python that reads the variables it leaves."""

from __future__ import annotations

from dataclasses import replace

from ratchet.judge.hearing import Hearing, Seen, hears
from ratchet.judge.oracles.check import by_check
from ratchet.problems.types import CheckOracle, VariablesOracle

_READER = "__variables__"
"""A function below the program that returns what the test reads; only a test of ours calls it."""


@hears(VariablesOracle)
def by_variables(hearing: Hearing, oracle: VariablesOracle) -> Seen:
    """Ask the program for its variables, once it has run to its end; then run the test text on them."""
    names = "".join(f"{name}, " for name in oracle.variables)
    program = f"{hearing.candidate.source}\n\n\ndef {_READER}():\n    return ({names})\n"
    # Read before the text runs, as it would find them below the program.
    test = f"({names}) = __candidate__()\n{oracle.test}" if names else f"__candidate__()\n{oracle.test}"
    check = CheckOracle(_READER, test, preamble=oracle.preamble, script=True, handles=True)
    return by_check(
        replace(
            hearing,
            candidate=replace(hearing.candidate, source=program),
            problem=replace(hearing.problem, oracle=check),
        ),
        check,
    )
