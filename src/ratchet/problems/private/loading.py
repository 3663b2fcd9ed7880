"""MonkeyEval and BeatNumEval, by the authors' rule and by ours, in two environments.

`paper` puts the private words of a completion back to public ones, as text, and judges what
comes of it as a completion of the public prompt. `strict` runs the completion as it is, below
the private prompt, with a module `monkey` or `beatnum` beside it that works; the test is the
public one in the words of the private prompt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.cert import LIMITS, cert_problem
from ratchet.problems.data import find_data
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.private.alignment import changed_words, renamed_test
from ratchet.problems.private.faults import KNOWN
from ratchet.problems.private.files import LIBRARIES, PROMPTS, Library, file_of
from ratchet.problems.private.shim import shim_files
from ratchet.problems.types import Problem, RenamedOracle
from ratchet.problems.versions import about, faults_with, requirements_of, versions_of

_IDS = {"monkey": "PandasEval", "beatnum": "NumpyEval"}
"""Their problems are called as those that they were made of."""

_PUBLISHED_CEILINGS = {"monkey": 88, "beatnum": 99}
"""Problems whose own solution passes by the authors' rules, with the versions that they pin."""

Rules = Literal["strict", "paper"]
RULES: tuple[Rules, ...] = ("strict", "paper")


@dataclass(frozen=True, slots=True)
class Choice:
    """What stands behind the colon of a benchmark's name."""

    rules: Rules
    prompts: str = ""
    current: bool = False


def _choices() -> dict[str, Choice]:
    found: dict[str, Choice] = {}
    for rules in RULES:
        found[rules] = Choice(rules)
        found[f"{rules}-current"] = Choice(rules, current=True)
        for prompts in filter(None, PROMPTS):
            found[f"{rules}-{prompts.replace('_', '-')}"] = Choice(rules, prompts)
    return found


CHOICES: Mapping[str, Choice] = _choices()
"""`strict` and `paper`; with packages as they are here (`-current`), or with API lines in the prompts."""


def load_private(title: str, library: str, choice: str) -> Benchmark:
    """The benchmark of a private library, with what is known of its problems and of their solutions.

    Raises RatchetError where the data is not to be had, or packages that are meant to be here are not.
    """
    chosen, ours = CHOICES[choice], LIBRARIES[library]
    where = "current" if chosen.current else "pinned"
    versions = versions_of(where)
    packages = requirements_of(where, versions)
    public, bare = (_by_id(read_rows(find_data(file_of(name)))) for name in (ours.public, library))
    file = file_of(library, chosen.prompts)
    problems = tuple(
        _problem(row, bare[name], public[name], ours, chosen.rules, packages)
        for name, row in _by_id(read_rows(find_data(file))).items()
    )
    broken, exceptions = _faults(library, chosen.rules, versions)
    passing = {rules: len(problems) - len(set().union(*_faults(library, rules, versions))) for rules in RULES}
    differ = sorted(
        set().union(*_faults(library, "paper", versions)) ^ set().union(*_faults(library, "strict", versions))
    )
    notes = (
        about(title, where, versions, passing["paper"], _PUBLISHED_CEILINGS[library])[0],
        f"Its own solutions pass {passing['strict']} of {len(problems)} problems by the strict rules and "
        f"{passing['paper']} by the authors', with these versions; with those the authors' rules let "
        f"{_PUBLISHED_CEILINGS[library]} pass.",
        f"The two rules differ on the solutions of {', '.join(differ) or 'none of them'}.",
    )
    return Benchmark(
        f"{title.lower()}:{choice}",
        problems,
        LIMITS,
        "MIT",
        file.url,
        exceptions=exceptions,
        broken=broken,
        rules=chosen.rules,
        notes=notes,
    )


def _by_id(rows: Iterable[Row]) -> dict[str, Row]:
    return {row.text("task_id"): row for row in rows}


def _faults(library: str, rules: Rules, versions: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What is broken, and what only the own solutions do not pass: problem -> reason."""
    known, name = KNOWN[library], _IDS[library]
    broken, exceptions = known.broken, known.exceptions
    if rules == "paper":
        broken, exceptions = known.paper_broken | broken, known.paper_exceptions | exceptions
    no_answer, no_reference = (faults_with(faults, versions, name) for faults in (broken, exceptions))
    return no_answer, {one: reason for one, reason in no_reference.items() if one not in no_answer}


def _problem(
    row: Row, bare: Row, public: Row, library: Library, rules: Rules, packages: tuple[str, ...]
) -> Problem:
    """`bare` is the private problem without API lines, `public` the one that it was made of."""
    shown, prompt, entry_point, test = (
        row.text("prompt"),
        *map(public.text, ("prompt", "entry_point", "test")),
    )
    if rules == "strict":
        words = changed_words(prompt, bare.text("prompt"))
        words.pop(library.short, None)
        entry_point, test = words.get(entry_point, entry_point), renamed_test(test, words)
    judged = {"prompt": prompt, "entry_point": entry_point, "test": test}
    problem = cert_problem(Row(row.fields | judged, row.where), packages=packages)
    if rules == "strict":
        return replace(problem, prompt=shown, turns=(shown,), files=shim_files(library))
    oracle = RenamedOracle(problem.oracle, prompt, library.table)
    return replace(problem, prompt=shown, turns=(shown,), oracle=oracle)
