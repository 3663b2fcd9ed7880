"""PandasEval: 101 questions about pandas, from Stack Overflow (Zan et al. 2022, microsoft/PyCodeGPT, MIT)."""

from __future__ import annotations

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.cert import library_benchmark
from ratchet.problems.data import DataFile
from ratchet.problems.registry import benchmark
from ratchet.problems.versions import CHOICES, Fault

FILE = DataFile(
    path="pandas-numpy-eval/PandasEval.jsonl.gz",
    url="https://github.com/microsoft/PyCodeGPT/raw/62d8430dfa0e/cert/pandas-numpy-eval/data/"
    "PandasEval.jsonl.gz",
    sha256="c3e75b503e922b2592a7934b1837aaae26bd2f72c424c020f4720983d7928ef6",
)

BROKEN = {
    1: Fault("its test uses np.float, which is gone", "numpy", since=(1, 24)),
    27: Fault("its test looks at df, where the prompt asks for n_df"),
    29: Fault("its check takes an argument that it is never given"),
    34: Fault("its test wants floats, as appending to an empty frame once gave", "pandas", since=(1, 5)),
    36: Fault("its test is no Python: a text goes over the end of its line"),
    63: Fault("its test looks at merged_result, where the prompt asks for merged_df"),
    67: Fault("its test wants another row than the prompt adds: name and age are exchanged"),
    73: Fault("its test wants equal counts in the order of their values", "pandas", since=(3, 0)),
    79: Fault("its test wants a 4 in rows that have none"),
    90: Fault("its test is no Python: it has a bracket too many"),
    99: Fault("its test wants a column of texts, where a mixed one was cut", "pandas", since=(3, 0)),
}
"""Number -> why no answer passes that does what is asked."""

EXCEPTIONS = {
    19: Fault("its solution is not indented as its prompt begins"),
    22: Fault("its solution puts floats into columns of integers", "pandas", since=(3, 0)),
    30: Fault("its solution assigns to a copy", "pandas", since=(2, 0)),
    43: Fault("its solution names the new column otherwise than is asked for"),
    58: Fault("its solution takes for granted that str.replace reads a pattern", "pandas", since=(2, 0)),
    61: Fault("its solution uses DataFrame.append, which is gone", "pandas", since=(2, 0)),
    76: Fault("its solution uses Series.append, which is gone", "pandas", since=(2, 0)),
    82: Fault("its solution uses DataFrame.append, which is gone", "pandas", since=(2, 0)),
}
"""Number -> why the benchmark's own solution does not pass, where another can."""


@benchmark("pandaseval", choices=CHOICES, default="pinned")
def load(choice: str) -> Benchmark:
    """The 101 problems, with the packages of `choice` (see `ratchet.problems.versions`)."""
    return library_benchmark("PandasEval", FILE, choice, BROKEN, EXCEPTIONS, published_ceiling=92)
