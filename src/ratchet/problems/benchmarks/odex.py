"""ODEX: 439 questions from Stack Overflow with tests by hand, in English (Wang et al. 2022, CC-BY-SA-4.0).

Prompts are built as in zorazrw/odex (prompt.py): the function's head, the question as its docstring,
and the beginning of its body. All of a problem's tests are run, as its eval_passk.py does by default.
"""

from __future__ import annotations

import warnings
from collections import Counter

from ratchet.problems.benchmark import Benchmark
from ratchet.problems.data import DataFile, find_data
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.registry import benchmark
from ratchet.problems.surroundings import why_shared
from ratchet.problems.syntax import imported_modules
from ratchet.problems.types import CheckOracle, Problem
from ratchet.sandbox.types import Limits

FILE = DataFile(
    path="odex/en_test.jsonl",
    url="https://github.com/zorazrw/odex/raw/21308ea6d474/data/en_test.jsonl",
    sha256="1ed71a3d47143f9a6e61877994d2403dd63fcdcea2db5ec328a2884410c8abc2",
)

LIMITS = Limits(wall_s=10.0)

PACKAGES = {
    "bs4": ("beautifulsoup4==4.12.3", "lxml==5.3.0", "html5lib==1.1"),
    "django": ("django==4.2.16",),
    "flask": ("flask==3.0.3",),
    "matplotlib": ("matplotlib==3.6.3", "numpy==1.26.4"),
    "mock": ("mock==5.1.0",),
    "multidict": ("multidict==6.1.0",),
    "numpy": ("numpy==1.26.4",),
    "obspy": ("obspy==1.4.1", "numpy==1.26.4", "setuptools==75.1.0"),
    "pandas": ("pandas==1.5.3", "numpy==1.26.4"),
    "pytz": ("pytz==2024.2",),
    "regex": ("regex==2024.11.6",),
    "requests": ("requests==2.32.3",),
    "scipy": ("scipy==1.10.1", "numpy==1.26.4"),
    "sqlalchemy": ("sqlalchemy==1.4.54",),
}
"""Module -> what pip is asked for: versions of the benchmark's time, where today's answer otherwise."""

_PLOTS = (".plot", ".hist", ".boxplot")
"""Methods of pandas that need matplotlib."""

_NETWORK = "it needs the network"

BROKEN = dict.fromkeys(
    (f"odex/{id}" for id in ("22676", "22676.2", "22676.3", "22676.4", "2805231", "7243750")), _NETWORK
)
"""Problems that no answer can pass in a jail without a network."""

EXCEPTIONS = {"odex/35622945": "its pattern has a global flag in the middle, an error since Python 3.11"}

TOGETHER = {
    4710067: "it looks at an open file",
    9035479: "it works with objects of its own class, whose attributes are the class's",
}
"""What `ratchet.problems.surroundings` does not see."""


@benchmark("odex")
def load() -> Benchmark:
    """All 439 questions; where a question has several answers, the second's id ends in `.2`, and so on."""
    problems = []
    seen: Counter[int] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some tests have escapes that Python does not know
        for row in read_rows(find_data(FILE)):
            number = row.number("task_id")
            seen[number] += 1
            problems.append(_problem(row, f"odex/{number}{f'.{seen[number]}' * (seen[number] > 1)}"))
    return Benchmark(
        "odex",
        tuple(problems),
        LIMITS,
        "CC-BY-SA-4.0",
        FILE.url,
        exceptions=EXCEPTIONS,
        broken=BROKEN,
    )


def _problem(row: Row, id: str) -> Problem:
    head, body = (_spaces(line) for line in row.text("prompt").split("\n"))
    prompt = f'{head}\n    """{row.text("intent")}\n    """\n{body}'
    # The program sees what the test imports and defines: the authors run both as one text.
    test = row.text("test_start") + "".join(row.texts("test"))
    setup = test.partition("def check(")[0]
    entry_point, reference, libraries = (
        row.text("entry_point"),
        row.text("canonical_solution"),
        row.texts("library"),
    )
    together = TOGETHER.get(row.number("task_id")) or why_shared(test, entry_point)
    return Problem(
        id=id,
        prompt=prompt,
        oracle=CheckOracle(entry_point, test, in_place=True, handles=True, together=together),
        turns=(prompt,),
        reference=_spaces(reference),
        setup=setup,
        closing=_spaces(row.text("suffix")),
        stop=("###",),
        packages=_packages(test, reference),
        labels={"library": libraries[0] if libraries else "none"},
        max_tokens=512,
    )


def _spaces(text: str) -> str:
    """The text with spaces for tabs, as the authors' harness (verify.py) has it."""
    return text.replace("\t", "    ")


def _packages(test: str, reference: str) -> tuple[str, ...]:
    modules = imported_modules(test)
    if "pandas" in modules and any(plot in reference for plot in _PLOTS):
        modules |= {"matplotlib"}
    return tuple(sorted({package for module in modules for package in PACKAGES.get(module, ())}))
