"""A sample and its problem to a verdict, one at a time or many at once.

The sample is run in the sandbox; what it answers is compared, or examined by the
problem's tests, outside of it. A problem with the harness is raised, and is
never a verdict.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from functools import partial
from itertools import islice

from ratchet.errors import HarnessError, RatchetError
from ratchet.judge.evidence import last_line, looks_uncompiled, one_line
from ratchet.judge.hearing import Hearing, OracleMode, Seen, Together
from ratchet.judge.load import patience as patience_now
from ratchet.judge.oracles import hear
from ratchet.judge.types import Verdict, VerdictStatus
from ratchet.judge.workers import Workers
from ratchet.problems.types import Problem, Sample
from ratchet.sandbox import Sandbox
from ratchet.sandbox.types import Limits, Outcome, Program, Status

_COMPILES = "import sys\ncompile(sys.stdin.buffer.read().decode(), 'program.py', 'exec', dont_inherit=True)\n"
_OWN_TIME = 0.95
"""Share of the time; see `judge_many`."""


def program_text(problem: Problem, sample: Sample) -> str:
    """The whole program that a sample stands for: prompt and completion, or the sample alone.

    Where the prompt is no part of the program every sample is one of its own, and what the
    benchmark puts around it is always there.
    """
    if not problem.prompt_in_program:
        return problem.setup + sample.completion + problem.closing
    if sample.standalone:
        return sample.completion
    return problem.setup + problem.prompt + sample.completion + problem.closing


def judge(
    problem: Problem,
    sample: Sample,
    sandbox: Sandbox,
    limits: Limits,
    *,
    oracle: OracleMode = "split",
    patience: float = 1.0,
) -> Verdict:
    """Run one sample under `limits`, which hold for all its tests together, and judge it.

    `oracle` "split" keeps the tests out of the candidate's process. "auto" does so but
    for tests that cannot be kept apart (`CheckOracle.together`; of a `NativeOracle` that
    may be known only when it is tried). "in-process" lets every `CheckOracle` and
    `NativeOracle` share it, which is faster and can be forged (see `Verdict.oracle`);
    other oracles are split in any case.

    `patience` is for a machine that is busy with other things: the wall limits are
    stretched that many times, while CPU time stays limited to what the wall limit was,
    and so does the time in which it neither computed nor can have waited for a core.

    Raises HarnessError when the sandbox broke, RatchetError on a language it does not
    have, or not on this machine, and on tests that cannot be split where they must be.
    """
    text = program_text(problem, sample)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        nothing = Outcome(Status.ERROR, None, None, "", "", False, False, 0.0, 0.0, 0)
        return _verdict(problem, sample, Seen(VerdictStatus.INVALID, "holds lone surrogates", 0, nothing))
    candidate = Program(text, problem.language, files=problem.files, packages=problem.packages)
    hearing = Hearing(
        problem, candidate, sandbox, _stretched(limits, patience), limits, max(patience, 1.0), oracle
    )
    try:
        seen = hear(hearing)
        if seen.outcome.status is Status.PACKAGES:
            raise RatchetError(f"{problem.id} is unavailable: {seen.outcome.reason}.")
        if seen.status is VerdictStatus.FAILED and _uncompiled(candidate, seen.outcome, sandbox):
            seen = replace(seen, status=VerdictStatus.INVALID, detail=last_line(seen.outcome.stderr))
        if seen.status is VerdictStatus.PASSED and patience > 1.0:
            seen = _unless_idle(seen, limits, patience)
    except HarnessError as error:
        raise HarnessError(f"while judging sample {sample.index} of {problem.id}: {error}") from error
    return _verdict(problem, sample, seen)


def _stretched(limits: Limits, patience: float) -> Limits:
    if patience <= 1.0:
        return limits
    cpu_s = limits.wall_s if limits.cpu_s is None else limits.cpu_s
    return replace(limits, wall_s=limits.wall_s * patience, cpu_s=cpu_s)


def _unless_idle(seen: Seen, limits: Limits, patience: float) -> Seen:
    """A pass, unless it slept longer than its time: `patience` is for the machine's sake alone."""
    computed_s = seen.outcome.cpu_s + (seen.examiner.cpu_s if seen.examiner else 0.0)
    if seen.outcome.wall_s - patience * computed_s <= limits.wall_s:
        return seen
    detail = f"took {seen.outcome.wall_s:.2g} s, of which it computed for {computed_s:.2g} s"
    return replace(seen, status=VerdictStatus.TIMEOUT, detail=f"the program {detail}")


def judge_many(
    pairs: Iterable[tuple[Problem, Sample]],
    sandbox: Sandbox,
    limits: Limits,
    *,
    oracle: OracleMode = "split",
    refused: dict[int, str] | None = None,
) -> Generator[tuple[int, Verdict], None, None]:
    """Judge all pairs, as many at once as the sandbox has slots; yield (position, verdict) as they end.

    `pairs` is consumed as needed and may be endless. So that the load on the
    machine decides nothing, a sample that timed out is judged once more, alone,
    after all others, with the patience that the machine's other work asks for
    (`ratchet.judge.load`), and the second verdict is the one that counts. Not so
    where 95 % of its time was CPU time of its own: no quieter machine would have
    given it that back.

    `refused` is given the positions of samples whose tests turn out not to be splittable
    where they must be, with the reason; there is no verdict on these. None: that is raised.

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
                try:
                    verdict = future.result()
                except Together as error:
                    if refused is None:
                        raise
                    refused[position] = error.reason
                    continue
                if was_kept_waiting(verdict, limits):
                    again.append((position, problem, sample))
                else:
                    yield position, verdict
    for position, problem, sample in again:
        yield position, judge(problem, sample, sandbox, limits, oracle=oracle, patience=patience_now())


def was_kept_waiting(verdict: Verdict, limits: Limits) -> bool:
    """Whether it timed out without having had the CPU time that it could have had."""
    had = min(limits.wall_s, verdict.wall_s)
    return verdict.status is VerdictStatus.TIMEOUT and verdict.cpu_s < _OWN_TIME * had


def _uncompiled(candidate: Program, outcome: Outcome, sandbox: Sandbox) -> bool:
    """Whether the candidate does not even compile: asked of the compiler, in the jail.

    Its own stderr only says whether asking is worthwhile: a program can print anything.
    """
    if candidate.language != "python" or not looks_uncompiled(outcome.stderr):
        return False
    return sandbox.run(Program(_COMPILES, stdin=candidate.source)).status is not Status.OK


def _verdict(problem: Problem, sample: Sample, seen: Seen) -> Verdict:
    return Verdict(
        problem.id,
        sample.index,
        seen.status,
        "" if seen.status is VerdictStatus.PASSED else one_line(seen.detail),
        seen.tests_run,
        round(seen.outcome.wall_s, 6),
        round(seen.outcome.cpu_s, 6),
        seen.outcome.peak_memory,
        seen.mode,
        seen.together if seen.mode == "in-process" else "",
    )
