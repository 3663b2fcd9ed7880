"""NumpyEval, PandasEval and TorchDataEval as problems: what a row says, and which versions are meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ratchet.errors import RatchetError
from ratchet.problems import CheckOracle, benchmark_names, load_benchmark
from ratchet.problems.benchmarks import numpyeval, pandaseval, torchdataeval
from ratchet.problems.cert import cert_oracle, cert_problem, references
from ratchet.problems.lines import read_rows
from ratchet.problems.types import Problem, VariablesOracle
from ratchet.problems.versions import Fault, faults_with, requirements_of, versions_of

ROW = {
    "task_id": "NumpyEval/0",
    "prompt": "import numpy as np\nfrom math import pi, tau\n\na = np.ones(2)\nb =",
    "entry_point": "none",
    "canonical_solution": [" a + tau", " a * 1 + tau"],
    "test": "import os\ndef check():\n    c = tau\n    assert np.array_equal(b, a + c)\n",
}


def problem(tmp_path: Path, **changes: Any) -> Problem:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(ROW | changes))
    (row,) = read_rows(path)
    return cert_problem(row, packages=["numpy==1.23.5"])


def test_the_test_of_a_script_reads_its_variables_and_imports_for_itself(tmp_path: Path) -> None:
    made = problem(tmp_path)
    assert made.oracle == VariablesOracle(
        ("a", "b"), f"{ROW['test']}\ncheck()\n", preamble="import numpy as np\nfrom math import tau\n"
    )
    assert references(made) == (" a + tau", " a * 1 + tau")
    assert (made.packages, made.max_tokens, made.labels) == (("numpy==1.23.5",), 100, {"form": "script"})
    assert "\nprint" in made.stop


def test_the_test_of_a_function_is_given_the_function(tmp_path: Path) -> None:
    test = "def check(candidate):\n    assert np.isnan(candidate(pi))\n"
    prompt = "import numpy as np; import os.path as path\nfrom math import pi\ndef f(x):\n    return "
    made = problem(tmp_path, prompt=prompt, entry_point="f", test=test)
    assert isinstance(made.oracle, CheckOracle)
    assert made.oracle.preamble == "import numpy as np\nfrom math import pi\n"
    assert made.labels == {"form": "function"}


def test_a_test_that_is_no_python_needs_nothing_of_the_program() -> None:
    oracle = cert_oracle("none", "import numpy as np\nfrom os import (\n", "def check():\n  assert 'a\n")
    assert isinstance(oracle, VariablesOracle)
    assert (oracle.variables, oracle.preamble) == ((), "")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"canonical_solution": " a"}, "must be an array of strings"),
        ({"canonical_solution": []}, "holds no solution"),
        ({"entry_point": None}, "must be a string, not null"),
    ],
)
def test_a_row_that_is_not_in_the_form_is_refused(tmp_path: Path, changes: Any, complaint: str) -> None:
    with pytest.raises(RatchetError, match=f"rows.jsonl:1: .*{complaint}"):
        problem(tmp_path, **changes)


def test_each_python_gets_the_nearest_versions_that_it_has() -> None:
    nearest = [versions_of("pinned", minor=minor)["numpy"] for minor in (11, 12, 13, 14)]
    assert nearest == ["1.23.5", "1.26.4", "2.2.6", "2.2.6"]
    versions = versions_of("pinned", minor=11)
    assert requirements_of("pinned", versions) == ("numpy==1.23.5", "pandas==1.5.3")
    assert requirements_of("current", versions) == ()


def test_a_fault_is_there_from_one_version_to_another() -> None:
    fault = Fault("away", "numpy", since=(1, 24), until=(2, 0))
    there = [
        text for text in ("1.23.5", "1.24.0rc1", "1.26", "2.0.0", "2.4") if fault.is_there({"numpy": text})
    ]
    assert there == ["1.24.0rc1", "1.26"]
    assert faults_with({7: fault, 8: Fault("always")}, {"numpy": "1.23.5"}, "N") == {"N/8": "always"}


@pytest.mark.parametrize(
    ("minor", "numpy_passing", "pandas_passing"), [(11, 99, 91), (12, 96, 85), (13, 97, 85)]
)
def test_the_faults_are_those_that_were_measured(minor: int, numpy_passing: int, pandas_passing: int) -> None:
    # The ceilings of the data's canonical_results.json for these versions.
    versions = versions_of("pinned", minor=minor)
    for module, passing in ((numpyeval, numpy_passing), (pandaseval, pandas_passing)):
        faults = module.BROKEN | module.EXCEPTIONS
        assert not module.BROKEN.keys() & module.EXCEPTIONS.keys()
        assert 101 - len(faults_with(faults, versions, "P")) == passing


def test_all_three_are_known_by_name() -> None:
    named = {"numpyeval", "numpyeval:current", "pandaseval", "pandaseval:current", "torchdataeval"}
    assert named <= set(benchmark_names())


@pytest.mark.slow
def test_the_published_problems(benchmark_data: Path) -> None:
    numpy, pandas = load_benchmark("numpyeval"), load_benchmark("pandaseval")
    torchdata = load_benchmark("torchdataeval")
    for loaded, size, scripts in ((numpy, 101, 71), (pandas, 101, 37), (torchdata, 50, 50)):
        forms = [problem.labels["form"] for problem in loaded.problems]
        assert (len(forms), forms.count("script")) == (size, scripts)
        assert {*loaded.broken, *loaded.exceptions} <= {problem.id for problem in loaded.problems}
        assert not loaded.broken.keys() & loaded.exceptions.keys()
    assert numpy.name == "numpyeval:pinned"
    assert len(torchdataeval.BROKEN) + len(torchdataeval.EXCEPTIONS) == 50 - 40


@pytest.mark.slow
def test_the_notes_say_what_was_published_and_what_is_used(benchmark_data: Path) -> None:
    pytest.importorskip("pandas")
    for choice, said in (("pinned", "which have no wheels"), ("current", "which are installed here")):
        first, second = load_benchmark(f"numpyeval:{choice}").notes
        assert "numpy 1.21.4 and pandas 1.3.5" in first
        assert said in first
        assert "and 100 with those" in second
