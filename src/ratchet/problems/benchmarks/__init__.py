"""One file per benchmark; each registers itself under its name when this package is imported.

To add one, write a file here with a function that returns a `Benchmark`, put
`@benchmark("its-name")` above it, and import the file below.
"""

from ratchet.problems.benchmarks import (
    humaneval,
    humaneval_plus,
    humaneval_x,
    mbpp,
    mbpp_plus,
    mbpp_sanitized,
    multipl_e,
)

__all__ = [
    "humaneval",
    "humaneval_plus",
    "humaneval_x",
    "mbpp",
    "mbpp_plus",
    "mbpp_sanitized",
    "multipl_e",
]
