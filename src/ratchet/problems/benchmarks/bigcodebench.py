"""BigCodeBench: tasks that call functions of many libraries, with unit tests (Zhuo et al. 2024, Apache-2.0).

Read in the published format: `task_id`, `complete_prompt`, `instruct_prompt`, `code_prompt`,
`canonical_solution`, `test` (a unittest.TestCase called TestCases), `entry_point` and `libs`. The test
passes where unittest reports neither failures nor errors, as in bigcodebench/eval.
"""

from __future__ import annotations

from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.problems.benchmark import Benchmark
from ratchet.problems.lines import Row, read_rows
from ratchet.problems.published import PublishedFile
from ratchet.problems.registry import benchmark
from ratchet.problems.surroundings import why_shared
from ratchet.problems.syntax import imported_modules
from ratchet.problems.types import CheckOracle, Problem
from ratchet.sandbox.types import Limits

FILE = PublishedFile(
    "bigcodebench/BigCodeBench.jsonl.gz",
    "https://github.com/bigcode-project/bigcodebench-annotation (releases)",
)

LIMITS = Limits(wall_s=240.0, memory_bytes=4 << 30)
"""The authors give 240 s, and 30 GiB of address space."""

PACKAGES = {
    "Crypto": "pycryptodome==3.14.1",
    "Levenshtein": "Levenshtein==0.25.0",
    "PIL": "Pillow==10.3.0",
    "blake3": "blake3==0.4.1",
    "bs4": "beautifulsoup4==4.12.3",
    "chardet": "chardet==5.2.0",
    "cryptography": "cryptography==42.0.8",
    "cv2": "opencv-python-headless==4.9.0.80",
    "dateutil": "python-dateutil==2.9.0",
    "django": "Django==4.2.7",
    "dns": "dnspython==2.6.1",
    "docx": "python-docx==1.1.0",
    "docxtpl": "docxtpl==0.16.8",
    "faker": "Faker==20.1.0",
    "flask": "flask==3.0.3",
    "flask_login": "flask-login==0.6.3",
    "flask_mail": "Flask-Mail==0.10.0",
    "flask_restful": "flask-restful==0.3.10",
    "flask_wtf": "flask-wtf==1.2.1",
    "folium": "folium==0.16.0",
    "gensim": "gensim==4.3.2",
    "geopandas": "geopandas==0.13.2",
    "geopy": "geopy==2.4.1",
    "holidays": "holidays==0.29",
    "librosa": "librosa==0.10.1",
    "lxml": "lxml==4.9.3",
    "matplotlib": "matplotlib==3.7.0",
    "mechanize": "mechanize==0.4.9",
    "natsort": "natsort==7.1.1",
    "networkx": "networkx==2.8.8",
    "nltk": "nltk==3.8",
    "numpy": "numpy==1.23.5",
    "openpyxl": "openpyxl==3.1.2",
    "pandas": "pandas==2.0.3",
    "prettytable": "prettytable==3.10.0",
    "psutil": "psutil==5.9.5",
    "pyquery": "pyquery==1.4.3",
    "pytz": "pytz==2023.3.post1",
    "requests": "requests==2.31.0",
    "requests_mock": "requests_mock==1.11.0",
    "rsa": "rsa==4.9",
    "scipy": "scipy==1.9.3",
    "seaborn": "seaborn==0.13.2",
    "sendgrid": "sendgrid==6.11.0",
    "shapely": "shapely==2.0.4",
    "skimage": "scikit-image==0.20.0",
    "sklearn": "scikit-learn==1.3.1",
    "soundfile": "soundfile==0.12.1",
    "statsmodels": "statsmodels==0.14.0",
    "sympy": "sympy==1.12",
    "textblob": "textblob==0.18.0",
    "texttable": "texttable==1.7.0",
    "werkzeug": "Werkzeug==3.0.1",
    "wordcloud": "wordcloud==1.9.3",
    "wtforms": "WTForms==3.1.2",
    "xlrd": "xlrd==2.0.1",
    "xlwt": "xlwt==1.3.0",
    "xmltodict": "xmltodict==0.13.0",
    "yaml": "PyYAML==6.0.1",
}
"""Module -> what pip is asked for: the versions of Requirements/requirements-eval.txt, or where these have no
wheel for Python 3.11 the nearest that do. TensorFlow, keras, numba and wordninja have none that fits."""

_BUILT_FOR_NUMPY = frozenset(
    {
        "cv2",
        "gensim",
        "geopandas",
        "librosa",
        "matplotlib",
        "pandas",
        "scipy",
        "seaborn",
        "shapely",
        "skimage",
    }
    | {"sklearn", "soundfile", "statsmodels", "wordcloud"}
)
"""Left alone they would bring the newest numpy, for which they were not built."""

_STOP = (
    "\nif __name__",
    "\ndef main(",
    "\nprint(",
    "\ndef ",
    "\nclass ",
    "\nimport ",
    "\nfrom ",
    "\nassert ",
)

_MAX_TOKENS = 1280

_RUN = """

def __run__():
    import unittest

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(TestCases).run(result)
    for test, trace in [*result.failures, *result.errors]:
        said = [line for line in trace.splitlines() if line[:1].strip()][1:2]
        raise AssertionError(f"{test.id().rpartition('.')[2]}: {' '.join(said)}")
    assert result.testsRun, "there are no tests"


__run__()
"""


@benchmark("bigcodebench", file=FILE)
def load_complete(path: Path) -> Benchmark:
    """The problems of a file, each put as the beginning of a program (BigCodeBench-Complete).

    Raises RatchetError on the first line that is not in the published format.
    """
    return _load(path, "bigcodebench", instruct=False)


@benchmark("bigcodebench-instruct", file=FILE)
def load_instruct(path: Path) -> Benchmark:
    """The problems of a file, each put in words (BigCodeBench-Instruct); raises as `load_complete` does."""
    return _load(path, "bigcodebench-instruct", instruct=True)


def _load(path: Path, name: str, *, instruct: bool) -> Benchmark:
    problems = tuple(_problem(row, instruct=instruct) for row in read_rows(path))
    if not problems:
        raise RatchetError(f"{path} holds no problems.")
    return Benchmark(name, problems, LIMITS, "Apache-2.0", str(path))


def _problem(row: Row, *, instruct: bool) -> Problem:
    begun, solution, test = row.text("complete_prompt"), row.text("canonical_solution"), row.text("test")
    entry_point = row.text("entry_point")
    if "TestCases" not in test:
        raise RatchetError(f'{row.where}: the field "test" does not define the class TestCases.')
    oracle = CheckOracle(
        entry_point,
        test + _RUN,
        # Tests use what the prompt imports: the authors run both as one text.
        preamble=begun,
        script=True,
        in_place=True,
        handles=True,
        together=why_shared(test, entry_point),
    )
    packages = _packages(begun, test)
    if not instruct:
        return Problem(
            id=row.text("task_id"),
            prompt=begun,
            oracle=oracle,
            turns=(begun,),
            reference=solution,
            stop=_STOP,
            packages=packages,
            max_tokens=_MAX_TOKENS,
        )
    prompt, code = row.text("instruct_prompt"), row.text("code_prompt")
    return Problem(
        id=row.text("task_id"),
        prompt=prompt,
        oracle=oracle,
        turns=(prompt,),
        reference=code + solution,
        # As the authors' `calibrated` form has it: what the prompt imports need not be written again.
        setup=f"{code}\n    pass\n\n",
        packages=packages,
        max_tokens=_MAX_TOKENS,
        prompt_in_program=False,
    )


def _packages(begun: str, test: str) -> tuple[str, ...]:
    modules = imported_modules(f"{begun}\n    pass\n") | imported_modules(test)
    if modules & _BUILT_FOR_NUMPY:
        modules |= {"numpy"}
    return tuple(sorted(PACKAGES[module] for module in modules if module in PACKAGES))
