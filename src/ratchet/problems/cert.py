"""Problems in the form of CERT and its successors: functions, and scripts whose variables are tested.

Zan et al. 2022 ("CERT: Continual Pre-training on Sketches for Library-Oriented Code Generation")
published NumpyEval and PandasEval in this form, Zan et al. 2022 ("When Language Model Meets
Private Library") TorchDataEval, MonkeyEval and BeatNumEval; the code is microsoft/PyCodeGPT (MIT).
A row has `task_id`, `prompt`, `entry_point`, `canonical_solution` (a list of solutions) and `test`.
Where `entry_point` is "none", the program is a script, which may be asked for from the middle
of a line on, and `check()` reads variables that it leaves.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from ratchet.errors import RatchetError
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.parsing import parse
from ratchet.problems.syntax import unbound_names, why_together
from ratchet.problems.types import CheckOracle, Problem, VariablesOracle
from ratchet.problems.versions import Fault, about, faults_with, requirements_of, versions_of
from ratchet.sandbox.types import Limits

STOP = ("\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif")
"""Where the authors cut a completion (cert/eval_cert.py)."""

MAX_TOKENS = 100
"""How long the authors let it become."""

NO_FUNCTION = "none"
"""The `entry_point` of a script."""

LIMITS = Limits(wall_s=10.0)
"""For a sample with its test. The authors allow 3 s, when numpy and pandas have been imported;
in an environment of their own they are imported anew by every program."""


def library_benchmark(
    name: str,
    file: DataFile,
    choice: str,
    broken: Mapping[int, Fault],
    exceptions: Mapping[int, Fault],
    *,
    published_ceiling: int,
) -> Benchmark:
    """The problems of `file` as a benchmark, with the versions of numpy and pandas that `choice` names.

    Of `broken` and `exceptions` those count that are there with these versions. Raises
    RatchetError as `find_data`, `read_rows` and `versions_of` do.
    """
    versions = versions_of(choice)
    packages = requirements_of(choice, versions)
    problems = tuple(cert_problem(row, packages=packages) for row in read_rows(find_data(file)))
    no_answer, no_reference = (faults_with(faults, versions, name) for faults in (broken, exceptions))
    passing = len(problems) - len(no_answer) - len(no_reference)
    return Benchmark(
        f"{name.lower()}:{choice}",
        problems,
        LIMITS,
        "MIT",
        file.url,
        exceptions=no_reference,
        broken=no_answer,
        notes=about(name, choice, versions, passing, published_ceiling),
    )


def cert_problem(row: Row, *, packages: Sequence[str] = ()) -> Problem:
    """The problem of one row; `packages` are what its program and its test need.

    Raises RatchetError, with file and line, where a field is missing or of the wrong type.
    """
    prompt = row.text("prompt")
    solutions = row.texts("canonical_solution")
    if not solutions:
        raise RatchetError(f'{row.where}: the field "canonical_solution" holds no solution.')
    oracle = cert_oracle(row.text("entry_point"), prompt, row.text("test"))
    form = "script" if isinstance(oracle, VariablesOracle) else "function"
    return Problem(
        id=row.text("task_id"),
        prompt=prompt,
        oracle=oracle,
        turns=(prompt,),
        reference=solutions[0],
        other_references=tuple(solutions[1:]),
        stop=STOP,
        packages=tuple(packages),
        labels={"form": form},
        max_tokens=MAX_TOKENS,
    )


def cert_oracle(entry_point: str, prompt: str, test: str) -> CheckOracle | VariablesOracle:
    """What judges the program: `test`, which stands below the program in the authors' harness.

    What the test uses of the prompt's imports it gets from imports of its own; all other
    names that it does not define are the program's variables.
    """
    unbound = unbound_names(test)
    imports = {name: line for name, line in _imports(prompt) if name in unbound}
    preamble = "".join(f"{line}\n" for line in dict.fromkeys(imports.values()))
    if entry_point != NO_FUNCTION:
        return CheckOracle(entry_point, test, preamble=preamble, together=why_together(test, entry_point))
    variables = tuple(sorted(unbound - imports.keys()))
    return VariablesOracle(variables, f"{test}\ncheck()\n", preamble=preamble)


def references(problem: Problem) -> tuple[str, ...]:
    """All completions of a problem that are known to be right."""
    return () if problem.reference is None else (problem.reference, *problem.other_references)


def _imports(prompt: str) -> Iterator[tuple[str, str]]:
    """Each name that a top-level line of `prompt` imports, with an `import` line for it alone."""
    for line in prompt.splitlines():
        if not line.startswith(("import ", "from ")):
            continue
        try:
            tree = parse(line)
        except (SyntaxError, ValueError):
            continue  # a prompt may end within it
        for statement in ast.walk(tree):
            if isinstance(statement, ast.Import | ast.ImportFrom):
                for alias in statement.names:
                    alone = ast.unparse(_only(statement, alias))
                    yield alias.asname or alias.name.partition(".")[0], alone


def _only(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if isinstance(statement, ast.Import):
        return ast.Import([alias])
    return ast.ImportFrom(statement.module, [alias], statement.level)
