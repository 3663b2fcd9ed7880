"""Run programs that nobody trusts, and say what was seen.

    with LocalSandbox() as sandbox:
        outcome = sandbox.run(Program("print(input())", stdin="hello"), Limits(wall_s=2))
        outcome.status, outcome.stdout                     # Status.OK, "hello\\n"

        answers = sandbox.call(Program("def add(a, b): return a + b"), "add", [(1, 2), ("a", "b")])
        [result.value for result in answers.results]       # [3, "ab"]

        test = Program("assert add(1, 2) == 3")
        exam = sandbox.examine(Program("def add(a, b): return a + b"), "add", test)
        exam.passed                                        # True

`run` runs a script; `call` asks one function; `examine` lets a test text ask it
from another process, so that the program under test has nothing to forge. This
room knows nothing of models and problems, and judges nothing.
"""

from ratchet.sandbox.backends.local import LocalSandbox, Walls
from ratchet.sandbox.languages import Missing, Unsplittable
from ratchet.sandbox.running import run_file
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

__all__ = [
    "CallOutcome",
    "CallResult",
    "ExamOutcome",
    "Limits",
    "LocalSandbox",
    "Missing",
    "Outcome",
    "Program",
    "Raised",
    "Sandbox",
    "Status",
    "Unsplittable",
    "Walls",
    "run_file",
]
