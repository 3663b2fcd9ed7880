"""HumanEval Infilling: HumanEval's solutions with one gap each (Bavarian et al. 2022, MIT).

The program is prompt + completion + suffix, as in openai/human-eval-infilling.
"""

from __future__ import annotations

from functools import lru_cache

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.jsonl import HUMANEVAL_LIMITS
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.registry import benchmark
from ratchet.problems.syntax import why_together
from ratchet.problems.types import CheckOracle, Problem

_HOME = "https://github.com/openai/human-eval-infilling/raw/88062ff9859c875d04db115b698ed4b0f0395170/data"

FILES = {
    "single-line": (
        "HumanEval-SingleLineInfilling.jsonl.gz",
        "1277073e7ddce163ef68598c2bca777f688a53df99422f097e37362090f88e1f",
    ),
    "multi-line": (
        "HumanEval-MultiLineInfilling.jsonl.gz",
        "2f341612eee1d35da1357a4f365e0c0b3ba6e2b62eb491e88aaefa4855af0349",
    ),
    "random-span": (
        "HumanEval-RandomSpanInfilling.jsonl.gz",
        "b4f330d8a8ff97bf85d9def497dffcae4d741e506449386a877236e422e33e8d",
    ),
    "random-span-light": (
        "HumanEval-RandomSpanInfillingLight.jsonl.gz",
        "1432250ecac0cb56e6f97f8faf0970419ef892a98fda7e1f5aa4c4b87209b760",
    ),
}
"""Kind of gap -> its file, and the file's SHA-256."""


_together = lru_cache(maxsize=256)(why_together)
"""A test stands in the file once for each gap, up to a hundred times."""


@benchmark("humaneval-infilling", choices=FILES)
def load(kind: str) -> Benchmark:
    """The problems of one kind of gap: 1033 of one line, 5815 of several, 1640 random ones, 164 light."""
    name, sha256 = FILES[kind]
    file = DataFile(f"humaneval-infilling/{name}", f"{_HOME}/{name}", sha256)
    problems = tuple(_problem(row) for row in read_rows(find_data(file)))
    return Benchmark(f"humaneval-infilling:{kind}", problems, HUMANEVAL_LIMITS, "MIT", file.url)


def _problem(row: Row) -> Problem:
    prompt, suffix, reference = row.text("prompt"), row.text("suffix"), row.text("canonical_solution")
    entry_point, test = row.text("entry_point"), row.text("test")
    oracle = CheckOracle(
        entry_point,
        test,
        # Three tests use a helper function that the prompt defines, and the prompt ends anywhere here.
        preamble=prompt + reference + suffix,
        together=_together(test, entry_point),
    )
    return Problem(
        id=row.text("task_id"),
        prompt=prompt,
        oracle=oracle,
        turns=(prompt,),
        reference=reference,
        closing=suffix,
        suffix=suffix,
    )
