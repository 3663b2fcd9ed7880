"""From what the zygote and the examiner reported to what the sandbox says was seen."""

from __future__ import annotations

import re

from ratchet.sandbox.backends.examiner import Told
from ratchet.sandbox.backends.zygote import Role
from ratchet.sandbox.inside import orders
from ratchet.sandbox.types import ExamOutcome, Outcome, Status

_MEMORY_ERROR = re.compile(r"(?:\w+\.)*_?\w*MemoryError\b")
_SIGKILL = 9
_OVER = {orders.BY_CPU: Status.TIMEOUT, orders.BY_MEMORY: Status.MEMORY}


def exam_outcome(told: Told | None, candidate: Outcome, examiner: Outcome | None) -> ExamOutcome:
    """What an exam found; nobody passes of whom nothing was told."""
    if told is None:
        detail = f"the examiner ended before its text did ({(examiner or candidate).status})"
        return ExamOutcome(False, detail, candidate, examiner, 0)
    return ExamOutcome(
        told.passed, told.detail, candidate, examiner, told.calls, told.fault, tampered=told.tampered
    )


def examiner_outcome(told: Told | None, role: Role, memory_by: str) -> Outcome:
    """What an examiner did in one exam; it may have gone on to live."""
    out, err = role.stdout, role.stderr
    assert out is not None
    assert err is not None
    end = role.end
    if told is not None:
        status, signal = Status.OK, None
    elif end is not None and end.code is not None:
        status = Status.MEMORY if role.out_of_memory else Status.CRASHED
        signal = -end.code if end.code < 0 else None
    else:
        status, signal = Status.TIMEOUT, 9
    return Outcome(
        status=status,
        exit_code=0 if told is not None else None,
        signal=signal,
        stdout=out.text(),
        stderr=err.text(),
        stdout_truncated=out.truncated,
        stderr_truncated=err.truncated,
        wall_s=role.wall_s,
        cpu_s=told.cpu_s if told is not None else end.cpu_s if end is not None else 0.0,
        peak_memory=told.peak_memory if told is not None else end.peak_memory if end is not None else 0,
        memory_by=memory_by,
    )


def outcome(role: Role, memory_by: str) -> Outcome:
    """What a program did; `memory_by` as in `Outcome`."""
    end, out, err = role.end, role.stdout, role.stderr
    assert end is not None
    assert out is not None
    assert err is not None
    code = end.code
    stderr = err.text()
    signal = -code if code is not None and code < 0 else None
    if role.out_of_memory and end.by != orders.BY_ITSELF:
        status, code, signal = Status.MEMORY, None, 9
    elif end.by == orders.BY_DEADLINE:  # whatever it did while it was being ended
        status, code, signal = Status.TIMEOUT, None, 9
    elif end.by in _OVER:
        status = _OVER[end.by]
    elif code is None or code == 0:  # dismissed, as all that was asked of it is answered; or at its end
        status = Status.OK
    elif signal is not None:
        status = Status.MEMORY if role.out_of_memory and signal == _SIGKILL else Status.CRASHED
    else:
        last = stderr.rstrip().rpartition("\n")[2]
        status = Status.MEMORY if role.mode != "execute" and _MEMORY_ERROR.match(last) else Status.ERROR
    return Outcome(
        status=status,
        exit_code=code if code is not None and code >= 0 else None,
        signal=signal,
        stdout=out.text(),
        stderr=stderr,
        stdout_truncated=out.truncated,
        stderr_truncated=err.truncated,
        wall_s=role.wall_s,
        cpu_s=end.cpu_s,
        peak_memory=end.peak_memory,
        memory_by=memory_by,
        files=role.files,
    )
