"""What went wrong with a sample, in one of a few categories: read off its verdict and its text.

The verdict's status decides first; of a program that ran and failed the evidence (the exception
and its message) tells more. ToolCoder asks how often a model names an API that is not there, or
calls one that is there wrongly; those categories are after its motivation (Zhang et al. 2023).
Nothing is run and nothing is parsed here, so that it is quick, and works on stored verdicts.
"""

from __future__ import annotations

import re
from enum import StrEnum

from ratchet.judge import Verdict, VerdictStatus
from ratchet.judge.judging import program_text
from ratchet.problems.types import Problem, Sample


class Category(StrEnum):
    """What became of a sample, more exactly than `VerdictStatus` says; `MEANING` has a sentence for each."""

    PASSED = "passed"
    EMPTY = "empty"
    CUT_OFF = "cut off"
    DOES_NOT_PARSE = "does not parse"
    DOES_NOT_COMPILE = "does not compile"
    ENTRY_POINT_MISSING = "entry point missing"
    WRONG_SIGNATURE = "wrong signature"
    UNDEFINED_NAME = "undefined name"
    UNKNOWN_API = "unknown API"
    WRONG_API = "wrong API"
    WRONG_ARGUMENTS = "wrong arguments"
    RAISED = "raised"
    ENDED_EARLY = "ended early"
    WRONG_ANSWER = "wrong answer"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    TAMPERED = "tampered"


MEANING = {
    Category.PASSED: "Its tests proved it right.",
    Category.EMPTY: "The model wrote nothing but white space and comments.",
    Category.CUT_OFF: "The limit on tokens ended it, and it does not parse or lacks its function.",
    Category.DOES_NOT_PARSE: "It is no text of Python.",
    Category.DOES_NOT_COMPILE: "The compiler of its language refuses it.",
    Category.ENTRY_POINT_MISSING: "It does not define the function that was asked for.",
    Category.WRONG_SIGNATURE: "Its function does not take the arguments that the tests give.",
    Category.UNDEFINED_NAME: "It uses a name that is defined nowhere.",
    Category.UNKNOWN_API: "It uses a module, function or method that does not exist, or not here.",
    Category.WRONG_API: "Its answer is wrong, and it calls none of the functions that the reference calls.",
    Category.WRONG_ARGUMENTS: "It calls a function that exists with arguments that this refuses "
    "(a TypeError about them, or a ValueError that it does not raise itself).",
    Category.RAISED: "It raised any other exception.",
    Category.ENDED_EARLY: "It ended itself before it had answered.",
    Category.WRONG_ANSWER: "It answered, and the answer is wrong.",
    Category.TIMEOUT: "It ran into the time limit.",
    Category.MEMORY: "It ran into the memory limit.",
    Category.CRASHED: "A signal ended it.",
    Category.TAMPERED: "It wrote something other than answers where answers are due.",
}

_BY_STATUS = {
    VerdictStatus.PASSED: Category.PASSED,
    VerdictStatus.TIMEOUT: Category.TIMEOUT,
    VerdictStatus.MEMORY: Category.MEMORY,
    VerdictStatus.CRASHED: Category.CRASHED,
    VerdictStatus.TAMPERED: Category.TAMPERED,
}
_NOT_WHOLE = frozenset({Category.DOES_NOT_PARSE, Category.DOES_NOT_COMPILE, Category.ENTRY_POINT_MISSING})

_OF_CASE = re.compile(r"\) (returned|raised|got no answer|made its arguments|took)\b:? ?(.*)", re.DOTALL)
"""Where the evidence on one call begins, after the call (`ratchet.judge.oracles`)."""
_EXPECTED = re.compile(r", expected (?!at |exactly |[0-9]+ (?:arg|pos)).*$", re.DOTALL)
_ENDED = re.compile(r"^the program (?:itself )?ended with (?:exit code -?\d+(?:: |$))?")
_EXCEPTION = re.compile(r"^([A-Za-z_][\w.]*)(?:: ?(.*?))?(?: \(line \d+: .*)?$", re.DOTALL)

_ARGUMENTS = re.compile(
    r"\bargument(?!s converted)|\bkeyword\b|has no len\(\)|\bmust be\b.*\bnot\b"
    r"|\bexpected\b.*\b(?:got|found)\b|\bunsupported format string\b|\btakes no\b|\bnot supported for\b"
)
"""What TypeErrors say of a call that is wrong, and not those of an operator or of what is no function."""
_CALLED = re.compile(r"^([\w.<>]+)\(\) ")
_UNPACKING = re.compile(r"values to unpack")
_OWNER = re.compile(r"^(?:type object )?'([^']*)'")
_DEFINED = re.compile(r"(?m)^\s*(?:async\s+)?(?:def|class)\s+(\w+)")
_METHOD = re.compile(r"\.(\w+)\s*\(")
_COMMENT = re.compile(r"(?m)^\s*(?:#|//).*$")
_ASSERTS = re.compile(r"assert|expected|--- FAIL", re.IGNORECASE)
_RAISES = re.compile(r"\b\w*(?:error|exception)\b|panic|exit code", re.IGNORECASE)


def categorise(problem: Problem, sample: Sample, verdict: Verdict, finish: str = "") -> str:
    """The category of a sample, as `Category` names it ("passed" where it passed).

    `finish` says how the model ended it (`ratchet.engines.base.Completion.finish`), where that is
    known. Of programs in other languages than Python the status decides, and only roughly the evidence.
    """
    return str(_categorise(problem, sample, verdict, finish))


def _categorise(problem: Problem, sample: Sample, verdict: Verdict, finish: str) -> Category:
    if verdict.passed:
        return Category.PASSED
    if not _COMMENT.sub("", sample.completion).strip():
        return Category.EMPTY
    found = _BY_STATUS.get(verdict.status)
    if found is None:
        found = _of_python(problem, sample, verdict) if problem.language == "python" else _of_other(verdict)
    return Category.CUT_OFF if finish == "length" and found in _NOT_WHOLE else found


def _of_python(problem: Problem, sample: Sample, verdict: Verdict) -> Category:
    if verdict.status is VerdictStatus.INVALID:
        return Category.DOES_NOT_PARSE
    detail = verdict.detail
    if detail.startswith("the program does not define"):
        return Category.ENTRY_POINT_MISSING
    case = _OF_CASE.search(detail) if detail.startswith("case ") else None
    if case is not None:
        kind, said = case[1], case[2]
        if kind in ("returned", "made its arguments"):
            return _wrong_answer(problem, sample)
        detail = _EXPECTED.sub("", said) if kind == "raised" else said
    if "ended before" in detail or _ENDED.fullmatch(detail):
        return Category.ENDED_EARLY
    exception = _EXCEPTION.match(_ENDED.sub("", detail))
    if exception is None or exception[1] == "AssertionError":
        return _wrong_answer(problem, sample)
    return _of_exception(exception[1].rpartition(".")[2], exception[2] or "", problem, sample)


def _of_exception(name: str, message: str, problem: Problem, sample: Sample) -> Category:
    match name:
        case "NameError" | "UnboundLocalError":
            return Category.UNDEFINED_NAME
        case "SystemExit":
            return Category.ENDED_EARLY
        case "ImportError" | "ModuleNotFoundError":
            return Category.UNKNOWN_API
        case "AttributeError":
            # A method that None or the program's own class lacks says nothing about anybody's API.
            owner = _OWNER.match(message)
            own = owner is not None and owner[1] in {"NoneType", *_own_names(problem, sample)}
            return Category.RAISED if own else Category.UNKNOWN_API
        case "TypeError" if _ARGUMENTS.search(message):
            called = _CALLED.match(message)
            parts = called[1].split(".") if called else []
            if parts and parts[-1] == getattr(problem.oracle, "entry_point", None):
                return Category.WRONG_SIGNATURE
            own = not _own_names(problem, sample).isdisjoint(parts)
            return Category.RAISED if own else Category.WRONG_ARGUMENTS
        case "ValueError" if not _UNPACKING.search(message):
            own = "raise ValueError" in program_text(problem, sample)
            return Category.RAISED if own else Category.WRONG_ARGUMENTS
        case _:
            return Category.RAISED


def _wrong_answer(problem: Problem, sample: Sample) -> Category:
    """Whether it is the choice of the API that was wrong, where the problem is about a library's."""
    if not problem.packages or problem.reference is None:
        return Category.WRONG_ANSWER
    needed = set(_METHOD.findall("\n".join((problem.reference, *problem.other_references))))
    used = set(_METHOD.findall(sample.completion))
    apart = needed and used and needed.isdisjoint(used)
    return Category.WRONG_API if apart else Category.WRONG_ANSWER


def _own_names(problem: Problem, sample: Sample) -> set[str]:
    return set(_DEFINED.findall(program_text(problem, sample)))


def _of_other(verdict: Verdict) -> Category:
    """By status; the evidence is what the language's own tests print."""
    detail = verdict.detail
    if verdict.status is VerdictStatus.INVALID:
        return Category.DOES_NOT_COMPILE
    if detail.startswith("the program does not define"):
        return Category.ENTRY_POINT_MISSING
    if "is not defined" in detail:
        return Category.UNDEFINED_NAME
    if "is not a function" in detail:
        return Category.UNKNOWN_API
    if _ASSERTS.search(detail) or not _RAISES.search(detail):
        return Category.WRONG_ANSWER
    return Category.RAISED
