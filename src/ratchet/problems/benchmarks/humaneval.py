"""HumanEval: 164 Python functions to be completed (Chen et al. 2021, openai/human-eval, MIT)."""

from __future__ import annotations

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.jsonl import load_problems
from ratchet.problems.registry import benchmark

FILE = DataFile(
    path="humaneval/HumanEval.jsonl.gz",
    url="https://raw.githubusercontent.com/openai/human-eval/"
    "6d43fb980f9fee3c892a914eda09951f772ad10d/data/HumanEval.jsonl.gz",
    sha256="b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef",
)


@benchmark("humaneval")
def load() -> Benchmark:
    """The 164 problems; a sample has 3 seconds for all its tests, as in human-eval."""
    return load_problems(find_data(FILE), name="humaneval", licence="MIT", source=FILE.url)
