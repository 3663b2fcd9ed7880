"""MultiPL-E: HumanEval and MBPP translated into other languages (Cassano et al. 2022).

BSD-3-Clause, with a condition of its own: it may not be used to train a model. There
are no solutions. A model's completion is cut at `Problem.stop`; where that is the brace
that ends the function, the tests begin with it, and it is the problem's `closing` here.
"""

from __future__ import annotations

import re

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.heads import head_of, name_in
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.registry import benchmark
from ratchet.problems.types import NativeOracle, Problem
from ratchet.sandbox.types import Limits

LIMITS = Limits(wall_s=15.0, memory_bytes=2 << 30)
"""MultiPL-E gives 15 s."""
LICENCE = "BSD-3-Clause, and not to be used as training data"

_HOME = "https://github.com/bytedance/SandboxFusion/raw/469de0845cb7/sandbox/tests/datasets/samples/Multi-PLE"
_MADE = 'the fields "gpt_solution" and "task_id" left out and "original" cut to its file name'

_SHA256 = {
    "humaneval-cpp": "001e5ba1a3d21cea7689eb99b64c1265524400fa121ccc1d5561eb6a17ddb2f2",
    "humaneval-cs": "85f2eaecb187cb327d23155559db8ccefe8c9e34a0ca09a891a5d83f6241736f",
    "humaneval-go": "6a5bfad499997f8eb77bf096e937a0a87d63036f8ec070fe593dfe1111d051da",
    "humaneval-java": "9bf7471ab5eefb2bb909adfd759c3a2919d01f76125bd86eaa16ebcc31adcfa4",
    "humaneval-js": "b7f8befc418c123afdb5025406bfcbbab5946cc970ba760241d697393688f0ad",
    "humaneval-php": "58ab9a6786223e24aadaddbc261e88e38e3c7beb37f757c6bbb08fc3e0f68e0b",
    "humaneval-rs": "7002004e9977468733a6ae9a5e1a74f8e4df6351c211fb0d9182e1f7560ffb8d",
    "humaneval-sh": "dd04c01c8d6462dfb30c259b67f2b139fdc7d77f7dc69fbb01fb43203fda154c",
    "humaneval-swift": "21c92e8dbc802a89e58eed7d4b15c0455dba5609e2e3c78956f6fc352895030b",
    "humaneval-ts": "7257515c3b4e70fcb987da04282ccc262b09a1ab0f6785218184b06d65a39b37",
    "mbpp-cpp": "a39ff12a6d8b0a2f99892698af81ab28e0418d7baa1438f5d36dbe429d52993e",
    "mbpp-go": "737c927aacee62a59bf0c9f45d2e7035c7cc41c01d3ea3b9f3392d3bb380ec10",
    "mbpp-java": "b5ce97b2938af7d43a6934e443db9998cdc8d1a9ec2ad1a0447141f4e663eb0f",
    "mbpp-js": "986bad02917a680b87f16bb7f67d95398c5f511d9fb080b5861ca77198eff28b",
    "mbpp-rs": "6430b41a4f935c7b6e7009064e160fd6bd1eeef8ba2cc707f1742fd447d3c74d",
}
_LANGUAGES = {
    "cpp": "cpp",
    "cs": "csharp",
    "go": "go",
    "java": "java",
    "js": "javascript",
    "php": "php",
    "rs": "rust",
    "sh": "bash",
    "swift": "swift",
    "ts": "typescript",
}
_CHOICES = [*_SHA256, *_LANGUAGES]
"""`cpp` alone is `humaneval-cpp`."""
_CLASS = {"java": "public class Main extends Problem {", "csharp": "class Program : Problem {"}
"""What the tests' main method is moved into, out of the class of the function."""
_CLOSING = re.compile(r"\s*\}\n+")


@benchmark("multipl-e", choices=_CHOICES)
def load(choice: str) -> Benchmark:
    """The problems of one translation: `humaneval-cpp` or `mbpp-java`, say."""
    translation = choice if choice in _SHA256 else f"humaneval-{choice}"
    path = f"{translation}.jsonl"
    file = DataFile(f"multipl-e/{path}", f"{_HOME}/{path}", _SHA256[translation], _MADE)
    language = _LANGUAGES[translation.partition("-")[2]]
    problems = tuple(_problem(row, language) for row in read_rows(find_data(file)))
    return Benchmark(f"multipl-e:{translation}", problems, LIMITS, LICENCE, file.url)


def _problem(row: Row, language: str) -> Problem:
    prompt, declaration = row.text("prompt"), head_of(row.text("prompt"))
    closing, test = _parted(row.text("tests"), language)
    return Problem(
        id=row.text("name"),
        prompt=prompt,
        oracle=NativeOracle(name_in(declaration, language), declaration, test),
        language=language,
        turns=(prompt,),
        closing=closing,
        stop=tuple(row.texts("stop_tokens")),
    )


def _parted(tests: str, language: str) -> tuple[str, str]:
    """What of the published tests ends the function (and its class), and the tests by themselves."""
    found = _CLOSING.match(tests)
    if found is None:
        return "", tests
    closing, test = f"\n{found[0]}", tests[found.end() :]
    if language in _CLASS:
        return f"{closing}}}\n", f"{_CLASS[language]}\n{test}"
    return closing, test
