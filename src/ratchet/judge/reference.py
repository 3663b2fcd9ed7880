"""What a reference answers on a problem's inputs, and the exam that is made of it.

The reference's program is run in the sandbox once; its answers and times are kept under
RATCHET_HOME/expected, by a hash of all that they depend on. The comparison runs in the
examiner's process: one process of ours would be the bottleneck for all slots.
"""

from __future__ import annotations

import hashlib
import pickle
import platform
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.judge.closeness import tolerance_for
from ratchet.problems.data import write_whole
from ratchet.problems.literals import read_inputs
from ratchet.problems.types import ReferenceOracle
from ratchet.sandbox import Sandbox
from ratchet.sandbox.home import home_directory
from ratchet.sandbox.inside import wire
from ratchet.sandbox.types import Limits, Program

LEAST_S = 1.0
"""Every input has this long, however fast the reference is; EvalPlus's."""
TIMES_REFERENCE = 4.0
"""Otherwise this many times what the reference took; EvalPlus's."""

_MOST_PATIENCE = 6.0
"""A limit that is 4 times what the reference takes needs no more; an endless loop burns all it is given."""

LARGE = 1 << 20
"""Bytes of an answer above which it is not kept."""

_CROSSING_S_PER_BYTE = 1e-6
"""An answer has to be sent, which in EvalPlus it has not: an ample time for that is added."""
_REFERENCE_LIMITS = Limits(wall_s=900.0, memory_bytes=4 << 30)
_KEPT = 64
"""Problems whose cases stay in memory; a benchmark's take 0.1 MB each at most, others may take more."""
_FORMAT = "2"

_TIMED = """

def __ratchet_timed__(*args):
    from time import perf_counter
    begun = perf_counter()
    value = {function}(*args)
    return ({answer}, perf_counter() - begun)
"""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the reference returned on one input, in how many seconds, and the answer's size in bytes."""

    value: Any
    """None where it is larger than `LARGE`: the examiner then asks the reference itself."""
    seconds: float
    size: int
    digest: bytes = b""
    """SHA-256 of the bytes of an answer ["value", value] with it; of a large one alone, and only if it
    equals itself."""
    floor: float = 0.0
    """What it raises a tolerance of 0 to, where it is large."""

    @property
    def known(self) -> bool:
        """Whether `value` is the answer."""
        return self.size <= LARGE

    def limit_s(self) -> float:
        """Seconds that a candidate has for this input."""
        return max(LEAST_S, TIMES_REFERENCE * self.seconds) + _CROSSING_S_PER_BYTE * self.size


_cases: OrderedDict[ReferenceOracle, bytes] = OrderedDict()
_guard = threading.Lock()
_busy: dict[ReferenceOracle, threading.Lock] = {}


def reference_exam(oracle: ReferenceOracle, sandbox: Sandbox, *, patience: float = 1.0) -> Program:
    """The examiner's program: `hold` of `ratchet.judge.reference_exam`, and the cases as a file.

    `patience` stretches the time limit of each input, to 6 times at most. Raises RatchetError where the
    reference itself fails on an input, HarnessError when the sandbox broke.
    """
    stretch = min(patience, _MOST_PATIENCE)
    named = (oracle.entry_point, oracle.program, oracle.rule, oracle.tolerance, stretch, oracle.original)
    terms = pickle.dumps(named)
    return Program(_text(), files={"cases": terms + _packed_cases(oracle, sandbox)})


def _text() -> str:
    if not _texts:
        package = resources.files("ratchet.judge")
        lines = ["from __future__ import annotations"]
        for name in ("showing.py", "closeness.py", "reference_exam.py"):
            source = package.joinpath(name).read_text(encoding="utf-8")
            lines += [line for line in source.splitlines() if not line.startswith(_NOT_THERE)]
        lines += ["with open('cases', 'rb') as file:", "    hold(__candidate__, file)", ""]
        _texts.append("\n".join(lines))
    return _texts[0]


_texts: list[str] = []
_NOT_THERE = ("from __future__ ", "from ratchet.")


def _packed_cases(oracle: ReferenceOracle, sandbox: Sandbox) -> bytes:
    """The cases, ready for `hold`; made once even if several threads ask for them."""
    with _guard:
        if oracle in _cases:
            _cases.move_to_end(oracle)
            return _cases[oracle]
        busy = _busy.setdefault(oracle, threading.Lock())
    with busy:
        with _guard:
            if oracle in _cases:
                return _cases[oracle]
        packed = _pack(oracle, sandbox)
        with _guard:
            _cases[oracle] = packed
            _busy.pop(oracle, None)
            while len(_cases) > _KEPT:
                _cases.popitem(last=False)
    return packed


def _pack(oracle: ReferenceOracle, sandbox: Sandbox) -> bytes:
    inputs = read_inputs(oracle.inputs)
    answers = expected_answers(oracle, inputs, sandbox)
    cases = [
        (args, answer.known, answer.value, answer.limit_s(), answer.digest, answer.floor)
        for args, answer in zip(inputs, answers, strict=True)
    ]
    return pickle.dumps(cases, protocol=5)


def expected_answers(
    oracle: ReferenceOracle, inputs: list[tuple[Any, ...]], sandbox: Sandbox
) -> list[Expected]:
    """What the reference returns on each of the inputs, from the cache if it is there.

    Raises RatchetError where it fails on one, HarnessError when the sandbox broke.
    """
    key = hashlib.sha256()
    for part in (_FORMAT, platform.python_version(), oracle.entry_point, oracle.program, oracle.rule):
        key.update(f"{len(part)}:{part}".encode("utf-8", "surrogatepass"))
    key.update(oracle.inputs.encode("utf-8", "surrogatepass"))
    path = home_directory() / "expected" / key.hexdigest()
    kept = _read(path, len(inputs))
    if kept is not None:
        return kept
    answers = _ask(oracle, inputs, sandbox)
    with suppress(OSError):  # without a cache it is only slower the next time
        write_whole(b"".join(map(_record, answers)), path)
    return answers


def _record(answer: Expected) -> bytes:
    payload = wire.pack((answer.value, answer.seconds, answer.size, answer.digest, answer.floor))
    return len(payload).to_bytes(8) + payload


def _read(path: Path, count: int) -> list[Expected] | None:
    """The answers that the cache holds; None where it has none, or something else."""
    answers: list[Expected] = []
    try:
        with path.open("rb") as file:
            while length := file.read(8):
                answers.append(Expected(*wire.unpack(file.read(int.from_bytes(length)))))
    except (OSError, OverflowError, MemoryError, TypeError, wire.WireError):
        return None
    return answers if len(answers) == count else None


def _ask(oracle: ReferenceOracle, inputs: list[tuple[Any, ...]], sandbox: Sandbox) -> list[Expected]:
    answer = "value is not None" if oracle.rule == "evalplus not none" else "value"
    timed = _TIMED.format(function=oracle.entry_point, answer=answer)
    program = Program(oracle.program + timed)
    seen = sandbox.call(program, "__ratchet_timed__", inputs, _REFERENCE_LIMITS)
    for number, result in enumerate(seen.results, start=1):
        if result.raised is not None:
            raise RatchetError(
                f"the reference of {oracle.entry_point} raises {result.raised.name} on input {number} "
                f"({result.raised.message[:80]}); leave this input out."
            )
    if len(seen.results) < len(inputs):
        raise RatchetError(
            f"the reference of {oracle.entry_point} gave no answer on input {len(seen.results) + 1} "
            f"({seen.fault or seen.outcome.status}); leave this input out."
        )
    return [_expected(*result.value) for result in seen.results]


def _expected(value: Any, seconds: float) -> Expected:
    packed = wire.pack(["value", value])
    if len(packed) <= LARGE:
        return Expected(value, seconds, len(packed))
    # What is not a number equals nothing, not even one with the same bytes.
    alike = (pickle.loads(pickle.dumps(value)) == value) is True
    digest = hashlib.sha256(packed).digest() if alike else b""
    return Expected(None, seconds, len(packed), digest, float(tolerance_for(value, 0.0)))
