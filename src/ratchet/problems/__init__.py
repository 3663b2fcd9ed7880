"""What is asked: problems, how each is to be judged, the benchmarks, and samples from files.

    from pathlib import Path
    from ratchet.problems import load_benchmark, read_samples

    humaneval = load_benchmark("humaneval")            # by name
    mine = load_benchmark(Path("problems.jsonl"))      # or HumanEval's JSONL format
    samples = list(read_samples(Path("samples.jsonl.gz")))

A `Problem` carries an `Oracle`: a `CallOracle` (input/output cases), a
`CheckOracle` (a test text, as HumanEval has it), a `ReferenceOracle` (inputs, and
a program that knows the answers, as EvalPlus has it) or a `NativeOracle` (a test text
in another language than Python, as HumanEval-X has it). A new benchmark is one file in
`benchmarks/`, or an entry point of the group `ratchet.benchmarks` in another
package. `data` knows where published files live. Nothing here runs a program:
that is `ratchet.judge`.
"""

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.registry import benchmark, benchmark_names, load_benchmark
from ratchet.problems.samples import read_samples
from ratchet.problems.types import (
    CallOracle,
    Case,
    CheckOracle,
    NativeOracle,
    Oracle,
    PrintedOracle,
    Problem,
    ReferenceOracle,
    Sample,
)

__all__ = [
    "Benchmark",
    "CallOracle",
    "Case",
    "CheckOracle",
    "NativeOracle",
    "Oracle",
    "PrintedOracle",
    "Problem",
    "ReferenceOracle",
    "Sample",
    "benchmark",
    "benchmark_names",
    "load_benchmark",
    "read_samples",
]
