"""Records of our own in the formats that DS-1000, LiveCodeBench and BigCodeBench are published in."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from pathlib import Path
from textwrap import dedent, indent
from typing import Any


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def context(
    inputs: list[str], answer: str, comparison: str, program: str, imports: str, string: str = ""
) -> str:
    """A `code_context`: inputs of each test, the body that finds the answer, and what compares it."""
    cases = "".join(
        f"        if test_case_id == {number}:\n            data = {expression}\n"
        for number, expression in enumerate(inputs, start=1)
    )
    return (
        f"{imports}\nimport copy\nimport tokenize, io\n\n\n"
        "def generate_test_case(test_case_id):\n"
        f"    def generate_ans(data):\n{indent(dedent(answer).strip(), ' ' * 8)}\n\n"
        f"    def define_test_input(test_case_id):\n{cases}        return data\n\n"
        "    test_input = define_test_input(test_case_id)\n"
        "    expected_result = generate_ans(copy.deepcopy(test_input))\n"
        "    return test_input, expected_result\n\n\n"
        "def exec_test(result, ans):\n"
        f"    try:\n        {comparison}\n        return 1\n"
        "    except AssertionError:\n        return 0\n\n\n"
        f'exec_context = r"""\n{program}\n"""\n\n\n'
        "def test_execution(solution: str):\n"
        '    code = exec_context.replace("[insert]", solution)\n'
        f"    for i in range({len(inputs)}):\n"
        "        test_input, expected_result = generate_test_case(i + 1)\n"
        '        test_env = {"test_input": test_input}\n'
        "        exec(code, test_env)\n"
        '        assert exec_test(test_env["result"], expected_result)\n'
        f"{string}"
    )


NO_LOOPS = """

def test_string(solution: str):
    tokens = []
    for token in tokenize.tokenize(io.BytesIO(solution.encode("utf-8")).readline):
        tokens.append(token.string)
    assert "for" not in tokens and "while" not in tokens
"""

FIGURE = """
import numpy as np
import matplotlib.pyplot as plt

exec_context = r'''
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
x = [1, 2, 3]
[insert]
'''


def test_execution(solution: str):
    code = exec_context.replace("[insert]", solution)
    test_env = {}
    exec(code, test_env)
    assert plt.gca().get_xlabel() == "time"
    assert len(plt.gca().lines) == 1
"""

_NUMPY, _PANDAS = "import numpy as np", "import pandas as pd\nimport numpy as np"
_ARRAYS = "np.testing.assert_allclose(result, ans)"
_FRAMES = "pd.testing.assert_frame_equal(result, ans)"


def ds1000() -> list[tuple[dict[str, Any], list[str]]]:
    """Records of DS-1000, each with wrong solutions."""
    made: list[tuple[str, str, str, str, list[str]]] = [
        (
            "Numpy",
            "A:\n<code>\nimport numpy as np\n</code>\nresult = ... # solution\nBEGIN SOLUTION\n<code>\n",
            "\nresult = a[a > a.mean()]\n",
            context(
                ["np.array([1.0, 2.0, 6.0])", "np.arange(9.0).reshape(3, 3)"],
                "return data[data > data.mean()]",
                _ARRAYS,
                "import numpy as np\na = test_input\n[insert]",
                _NUMPY,
            ),
            ["result = a[a >= 2]", "result = a", "result = a[a > a.mean()] + 1"],
        ),
        (
            "Numpy",
            "A: <code>\nimport numpy as np\ndef f(a, n):\n    # return it\n    ### BEGIN SOLUTION\n",
            "    out = np.roll(a, n)\n    return out\n",
            context(
                ["(np.arange(5), 2)", "(np.arange(7), -1)"],
                "return np.roll(*data)",
                _ARRAYS,
                "import numpy as np\na, n = test_input\ndef f(a, n):\n[insert]\nresult = f(a, n)",
                _NUMPY,
            ),
            ["    return np.roll(a, -n)\n", "    return a\n"],
        ),
        (
            "Numpy",
            "Sum of squares without a loop.\nBEGIN SOLUTION\n<code>\n",
            "\nresult = (a**2).sum()\n",
            context(
                ["np.arange(4)"],
                "return (data**2).sum()",
                "assert result == ans",
                "import numpy as np\na = test_input\n[insert]",
                _NUMPY,
                NO_LOOPS,
            ),
            ["result = 0\nfor x in a:\n    result += x * x\n", "result = a.sum()\n"],
        ),
        (
            "Pandas",
            "Group.\n<code>\nimport pandas as pd\n</code>\nresult = ...\nBEGIN SOLUTION\n<code>\n",
            "\nresult = df.groupby('k', as_index=False)['v'].sum()\n",
            context(
                ['pd.DataFrame({"k": list("aab"), "v": [1, 2, 3]})', 'pd.DataFrame({"k": ["x"], "v": [5]})'],
                "return data.groupby('k', as_index=False)['v'].sum()",
                _FRAMES,
                "import pandas as pd\nimport numpy as np\ndf = test_input\n[insert]",
                _PANDAS,
            ),
            ["result = df.groupby('k')['v'].sum()", "result = df"],
        ),
        (
            "Pandas",
            "Fill.\n<code>\n[insert]\n</code>\nEND SOLUTION\n<code>\nprint(result)\n</code>\n",
            "\ndf['v'] = df['v'].ffill()\nresult = df\n",
            context(
                ['pd.DataFrame({"v": [1.0, np.nan, 3.0]})'],
                "data['v'] = data['v'].ffill()\nreturn data",
                _FRAMES,
                "import pandas as pd\ndf = test_input\n[insert]",
                _PANDAS,
            ),
            ["result = df.fillna(0.0)"],
        ),
        (
            "Pandas",
            "A series, without a loop.\nBEGIN SOLUTION\n<code>\n",
            "\nresult = s.str.upper()\n",
            context(
                ['pd.Series(["a", "b"])'],
                "return data.str.upper()",
                "pd.testing.assert_series_equal(result, ans)",
                "import pandas as pd\ns = test_input\n[insert]",
                _PANDAS,
                NO_LOOPS,
            ),
            ["result = pd.Series([x.upper() for x in s])", "result = s", "raise SystemExit(0)"],
        ),
        (
            "Pytorch",
            "A mask.\nBEGIN SOLUTION\n<code>\n",
            "\nresult = torch.arange(max(lens)).expand(len(lens), -1) < lens.unsqueeze(1)\n",
            context(
                ["torch.LongTensor([3, 5, 4])"],
                "return torch.arange(5).expand(3, 5) < data.unsqueeze(1)",
                "torch.testing.assert_close(result, ans)",
                "import torch\nlens = test_input\n[insert]",
                "import torch",
            ),
            ["result = lens"],
        ),
        (
            "Matplotlib",
            "Plot x and label the axis.\n# SOLUTION START\n",
            'plt.plot(x, x)\nplt.xlabel("time")\n',
            FIGURE,
            ['plt.plot(x, x)\nplt.xlabel("x")\n', 'plt.xlabel("time")\n'],
        ),
    ]
    return [
        (
            {
                "prompt": prompt,
                "reference_code": reference,
                "code_context": test,
                "metadata": {
                    "problem_id": number,
                    "library_problem_id": number,
                    "library": library,
                    "test_case_cnt": 1,
                    "perturbation_type": "Origin",
                    "perturbation_origin_id": number,
                },
            },
            wrong,
        )
        for number, (library, prompt, reference, test, wrong) in enumerate(made)
    ]


def packed(tests: list[dict[str, str]]) -> str:
    """Tests as the lite release holds the private ones."""
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests)))).decode()


def livecodebench() -> list[dict[str, Any]]:
    """Records of LiveCodeBench: one with standard input, one with a method, one with a plain function."""
    pairs = [("3 4\n", "7\n0.5"), ("10 -3\n", "7\n1.5")]
    stdin = [{"input": given, "output": out, "testtype": "stdin"} for given, out in pairs]
    calls = [("[1, 2, 3]\n2", "[2, 4, 6]"), ("[]\n7", "[]"), ("[5]\n0", "[0]")]
    functional = [{"input": given, "output": out, "testtype": "functional"} for given, out in calls]
    common = {
        "question_title": "t",
        "contest_id": "c",
        "contest_date": "2024-03-09T00:00:00",
        "difficulty": "easy",
    }
    return [
        common
        | {
            "question_id": "abc_a",
            "question_content": "Read a and b; print a + b and a tenth of the second digit.",
            "platform": "atcoder",
            "starter_code": "",
            "public_test_cases": json.dumps(stdin[:1]),
            "private_test_cases": packed(stdin[1:]),
            "metadata": "{}",
        },
        common
        | {
            "question_id": "100",
            "question_content": "Scale the list.",
            "platform": "leetcode",
            "starter_code": "class Solution:\n    def scale(self, nums: List[int], by: int):\n        ",
            "public_test_cases": json.dumps(functional[:2]),
            "private_test_cases": json.dumps(functional[2:]),
            "metadata": json.dumps({"func_name": "scale"}),
        },
    ]


def bigcodebench() -> list[tuple[dict[str, Any], list[str]]]:
    """Records of BigCodeBench, each with wrong solutions (bodies)."""
    made = [
        (
            "import itertools\nfrom random import shuffle\n\n",
            "def task_func(numbers):",
            "    best = max(itertools.accumulate(numbers), default=0)\n    return best\n",
            "import unittest\n\nclass TestCases(unittest.TestCase):\n"
            "    def test_some(self):\n        self.assertEqual(task_func([1, -3, 5]), 3)\n"
            "    def test_none(self):\n        self.assertEqual(task_func([]), 0)\n"
            "    def test_kind(self):\n"
            "        with self.assertRaises(TypeError):\n            task_func(3)\n",
            ["    return max(numbers, default=0)\n", "    return 3\n", "    raise TypeError\n"],
            "['itertools', 'random']",
        ),
        (
            "import pandas as pd\n\n",
            "def task_func(rows):",
            "    frame = pd.DataFrame(rows)\n    return frame.groupby('k').sum().reset_index()\n",
            "import unittest\n\nclass TestCases(unittest.TestCase):\n"
            "    def setUp(self):\n"
            "        self.rows = [{'k': 'a', 'v': 1}, {'k': 'a', 'v': 2}, {'k': 'b', 'v': 3}]\n"
            "    def test_frame(self):\n        got = task_func(self.rows)\n"
            "        self.assertIsInstance(got, pd.DataFrame)\n"
            "        self.assertEqual(got['v'].tolist(), [3, 3])\n",
            ["    return pd.DataFrame(rows)\n", "    return rows\n"],
            "['pandas']",
        ),
        (
            "import os\nimport json\n\n",
            "def task_func(path):",
            "    with open(path) as file:\n        return sorted(json.load(file))\n",
            "import unittest\nimport tempfile\n\nclass TestCases(unittest.TestCase):\n"
            "    def test_file(self):\n        with tempfile.TemporaryDirectory() as folder:\n"
            "            path = os.path.join(folder, 'a.json')\n"
            "            with open(path, 'w') as file:\n                json.dump({'b': 1, 'a': 2}, file)\n"
            "            self.assertEqual(task_func(path), ['a', 'b'])\n",
            ["    with open(path) as file:\n        return list(json.load(file))\n"],
            "['os', 'json']",
        ),
        (
            "import subprocess\n\n",
            "def task_func(command):",
            "    return subprocess.run(command).returncode == 0\n",
            "import unittest\nfrom unittest.mock import patch\n\nclass TestCases(unittest.TestCase):\n"
            "    @patch('subprocess.run')\n    def test_mocked(self, run):\n"
            "        run.return_value.returncode = 0\n        self.assertTrue(task_func(['true']))\n"
            "        run.assert_called_once_with(['true'])\n",
            ["    return True\n", "    return subprocess.run(command).returncode\n"],
            "['subprocess']",
        ),
    ]
    return [
        (
            {
                "task_id": f"BigCodeBench/{number}",
                "complete_prompt": f'{imports}{head}\n    """Do what the tests say."""\n',
                "instruct_prompt": f"Do what the tests say, starting with:\n```\n{imports}{head}\n```",
                "code_prompt": f"{imports}{head}\n",
                "canonical_solution": solution,
                "test": test,
                "entry_point": "task_func",
                "doc_struct": "{}",
                "libs": libs,
            },
            wrong,
        )
        for number, (imports, head, solution, test, wrong, libs) in enumerate(made)
    ]
