"""One file per benchmark; each registers itself under its name when this package is imported.

To add one, write a file here with a function that returns a `Benchmark`, put
`@benchmark("its-name")` above it, and import the file below.
"""

from ratchet.problems.benchmarks import (
    beatnumeval,
    bigcodebench,
    cruxeval,
    ds1000,
    humaneval,
    humaneval_infilling,
    humaneval_plus,
    humaneval_x,
    livecodebench,
    mbpp,
    mbpp_plus,
    mbpp_sanitized,
    monkeyeval,
    mtpb,
    multipl_e,
    numpyeval,
    odex,
    pandaseval,
    torchdataeval,
)

__all__ = [
    "beatnumeval",
    "bigcodebench",
    "cruxeval",
    "ds1000",
    "humaneval",
    "humaneval_infilling",
    "humaneval_plus",
    "humaneval_x",
    "livecodebench",
    "mbpp",
    "mbpp_plus",
    "mbpp_sanitized",
    "monkeyeval",
    "mtpb",
    "multipl_e",
    "numpyeval",
    "odex",
    "pandaseval",
    "torchdataeval",
]
