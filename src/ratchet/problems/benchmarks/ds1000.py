"""DS-1000: a thousand data science questions over seven libraries (Lai et al. 2022, CC-BY-SA-4.0).

Read in the published format (xlang-ai/DS-1000, data/ds1000.jsonl.gz): `prompt`, `reference_code`,
`code_context`, and `metadata` with `library`, `perturbation_type` and `problem_id`. A `code_context` defines
`test_execution(solution)`, which puts the solution into a program at `[insert]`, runs that and looks at
what it leaves, and sometimes `test_string(solution)`. A prompt with `[insert]` in it, as in
the original format, is one with a gap.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.parsing import parse
from ratchet.problems.published import PublishedFile
from ratchet.problems.registry import benchmark
from ratchet.problems.types import ContextOracle, Problem
from ratchet.sandbox.types import Limits

FILE = PublishedFile("ds1000/ds1000.jsonl.gz", "https://github.com/xlang-ai/DS-1000 (data/ds1000.jsonl.gz)")

LIMITS = Limits(wall_s=120.0, memory_bytes=4 << 30)
"""The authors give 120 s (test_ds1000.py), and no memory limit."""

PACKAGES = {
    "gensim": "gensim==4.3.2",
    "matplotlib": "matplotlib==3.8.4",
    "numpy": "numpy==1.26.4",
    "pandas": "pandas==1.5.3",
    "scipy": "scipy==1.12.0",
    "seaborn": "seaborn==0.13.2",
    "sklearn": "scikit-learn==1.4.0",
    "statsmodels": "statsmodels==0.14.1",
    "tensorflow": "tensorflow==2.16.1",
    "xgboost": "xgboost==2.0.3",
}
"""Module -> what pip is asked for: versions of spring 2024, when the format was published. torch is not
among them: it is that of Ratchet's own environment, as its wheels take gigabytes."""

_STOP = ("</code>", "# SOLUTION END", "\nEND SOLUTION")
_GAP = "[insert]"
_IMPORT = re.compile(r"^\s*(?:import|from)\s+(\w+)", re.MULTILINE)
_DOWNLOADS = re.compile(
    r"\b(?:sns\.load_dataset|fetch_[a-z]\w*|urlopen|urlretrieve)\(|read_csv\(\s*[\"']https?:"
)
_LOOKS_AT_OBJECTS = {
    "Matplotlib": "it looks at figures",
    "Sklearn": "it works with objects of sklearn",
    "Tensorflow": "it works with objects of tensorflow",
}
_OBJECTS = re.compile(r"\b(?:sparse|nn\.\w+|optim|interpolate|plt)\b")
"""What stands for objects of the other libraries that are no plain data."""


@benchmark("ds1000", file=FILE)
def load(path: Path) -> Benchmark:
    """The problems of a file in the published format; raises RatchetError on the first line that is not."""
    rows = list(read_rows(path))
    problems = tuple(map(_problem, rows))
    if not problems:
        raise RatchetError(f"{path} holds no problems.")
    broken = {
        problem.id: "its test downloads data, and there is no network"
        for problem, row in zip(problems, rows, strict=True)
        if _DOWNLOADS.search(row.text("code_context"))
    }
    return Benchmark("ds1000", problems, LIMITS, "CC-BY-SA-4.0", str(path), broken=broken)


def _problem(row: Row) -> Problem:
    about = row.fields.get("metadata")
    if not isinstance(about, dict):
        raise RatchetError(f'{row.where}: the field "metadata" must be an object.')
    said = Row(about, f"{row.where}, metadata")
    library, context = said.text("library"), row.text("code_context")
    prompt, _, suffix = row.text("prompt").partition(_GAP)
    outputs, together = _reads(context, row.where)
    return Problem(
        id=f"ds1000/{said.number('problem_id')}",
        prompt=prompt,
        oracle=ContextOracle(context, outputs, _LOOKS_AT_OBJECTS.get(library) or together),
        turns=(prompt,),
        reference=row.text("reference_code"),
        stop=_STOP,
        packages=_packages(context + "\n" + row.text("reference_code")),
        labels={"library": library, "perturbation": said.text("perturbation_type", default="unknown")},
        prompt_in_program=False,
        suffix=suffix,
    )


def _reads(context: str, where: str) -> tuple[tuple[str, ...], str]:
    """The names that `test_execution` reads in the program's namespace; why it must share its process."""
    try:
        tree = parse(context)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = ast.Module([], [])
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    test = next((function for function in functions if function.name == "test_execution"), None)
    if test is None:
        raise RatchetError(f'{where}: the field "code_context" does not define test_execution(solution).')
    spaces, read = set(), []
    for node in ast.walk(test):
        match node:
            case ast.Call(func=ast.Name(id="exec"), args=[_, ast.Name(id=space), *_]):
                spaces.add(space)
            case ast.Subscript(value=ast.Name(id=space), slice=ast.Constant(value=str(name))):
                read.append((space, name))
    outputs = tuple(dict.fromkeys(name for space, name in read if space in spaces))
    if not outputs or _loads(test, spaces) > sum(space in spaces for space, _ in read) + len(spaces):
        return outputs, "it looks at more than the variables of the program"
    found = _OBJECTS.search(context)
    return outputs, f"it works with objects of {found[0]}" if found else ""


def _loads(test: ast.AST, names: set[str]) -> int:
    """How often one of the names is used."""
    return sum(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names
        for node in ast.walk(test)
    )


def _packages(text: str) -> tuple[str, ...]:
    modules = set(_IMPORT.findall(text))
    if modules & set(PACKAGES):
        modules.add("numpy")  # the others would bring the newest, for which they were not built
    return tuple(sorted(PACKAGES[module] for module in modules & set(PACKAGES)))
