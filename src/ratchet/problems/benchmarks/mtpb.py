"""MTPB: 115 problems in turns, with five inputs each (CodeGen; Nijkamp et al. 2022, BSD-3-Clause).

A case is a problem with one of its inputs: `mtpb/57/4` is the fifth of problem 57. Its turns
are what `mtpb_sample.py` puts before the model one after the other; its prompt is the single
turn made of the same prompts, all comment lines at once (section 4.4 of the paper compares
the two, no script for it was published). What the program prints last must be the case's output.

Where a problem lists more outputs than inputs (57 does), the surplus is left out, as there.
"""

from __future__ import annotations

from typing import Any, Literal

from ratchet.errors import RatchetError
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.registry import benchmark
from ratchet.problems.types import PrintedOracle, Problem
from ratchet.sandbox.types import Limits

FILE = DataFile(
    path="mtpb/mtpb.jsonl",
    url="https://raw.githubusercontent.com/salesforce/CodeGen/6f09e495f41e/codegen1/benchmark/mtpb.jsonl",
    sha256="3ab79ddb160f484a63491330ba72204930d56cc946f7c0c5fb469622a941f89c",
)

HEADER = "# Import libraries.\n\nimport numpy as np\n\n"
"""What stands before the first turn, and is part of the program."""

TIME_S = 20.0
"""The paper's limit for a program."""
LIMITS = {
    "strict": Limits(wall_s=TIME_S, memory_bytes=4 << 30),
    "paper": Limits(wall_s=TIME_S + 5.0, memory_bytes=4 << 30),
}
"""Under the paper's rules an alarm of 20 s rings first, after which the program is still judged."""

MAX_TOKENS = 256
"""Of each turn, where a problem does not say."""

PACKAGES = ("numpy==1.23.5", "scipy==1.9.3", "pandas==1.5.3", "scikit-learn==1.1.3")
"""The authors have numpy 1.21.2 (and name no more), which is not to be had for Python 3.11: the nearest."""

STOP = ("\n#", "\n'''", '\n"""', "\n\n\n", "<|endoftext|>")
"""Where a single turn is cut: at the terminals of the authors' truncation."""

_UNPUBLISHED = "reads a CSV file that was never published"
_RANDOM = "its output was drawn at random, with no seed"
_ROUNDED = "its output is rounded to two places, which no turn asks for"
_NAMED = 'its output names types as "int", which as texts, as a turn asks, are "<class \'int\'>"'
_REFUSED = "the paper's comparison takes no {} for right, not even the right one"
_GUARDED = "needs scikit-learn, which the paper's guard keeps from being imported"


@benchmark("mtpb", choices=("strict", "paper"), default="strict")
def load(rules: Literal["strict", "paper"]) -> Benchmark:
    """All 575 cases, in the file's order; raises RatchetError where the file is not what it should be."""
    problems = tuple(problem for row in read_rows(find_data(FILE)) for problem in cases(row, rules))
    return Benchmark(
        f"mtpb:{rules}",
        problems,
        LIMITS[rules],
        "BSD-3-Clause",
        FILE.url,
        broken=_broken(problems, rules),
        rules=rules,
        notes=_notes(rules),
    )


def cases(row: Row, rules: Literal["strict", "paper"]) -> list[Problem]:
    """The problem of one line, once per input; raises RatchetError on a line that is no such problem."""
    id, templates = row.text("id"), row.texts("prompts")
    inputs, outputs = row.fields.get("inputs"), row.fields.get("outputs")
    if not isinstance(inputs, list) or not isinstance(outputs, list) or len(inputs) > len(outputs):
        raise RatchetError(f'{row.where}: "inputs" and "outputs" must be lists, with an output per input.')
    if not templates:
        raise RatchetError(f"{row.where}: the problem has no prompts: it needs one at least.")
    most = MAX_TOKENS if row.fields.get("max_gen_length") is None else row.number("max_gen_length")
    labels = {"problem": id, "category": row.text("category"), "turns": str(len(templates))}
    made = []
    for number, (given, output) in enumerate(zip(inputs, outputs, strict=False)):
        prompts = [_filled(template, given, row.where) for template in templates]
        made.append(
            Problem(
                id=f"mtpb/{id}/{number}",
                prompt=HEADER + "".join(prompts),
                oracle=PrintedOracle(output, rules, TIME_S),
                turns=turns(prompts),
                turn_rule="codegen",
                stop=STOP,
                packages=PACKAGES,
                labels=labels,
                max_tokens=most,
            )
        )
    return made


def turns(prompts: list[str]) -> tuple[str, ...]:
    """The prompts as the model meets them: the header first, an empty line before each further one.

    There the empty line ends each completion; here it begins the next turn, which is the same text.
    """
    first, *others = prompts
    return (HEADER + first, *("\n\n" + prompt for prompt in others))


def _filled(template: str, given: Any, where: str) -> str:
    """A turn's comment line (problem 17 has more lines, which upstream leaves as they are)."""
    try:
        return f"# {template.format(**given)}\n"
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise RatchetError(f"{where}: the prompt {template[:60]!r} cannot be filled ({reason}).") from None


def _broken(problems: tuple[Problem, ...], rules: str) -> dict[str, str]:
    """Cases that no program that does what is asked can pass, or not here; by problem or by case."""
    known = {"38": _UNPUBLISHED, "46": _UNPUBLISHED, "77/2": _ROUNDED, "89/2": _NAMED}
    known |= {f"23/{number}": _RANDOM for number in range(4)}
    if rules == "paper":
        known["14"] = _GUARDED
    found = {}
    for problem in problems:
        expected = problem.oracle.expected if isinstance(problem.oracle, PrintedOracle) else None
        case = problem.id.removeprefix("mtpb/")
        reason = known.get(case) or known.get(problem.labels["problem"])
        if rules == "paper" and (expected is None or isinstance(expected, dict)):
            reason = _REFUSED.format("None" if expected is None else "dictionary")
        if reason:
            found[problem.id] = reason
    return found


def _notes(rules: str) -> tuple[str, ...]:
    if rules == "paper":
        return (
            "The paper's rules: 568 of the 575 expected outputs pass when they are printed as they are, and "
            "some wrong answers pass (a text for a number, 1.9 for 1).",
            "The authors' environment had numpy 1.21.2, this one has 1.23.5; each program starts afresh.",
        )
    return (
        "Strict rules: all 575 expected outputs pass when they are printed as they are; a program that ends "
        "with an exception fails, as one does that prints several values at once.",
    )
