"""Judging a predicted input or output of a function: CRUXEval's assertions.

An answer is evaluated in a jail, the equation outside of it. A predicted output does not find the
function there. Predicted arguments cross as plain data (functions among them as handles), so that no
equality of the answer's own making is ever asked.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from ratchet.judge.hearing import Hearing, Seen, hears
from ratchet.judge.oracles.calls import by_calls
from ratchet.judge.oracles.check import by_check
from ratchet.judge.types import VerdictStatus
from ratchet.problems.parsing import parse
from ratchet.problems.types import CallOracle, Case, CheckOracle, PredictionOracle
from ratchet.sandbox.types import Outcome, Status

_ANSWER = "__answer__"
_FENCE = re.compile(r"^[ \t]*```.*$", re.MULTILINE)
_TAKE_ARGUMENTS = "\n\ndef f(*args, **named):\n    return list(args), named\n\n\n"


@hears(PredictionOracle)
def by_prediction(hearing: Hearing, oracle: PredictionOracle) -> Seen:
    """Evaluate the answer's expression in a jail; what it is worth is found out outside of it."""
    expression = predicted(hearing.candidate.source, oracle.asked)
    if not _is_expression(expression) or (oracle.asked == "input" and "f(" not in expression):
        nothing = Outcome(Status.ERROR, None, None, "", "", False, False, 0.0, 0.0, 0)
        return Seen(VerdictStatus.INVALID, f"the answer gives no {oracle.asked}", 0, nothing)
    program = f"def {_ANSWER}():\n    return (\n{expression}\n    )\n"
    if oracle.asked == "output":
        known = CallOracle(_ANSWER, (Case((), ast.literal_eval(parse(oracle.output, "eval"))),))
        return by_calls(replace(hearing, candidate=replace(hearing.candidate, source=program)), known)
    # Arguments may name what stands beside the function; what takes them only hands them on.
    program = oracle.program + _TAKE_ARGUMENTS + program
    call = f"arguments, named = __candidate__()\nassert f(*arguments, **named) == {oracle.output}\n"
    check = CheckOracle(_ANSWER, f"{oracle.program}\n\n{call}", script=True, handles=True)
    return by_check(
        replace(
            hearing,
            candidate=replace(hearing.candidate, source=program),
            problem=replace(hearing.problem, oracle=check),
        ),
        check,
    )


def predicted(answer: str, asked: str) -> str:
    """The expression that an answer gives: `f(...)` for an input, what stands after `==` for an output.

    An answer is the whole assertion or its missing side. It may stand between [ANSWER] tags, in a
    fence, or be the last line of a text that begins with `assert`.
    """
    text = answer.partition("[ANSWER]")[2] if "[ANSWER]" in answer else answer
    text = _FENCE.sub("", text.partition("[/ANSWER]")[0]).strip()
    asserted = [line for line in text.splitlines() if line.startswith("assert ")]
    if asserted and not text.startswith("assert "):
        text = asserted[-1]
    text = text.removeprefix("assert ").strip()
    left, equals, right = _sides(text)
    if asked == "output":
        return right if equals else text
    return left if equals else text


def _sides(assertion: str) -> tuple[str, bool, str]:
    """What stands on either side of the first comparison; and whether there is one."""
    try:
        match parse(assertion, "eval"):
            case ast.Expression(body=ast.Compare(left=left, ops=[ast.Eq(), *_], comparators=[right, *_])):
                return ast.unparse(left), True, ast.unparse(right)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # "== 17" is what a model may go on with
        before, equals, after = assertion.partition("==")
        return before.strip(), bool(equals), after.strip()
    return assertion, False, ""


def _is_expression(text: str) -> bool:
    try:
        parse(text, "eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(text)
