"""What is asked of a sandbox, and what it answers, as plain JSON: for a sandbox that is elsewhere.

    request = request_run(Program("print(1)"), Limits(wall_s=2))    # here
    answer = perform(sandbox, request)                              # there
    outcome_of(answer).stdout                                       # here again: "1\\n"

Requests and answers are dicts of JSON's own types, fit for any JSON library: bytes are
base64, and so are texts that hold lone surrogates (UTF-8 with surrogates, as
{"surrogates": ...}). Arguments and results of calls are payloads of `inside.wire`, in
base64; no pickle is read or written. What is left out of a request has its default. A
request is read strictly: a key that is unknown, or a value of another type, is refused
with one sentence. So is an answer, by a HarnessError: half an answer is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, NoReturn

from ratchet.errors import HarnessError, RatchetError
from ratchet.sandbox.backends import message_values as values
from ratchet.sandbox.backends.message_values import Fields
from ratchet.sandbox.languages import Unsplittable
from ratchet.sandbox.types import (
    CallOutcome,
    CallResult,
    ExamOutcome,
    Limits,
    Outcome,
    Program,
    Raised,
    Sandbox,
    Status,
)

# The first that fits: one may be a special case of another.
_KINDS: dict[str, type[Exception]] = {
    "unsplittable": Unsplittable,
    "input": RatchetError,
    "harness": HarnessError,
}
_FLAGS = ("in_process", "in_place", "handles")
_LIMITS = Limits()


# Asking


def request_run(
    program: Program,
    limits: Limits = _LIMITS,
    *,
    compile_limits: Limits | None = None,
    fetch: Sequence[str] = (),
) -> dict[str, Any]:
    """`Sandbox.run` as a request."""
    return {
        "do": "run",
        "program": _program(program),
        "limits": _limits(limits),
        "compile_limits": None if compile_limits is None else _limits(compile_limits),
        "fetch": [values.text(pattern) for pattern in fetch],
    }


def request_call(
    program: Program,
    entry_point: str,
    calls: Sequence[Sequence[Any]],
    limits: Limits = _LIMITS,
    *,
    in_place: bool = False,
) -> dict[str, Any]:
    """`Sandbox.call` as a request; raises RatchetError for an argument that is not plain data."""
    return {
        "do": "call",
        "program": _program(program),
        "entry_point": values.text(entry_point),
        "calls": [values.plain(list(args), shared=in_place, what="an argument of a call") for args in calls],
        "limits": _limits(limits),
        "in_place": in_place,
    }


def request_examine(
    candidate: Program,
    entry_point: str,
    examiner: Program,
    limits: Limits = _LIMITS,
    *,
    in_process: bool = False,
    in_place: bool = False,
    handles: bool = False,
    declaration: str = "",
) -> dict[str, Any]:
    """`Sandbox.examine` as a request."""
    return {
        "do": "examine",
        "candidate": _program(candidate),
        "entry_point": values.text(entry_point),
        "examiner": _program(examiner),
        "limits": _limits(limits),
        "in_process": in_process,
        "in_place": in_place,
        "handles": handles,
        "declaration": values.text(declaration),
    }


def _program(program: Program) -> dict[str, Any]:
    return {
        "source": values.text(program.source),
        "language": values.text(program.language),
        "stdin": values.text(program.stdin),
        "files": [_file(path, content) for path, content in program.files.items()],
        "arguments": [values.text(each) for each in program.arguments],
        "packages": [values.text(each) for each in program.packages],
    }


def _file(path: str, content: str | bytes) -> dict[str, Any]:
    if isinstance(content, str):
        return {"path": values.text(path), "text": values.text(content)}
    return {"path": values.text(path), "base64": values.base64(content)}


def _limits(limits: Limits) -> dict[str, Any]:
    return {each.name: getattr(limits, each.name) for each in fields(limits)}


# Performing


def perform(sandbox: Sandbox, request: Any) -> dict[str, Any]:
    """Do what is asked, and give the answer.

    What the sandbox raises for the request's or the machine's sake (RatchetError,
    HarnessError, Unsplittable) and what is wrong with the request itself is an answer too:
    {"error": {"kind": "input" | "harness" | "unsplittable", "message": one sentence}}.
    """
    try:
        given = Fields(request, "the request", _refuse, tensors=True)
        return _PERFORM[given.choice("do", tuple(_PERFORM))](sandbox, given)
    except (RatchetError, HarnessError, Unsplittable) as error:
        return error_answer(error)


def error_answer(error: RatchetError | HarnessError | Unsplittable) -> dict[str, Any]:
    """The answer that makes the asker raise this error."""
    kind = next(name for name, each in _KINDS.items() if isinstance(error, each))
    return {"error": {"kind": kind, "message": values.text(str(error))}}


def _refuse(reason: str) -> NoReturn:
    raise RatchetError(f"a request to the sandbox cannot be read: {reason}.")


def _run(sandbox: Sandbox, given: Fields) -> dict[str, Any]:
    program = _read_program(given.inner("program"))
    limits = _read_limits(given.inner("limits", {}))
    compiling = given.inner_or_none("compile_limits")
    compile_limits = None if compiling is None else _read_limits(compiling)
    fetch = given.texts("fetch")
    given.done()
    outcome = sandbox.run(program, limits, compile_limits=compile_limits, fetch=fetch)
    return {"outcome": _outcome(outcome)}


def _call(sandbox: Sandbox, given: Fields) -> dict[str, Any]:
    program = _read_program(given.inner("program"))
    entry_point = given.text("entry_point")
    calls = given.plain_lists("calls")
    limits = _read_limits(given.inner("limits", {}))
    in_place = given.flag("in_place", False)
    given.done()
    seen = sandbox.call(program, entry_point, calls, limits, in_place=in_place)
    return {
        "call": {
            "outcome": _outcome(seen.outcome),
            "results": [_result(result) for result in seen.results],
            "fault": None if seen.fault is None else values.text(seen.fault),
            "tampered": seen.tampered,
        }
    }


def _examine(sandbox: Sandbox, given: Fields) -> dict[str, Any]:
    candidate = _read_program(given.inner("candidate"))
    entry_point = given.text("entry_point")
    examiner = _read_program(given.inner("examiner"))
    limits = _read_limits(given.inner("limits", {}))
    flags = {name: given.flag(name, False) for name in _FLAGS}
    declaration = given.text("declaration", "")
    given.done()
    seen = sandbox.examine(candidate, entry_point, examiner, limits, declaration=declaration, **flags)
    return {
        "exam": {
            "passed": seen.passed,
            "detail": values.text(seen.detail),
            "candidate": _outcome(seen.candidate),
            "examiner": None if seen.examiner is None else _outcome(seen.examiner),
            "calls": seen.calls,
            "fault": None if seen.fault is None else values.text(seen.fault),
            "tampered": seen.tampered,
        }
    }


_PERFORM: dict[str, Callable[[Sandbox, Fields], dict[str, Any]]] = {
    "run": _run,
    "call": _call,
    "examine": _examine,
}


def _read_program(given: Fields) -> Program:
    program = Program(
        source=given.text("source"),
        language=given.text("language", "python"),
        stdin=given.text("stdin", ""),
        files=dict(_read_file(each) for each in given.inners("files")),
        arguments=tuple(given.texts("arguments")),
        packages=tuple(given.texts("packages")),
    )
    given.done()
    return program


def _read_file(given: Fields) -> tuple[str, str | bytes]:
    content: str | bytes = given.data("base64") if given.has("base64") else given.text("text")
    file = given.text("path"), content
    given.done()
    return file


def _read_limits(given: Fields) -> Limits:
    seconds = {
        "wall_s": given.number("wall_s", _LIMITS.wall_s),
        "cpu_s": given.number_or_none("cpu_s", _LIMITS.cpu_s),
    }
    names = [each.name for each in fields(_LIMITS) if each.name not in seconds]
    counts = {name: given.whole(name, getattr(_LIMITS, name)) for name in names}
    given.done()
    return Limits(**seconds, **counts)  # type: ignore[arg-type]


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status.value,
        "exit_code": outcome.exit_code,
        "signal": outcome.signal,
        "stdout": values.text(outcome.stdout),
        "stderr": values.text(outcome.stderr),
        "stdout_truncated": outcome.stdout_truncated,
        "stderr_truncated": outcome.stderr_truncated,
        "wall_s": outcome.wall_s,
        "cpu_s": outcome.cpu_s,
        "peak_memory": outcome.peak_memory,
        "memory_by": values.text(outcome.memory_by),
        "compilation": None if outcome.compilation is None else _outcome(outcome.compilation),
        "files": [_file(path, data) for path, data in outcome.files.items()],
        "reason": values.text(outcome.reason),
    }


def _result(result: CallResult) -> dict[str, Any]:
    raised = result.raised
    texts = (
        None if raised is None else {"name": values.text(raised.name), "message": values.text(raised.message)}
    )
    # One payload, so that an argument that was returned is still the same object as the argument.
    changed = result.arguments is not None
    parts = [result.value, list(result.arguments)] if result.arguments is not None else [result.value]
    try:
        return {
            "raised": texts,
            "plain": values.plain(parts, shared=changed, what="an answer of the program"),
        }
    except RatchetError as error:
        raise HarnessError(f"an answer cannot be passed on: {error}") from None


# Reading the answer


def outcome_of(answer: Any) -> Outcome:
    """What `run` would have given.

    Raises what it would have raised, and HarnessError for what is no whole answer.
    """
    return _read_outcome(_answer(answer, "outcome"))


def call_outcome_of(answer: Any) -> CallOutcome:
    """What `call` would have given; raises as `outcome_of`."""
    given = _answer(answer, "call")
    seen = CallOutcome(
        outcome=_read_outcome(given.inner("outcome")),
        results=tuple(map(_read_result, given.inners("results"))),
        fault=given.text_or_none("fault"),
        tampered=given.flag("tampered"),
    )
    given.done()
    return seen


def exam_outcome_of(answer: Any) -> ExamOutcome:
    """What `examine` would have given; raises as `outcome_of`."""
    given = _answer(answer, "exam")
    examiner = given.inner_or_none("examiner")
    seen = ExamOutcome(
        passed=given.flag("passed"),
        detail=given.text("detail"),
        candidate=_read_outcome(given.inner("candidate")),
        examiner=None if examiner is None else _read_outcome(examiner),
        calls=given.whole("calls"),
        fault=given.text_or_none("fault"),
        tampered=given.flag("tampered"),
    )
    given.done()
    return seen


def _answer(answer: Any, name: str) -> Fields:
    given = Fields(answer, "the answer", _broken, tensors=False)
    if given.has("error"):
        error = given.inner("error")
        raise _KINDS[error.choice("kind", tuple(_KINDS))](error.text("message"))
    inner = given.inner(name)
    given.done()
    return inner


def _broken(reason: str) -> NoReturn:
    raise HarnessError(f"an answer of the sandbox cannot be read: {reason}.")


def _read_outcome(given: Fields, *, compiling: bool = False) -> Outcome:
    compilation = given.inner_or_none("compilation")
    if compiling and compilation is not None:
        _broken("a compilation has a compilation of its own")
    outcome = Outcome(
        status=Status(given.choice("status", tuple(Status))),
        exit_code=given.whole_or_none("exit_code"),
        signal=given.whole_or_none("signal"),
        stdout=given.text("stdout"),
        stderr=given.text("stderr"),
        stdout_truncated=given.flag("stdout_truncated"),
        stderr_truncated=given.flag("stderr_truncated"),
        wall_s=given.number("wall_s"),
        cpu_s=given.number("cpu_s"),
        peak_memory=given.whole("peak_memory"),
        memory_by=given.text("memory_by"),
        compilation=None if compilation is None else _read_outcome(compilation, compiling=True),
        files={path: _bytes(data) for path, data in map(_read_file, given.inners("files"))},
        reason=given.text("reason"),
    )
    given.done()
    return outcome


def _bytes(content: str | bytes) -> bytes:
    if isinstance(content, str):
        _broken("a file that the program left is a text")
    return content


def _read_result(given: Fields) -> CallResult:
    raised = given.inner_or_none("raised")
    parts = given.plain("plain")
    if type(parts) is not list or not (len(parts) == 1 or (len(parts) == 2 and type(parts[1]) is list)):
        _broken(f"{given.name}.plain holds no result")
    given.done()
    return CallResult(
        value=parts[0],
        raised=None if raised is None else _read_raised(raised),
        arguments=tuple(parts[1]) if len(parts) == 2 else None,
    )


def _read_raised(given: Fields) -> Raised:
    raised = Raised(given.text("name"), given.text("message"))
    given.done()
    return raised
