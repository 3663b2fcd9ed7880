"""NumpyEval: 101 questions about NumPy, from Stack Overflow (Zan et al. 2022, microsoft/PyCodeGPT, MIT)."""

from __future__ import annotations

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.cert import library_benchmark
from ratchet.problems.data import DataFile
from ratchet.problems.registry import benchmark
from ratchet.problems.versions import CHOICES, Fault

FILE = DataFile(
    path="pandas-numpy-eval/NumpyEval.jsonl.gz",
    url="https://github.com/microsoft/PyCodeGPT/raw/62d8430dfa0e/cert/pandas-numpy-eval/data/"
    "NumpyEval.jsonl.gz",
    sha256="828b9c65a60108c27e03f8e22ca2dab85877e6689f1de7aee7e580485c065623",
)

BROKEN = {
    20: Fault("its prompt calls tostring, which arrays have lost", "numpy", since=(2, 3)),
    46: Fault("its test gives np.vstack a map, which it does not take any more", "numpy", since=(1, 24)),
    48: Fault("its test uses np.bool, which was away for a while", "numpy", since=(1, 24), until=(2, 0)),
}
"""Number -> why no answer passes that does what is asked."""

EXCEPTIONS = {
    3: Fault("its solution uses np.float, which is gone", "numpy", since=(1, 24)),
    9: Fault("its solution writes into df.values, which is now read-only", "pandas", since=(3, 0)),
    17: Fault("its solution names a variable that does not exist"),
    63: Fault("its solution uses np.alen, which is gone", "numpy", since=(1, 23)),
    95: Fault("its solution uses np.in1d, which is gone", "numpy", since=(2, 4)),
}
"""Number -> why the benchmark's own solution does not pass, where another can."""


@benchmark("numpyeval", choices=CHOICES, default="pinned")
def load(choice: str) -> Benchmark:
    """The 101 problems, with the packages of `choice` (see `ratchet.problems.versions`)."""
    return library_benchmark("NumpyEval", FILE, choice, BROKEN, EXCEPTIONS, published_ceiling=100)
