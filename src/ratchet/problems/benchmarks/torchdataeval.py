"""TorchDataEval: 50 questions about data pipes of torchdata (Zan et al. 2022, microsoft/PyCodeGPT, MIT)."""

from __future__ import annotations

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.cert import cert_problem
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.lines import read_rows
from ratchet.problems.registry import benchmark
from ratchet.sandbox.types import Limits

FILE = DataFile(
    path="private-eval/real_torchdata_eval_v3.jsonl.gz",
    url="https://github.com/microsoft/PyCodeGPT/raw/62d8430dfa0e/apicoder/private-eval/data/"
    "real_torchdata_eval_v3.jsonl.gz",
    sha256="f36649ec7adf97e80bb1b37881366932c6143ef45bd037bab73463797da69890",
)

PACKAGES = ("torchdata==0.9.0",)
"""The last release with data pipes."""

LIMITS = Limits(wall_s=30.0)
"""For a sample with its test: each begins with the import of torch."""

BROKEN = {
    **dict.fromkeys((16, 24, 25, 26, 49), "it reads a page of the internet, which programs do not reach"),
    8: "its test wants all items, where the prompt asks to stop with the shortest: mux did not, once",
    14: "its test is that of another problem",
}
"""Number -> why no answer passes that does what is asked."""

EXCEPTIONS = dict.fromkeys((28, 37, 38), "its solution uses a class that its prompt does not import")
"""Number -> why the benchmark's own solution does not pass, where another can."""

NOTES = (
    "TorchDataEval was published for torchdata 0.3.0 and torch 1.11.0; it is judged with torchdata 0.9.0 and "
    "the torch that is installed beside Ratchet.",
    "Its own solutions pass 40 of 50 problems with these, and 41 with those; 5 need the internet.",
)


@benchmark("torchdataeval")
def load() -> Benchmark:
    """The 50 problems; torch itself must be installed beside Ratchet."""
    problems = tuple(cert_problem(row, packages=PACKAGES) for row in read_rows(find_data(FILE)))
    return Benchmark(
        "torchdataeval",
        problems,
        LIMITS,
        "MIT",
        FILE.url,
        exceptions={f"TorchDataEval/{n}": reason for n, reason in EXCEPTIONS.items()},
        broken={f"TorchDataEval/{n}": reason for n, reason in BROKEN.items()},
        notes=NOTES,
    )
