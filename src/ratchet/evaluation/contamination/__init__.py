"""Whether the problems of a benchmark stand in a corpus that a model is trained on.

    report = contamination(load_benchmark("humaneval"), documents([Path("corpus")]))
    print(report.sentence)

Two measures: n-grams that a problem's prompt, solution or tests share with the corpus (`grams`), and
code of the corpus that is nearly a solution (`similar`). Who builds a corpus asks document by document:

    check = Contamination(benchmark)
    kept = [document for document in documents([Path("raw")]) if not check.look(document)]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ratchet.errors import RatchetError
from ratchet.evaluation.contamination.grams import Grams, N, Part
from ratchet.evaluation.contamination.reading import Document, documents
from ratchet.evaluation.contamination.report import Finding, Match, Report
from ratchet.evaluation.contamination.similar import THRESHOLD, Solution, Solutions, solution_of
from ratchet.problems import Benchmark, Problem
from ratchet.problems.types import RenamedOracle

__all__ = [
    "Contamination",
    "Document",
    "Finding",
    "Match",
    "Report",
    "contamination",
    "documents",
]

_WORD = re.compile(r"\w+")
_KEPT = 5
"""Matches of a problem and kind that a report keeps: the strongest, of equals the first."""


class Contamination:
    """A benchmark, and what was found of it in the documents that were looked at."""

    def __init__(self, benchmark: Benchmark, *, n: int = N, threshold: float = THRESHOLD) -> None:
        """`n` words make a gram (8 or more); code above `threshold` (0.5 to below 1) is similar.

        Raises RatchetError on other values.
        """
        if n < 8:
            raise RatchetError(
                f"an n-gram must have 8 words or more, not {n}: shorter ones are found by chance."
            )
        if not 0.5 <= threshold < 1:
            raise RatchetError(f"the threshold of similarity is from 0.5 to below 1, unlike {threshold}.")
        self._benchmark = benchmark
        self._threshold = threshold
        self._ids = [problem.id for problem in benchmark.problems]
        texts = {
            (number, part): _WORD.findall(text.lower())
            for number, problem in enumerate(benchmark.problems)
            for part, text in _parts(problem)
        }
        self._grams = Grams(texts, n)
        solutions = [
            solution
            for number, problem in enumerate(benchmark.problems)
            for solution in _solutions(number, problem)
        ]
        self._solutions = Solutions(solutions, threshold)
        self._compared = {solution.problem for solution in solutions}
        self._seen: dict[Part, set[int]] = {}
        self._best: dict[int, dict[str, list[Match]]] = {}
        self._in_documents: dict[int, dict[str, int]] = {}
        self._documents = self._characters = 0

    def look(self, document: Document) -> list[Match]:
        """What of the benchmark stands in the document: by problem and part, the strongest of each kind."""
        self._documents += 1
        self._characters += len(document.text)
        found: dict[tuple[int, str, str], Match] = {}
        for (number, part), places in self._grams.find(document).items():
            self._seen.setdefault((number, part), set()).update(places)
            share = len(places) / self._grams.total[number, part]
            line = document.line_of_word(min(places.values()))
            found[number, "n-gram", part] = Match(
                self._ids[number], "n-gram", part, document.path, line, share
            )
        for solution, similarity, start in self._solutions.find(document):
            key = solution.problem, "similar", solution.part
            if key not in found or found[key].share < similarity:
                line = document.line_at(start)
                found[key] = Match(
                    self._ids[key[0]], "similar", solution.part, document.path, line, similarity
                )
        for kind, number in sorted({(kind, number) for number, kind, _ in found}):
            counts = self._in_documents.setdefault(number, {})
            counts[kind] = counts.get(kind, 0) + 1
        for (number, kind, _), match in sorted(found.items()):
            kept = self._best.setdefault(number, {}).setdefault(kind, [])
            kept.append(match)
            kept.sort(key=lambda one: -one.share)
            del kept[_KEPT:]
        return [match for _, match in sorted(found.items())]

    def report(self, skipped: Iterable[str] = ()) -> Report:
        """On all documents that were looked at by now."""
        told = {number for number, _ in self._grams.total}
        return Report(
            self._benchmark.name,
            len(self._ids),
            tuple(self._finding(number) for number in sorted(self._best)),
            self._documents,
            self._characters,
            self._grams.n,
            self._threshold,
            tuple(name for number, name in enumerate(self._ids) if number not in told),
            tuple(name for number, name in enumerate(self._ids) if number not in self._compared),
            tuple(skipped),
        )

    def _finding(self, number: int) -> Finding:
        best = self._best[number]
        overlap = {
            part: len(keys) / self._grams.total[owner, part]
            for (owner, part), keys in sorted(self._seen.items())
            if owner == number
        }
        similar = best.get("similar", [])
        return Finding(
            self._ids[number],
            overlap,
            max((match.share for match in similar), default=0.0),
            dict(sorted(self._in_documents[number].items())),
            tuple(match for kind in sorted(best) for match in best[kind]),
        )


def contamination(
    benchmark: Benchmark,
    documents: Iterable[Document],
    *,
    n: int = N,
    threshold: float = THRESHOLD,
) -> Report:
    """Look for all problems of a benchmark in all documents; they are read once, and none is kept."""
    check = Contamination(benchmark, n=n, threshold=threshold)
    for document in documents:
        check.look(document)
    return check.report()


def _parts(problem: Problem) -> Iterator[tuple[str, str]]:
    yield "prompt", problem.prompt
    yield from _references(problem)
    oracle = problem.oracle.oracle if isinstance(problem.oracle, RenamedOracle) else problem.oracle
    test = getattr(oracle, "test", "")
    if isinstance(test, str) and test:
        yield "tests", test


def _references(problem: Problem) -> Iterator[tuple[str, str]]:
    if problem.reference is not None:
        yield "reference", problem.reference
    for number, text in enumerate(problem.other_references, start=2):
        yield f"reference {number}", text


def _solutions(number: int, problem: Problem) -> Iterator[Solution]:
    oracle = problem.oracle.oracle if isinstance(problem.oracle, RenamedOracle) else problem.oracle
    entry = str(getattr(oracle, "entry_point", "") or "")
    for part, text in _references(problem):
        program = problem.setup + problem.prompt + text + problem.closing
        found = solution_of(number, part, program, entry, problem.language)
        if found is not None:
            yield found
