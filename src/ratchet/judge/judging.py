"""A sample and its problem to a verdict, one at a time or many at once.

The sample is run in the sandbox; what it answers is compared, or examined by the
problem's tests, outside of it. A problem with the harness is raised, and is
never a verdict.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from itertools import islice
from typing import Literal

from ratchet.errors import HarnessError
from ratchet.judge.compare import equal
from ratchet.judge.evidence import how_it_ended, last_line, looks_uncompiled, one_line, shown, shown_call
from ratchet.judge.exam import exam_text
from ratchet.judge.types import Verdict, VerdictStatus
from ratchet.judge.workers import Workers
from ratchet.problems.types import CallOracle, CheckOracle, Problem, Sample
from ratchet.sandbox import LocalSandbox
from ratchet.sandbox.types import CallOutcome, CallResult, ExamOutcome, Limits, Outcome, Program, Status

OracleMode = Literal["split", "in-process"]

_COMPILES = "import sys\ncompile(sys.stdin.buffer.read().decode(), 'program.py', 'exec', dont_inherit=True)\n"
_OWN_TIME = 0.95
"""Share of the time limit; see `judge_many`."""


def program_text(problem: Problem, sample: Sample) -> str:
    """The whole program that a sample stands for: prompt and completion, or the sample alone."""
    return sample.completion if sample.standalone else problem.prompt + sample.completion


def judge(
    problem: Problem,
    sample: Sample,
    sandbox: LocalSandbox,
    limits: Limits,
    *,
    oracle: OracleMode = "split",
) -> Verdict:
    """Run one sample under `limits`, which hold for all its tests together, and judge it.

    `oracle` "split" keeps the tests out of the candidate's process. "in-process"
    lets a `CheckOracle` share it, which is faster and can be forged (see
    `Verdict.oracle`); a `CallOracle` is split in either case.

    Raises HarnessError when the sandbox broke, RatchetError on a language it does not have.
    """
    text = program_text(problem, sample)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        nothing = Outcome(Status.ERROR, None, None, "", "", False, False, 0.0, 0.0, 0)
        return _verdict(problem, sample, VerdictStatus.INVALID, "holds lone surrogates", 0, nothing)
    candidate = Program(text, problem.language)
    try:
        if isinstance(problem.oracle, CallOracle):
            return _judge_calls(problem, problem.oracle, sample, candidate, sandbox, limits)
        return _judge_check(problem, problem.oracle, sample, candidate, sandbox, limits, oracle)
    except HarnessError as error:
        raise HarnessError(f"while judging sample {sample.index} of {problem.id}: {error}") from error


def judge_many(
    pairs: Iterable[tuple[Problem, Sample]],
    sandbox: LocalSandbox,
    limits: Limits,
    *,
    oracle: OracleMode = "split",
) -> Generator[tuple[int, Verdict], None, None]:
    """Judge all pairs, as many at once as the sandbox has slots; yield (position, verdict) as they end.

    `pairs` is consumed as needed and may be endless. So that the load on the
    machine decides nothing, a sample that timed out is judged once more, alone,
    after all others, and the second verdict is the one that counts; not so where
    it used up 95 % of the limit in CPU time of its own: no quieter machine would
    have given it that back.

    Closing the iterator early (an exception in the loop does) starts nothing new.
    Raises as `judge` does.
    """
    numbered = enumerate(pairs)
    running: dict[Future[Verdict], tuple[int, Problem, Sample]] = {}
    again: list[tuple[int, Problem, Sample]] = []
    with Workers[Verdict](sandbox.slots) as workers:
        while True:
            # Twice the slots, so that none of them waits for this thread.
            for position, (problem, sample) in islice(numbered, 2 * sandbox.slots - len(running)):
                future = workers.submit(partial(judge, problem, sample, sandbox, limits, oracle=oracle))
                running[future] = position, problem, sample
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                position, problem, sample = running.pop(future)
                verdict = future.result()
                if verdict.status is VerdictStatus.TIMEOUT and verdict.cpu_s < _OWN_TIME * limits.wall_s:
                    again.append((position, problem, sample))
                else:
                    yield position, verdict
    for position, problem, sample in again:
        yield position, judge(problem, sample, sandbox, limits, oracle=oracle)


def _judge_calls(
    problem: Problem,
    oracle: CallOracle,
    sample: Sample,
    candidate: Program,
    sandbox: LocalSandbox,
    limits: Limits,
) -> Verdict:
    seen = sandbox.call(candidate, oracle.entry_point, [case.args for case in oracle.cases], limits)
    status, detail = _compare_cases(oracle, seen, limits)
    if status is VerdictStatus.FAILED and not seen.results and _uncompiled(candidate, seen.outcome, sandbox):
        status, detail = VerdictStatus.INVALID, last_line(seen.outcome.stderr)
    return _verdict(problem, sample, status, detail, len(seen.results), seen.outcome)


def _compare_cases(oracle: CallOracle, seen: CallOutcome, limits: Limits) -> tuple[VerdictStatus, str]:
    """The verdict on the answers, by the first case that is not as it should be."""
    for number, (case, result) in enumerate(zip(oracle.cases, seen.results, strict=False), start=1):
        if result.raised is not None or not equal(result.value, case.expected):
            call = shown_call(oracle.entry_point, case.args)
            memory = result.raised is not None and result.raised.name == "MemoryError"
            return (
                VerdictStatus.MEMORY if memory else VerdictStatus.FAILED,
                f"case {number}: {call} {_answer(result)}, expected {shown(case.expected)}",
            )
    if seen.fault is not None:
        return _status_of_fault(seen.fault), f"the program {seen.fault}"
    if not oracle.cases:
        return VerdictStatus.FAILED, "the problem has no cases to be tested by"
    if len(seen.results) < len(oracle.cases):
        number = len(seen.results) + 1
        call = shown_call(oracle.entry_point, oracle.cases[number - 1].args)
        ended = how_it_ended(seen.outcome, limits)
        return _status_of(seen.outcome), f"case {number}: {call} got no answer: the program {ended}"
    return VerdictStatus.PASSED, ""


def _answer(result: CallResult) -> str:
    if result.raised is None:
        return f"returned {shown(result.value)}"
    return f"raised {result.raised.name}: {result.raised.message[:100]}"


def _judge_check(
    problem: Problem,
    oracle: CheckOracle,
    sample: Sample,
    candidate: Program,
    sandbox: LocalSandbox,
    limits: Limits,
    mode: OracleMode,
) -> Verdict:
    examiner = Program(exam_text(oracle))
    seen = sandbox.examine(candidate, oracle.entry_point, examiner, limits, in_process=mode == "in-process")
    status, detail = _status_of_exam(seen, limits)
    if status is VerdictStatus.FAILED and _uncompiled(candidate, seen.candidate, sandbox):
        status, detail = VerdictStatus.INVALID, last_line(seen.candidate.stderr)
    return _verdict(problem, sample, status, detail, seen.calls, seen.candidate, mode)


def _status_of_exam(seen: ExamOutcome, limits: Limits) -> tuple[VerdictStatus, str]:
    if seen.fault is not None:
        return _status_of_fault(seen.fault), f"the program {seen.fault}"
    if seen.passed:
        if seen.calls:
            return VerdictStatus.PASSED, ""
        return VerdictStatus.FAILED, "the tests never called it"
    # A program that ends of itself explains more than what its tests made of that.
    if seen.candidate.status is not Status.OK:
        return _status_of(seen.candidate), f"the program {how_it_ended(seen.candidate, limits)}"
    if seen.examiner is not None and _status_of(seen.examiner) is not VerdictStatus.FAILED:
        return _status_of(seen.examiner), f"its tests {how_it_ended(seen.examiner, limits)}"
    memory = seen.detail.startswith("MemoryError")
    return VerdictStatus.MEMORY if memory else VerdictStatus.FAILED, seen.detail


def _status_of_fault(fault: str) -> VerdictStatus:
    """An answer that is no plain data is only wrong; anything but an answer on its channel is a forgery."""
    return VerdictStatus.TAMPERED if "answer channel" in fault else VerdictStatus.FAILED


def _status_of(outcome: Outcome) -> VerdictStatus:
    """The verdict on a program that owed an answer when it ended like this."""
    ended = {
        Status.TIMEOUT: VerdictStatus.TIMEOUT,
        Status.MEMORY: VerdictStatus.MEMORY,
        Status.CRASHED: VerdictStatus.CRASHED,
    }
    return ended.get(outcome.status, VerdictStatus.FAILED)


def _uncompiled(candidate: Program, outcome: Outcome, sandbox: LocalSandbox) -> bool:
    """Whether the candidate does not even compile: asked of the compiler, in the jail.

    Its own stderr only says whether asking is worthwhile: a program can print anything.
    """
    if candidate.language != "python" or not looks_uncompiled(outcome.stderr):
        return False
    return sandbox.run(Program(_COMPILES, stdin=candidate.source)).status is not Status.OK


def _verdict(
    problem: Problem,
    sample: Sample,
    status: VerdictStatus,
    detail: str,
    tests_run: int,
    outcome: Outcome,
    mode: OracleMode = "split",
) -> Verdict:
    return Verdict(
        problem.id,
        sample.index,
        status,
        "" if status is VerdictStatus.PASSED else one_line(detail),
        tests_run,
        round(outcome.wall_s, 6),
        round(outcome.cpu_s, 6),
        outcome.peak_memory,
        mode,
    )
