"""Problems in MBPP's form: a sentence, a solution, and assertions about a function that they name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ratchet.errors import RatchetError
from ratchet.problems.syntax import entry_point_of, missing_imports, unbound_names, why_together
from ratchet.problems.types import CheckOracle, Problem


def docstring_prompt(text: str, assertion: str) -> str:
    """The request as the docstring of a program to be written, with one assertion to show the name."""
    return f'"""\n{text.strip()}\n{assertion.strip()}\n"""\n'


STYLES = ("docstring", "3-shot")
"""How tasks are put: as the docstring of a program, or after three solved tasks, as in MBPP's paper."""

SHOTS = (2, 3, 4)
"""The tasks that are shown solved: those of the paper (Austin et al. 2021, section 3)."""

_END = "[DONE]"


def request(text: str, assertions: Sequence[str]) -> str:
    """One task in the words of MBPP's paper, up to where its solution begins."""
    tests = "\n".join(assertion.strip() for assertion in assertions)
    return (
        f"You are an expert Python programmer, and here is your task: {text.strip()} "
        f"Your code should pass these tests:\n\n{tests}\n[BEGIN]\n"
    )


def shown_solved(tasks: Iterable[tuple[str, Sequence[str], str]]) -> str:
    """Tasks with their solutions, each as text, assertions and code, to be followed by a request."""
    return "".join(
        f"{request(text, assertions)}{_lines(code)}\n{_END}\n\n" for text, assertions, code in tasks
    )


def after_shots(problem: Problem, shots: str, text: str, assertions: Sequence[str]) -> Problem:
    """The same problem, put after the solved tasks `shots`; its program is the completion alone."""
    prompt = shots + request(text, assertions)
    return replace(problem, prompt=prompt, turns=(prompt,), stop=(_END,), prompt_in_program=False)


def _lines(code: str) -> str:
    return "\n".join(line.rstrip() for line in code.strip().splitlines())


def assertion_problem(
    id: str, text: str, code: str, assertions: Sequence[str], *, setup: str = "", imports: Sequence[str] = ()
) -> Problem:
    """A problem whose test is `imports`, `setup` and the assertions, run in this order after the program.

    The function's name is read off the first assertion. A test that uses more names of
    the program than this one gets handles: it builds objects of the program's classes.
    Raises RatchetError where no assertion calls a function.
    """
    entry_point = entry_point_of(assertions[0]) if assertions else None
    if entry_point is None:
        raise RatchetError(f"the problem {id} has no assertion that calls a function; give it one.")
    body = "\n".join([*imports, setup, *assertions]).replace("\r\n", "\n")
    test = f"{missing_imports(body)}{body.strip()}\n"
    oracle = CheckOracle(
        entry_point,
        test,
        script=True,
        handles=bool(unbound_names(test) - {entry_point}),
        together=why_together(test, entry_point),
    )
    prompt = docstring_prompt(text, assertions[0])
    return Problem(id=id, prompt=prompt, oracle=oracle, turns=(prompt,), reference=code)
