"""/submit with data in the request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ratchet.serve.sandbox.extraction import extract
from ratchet.serve.sandbox.schema import check
from ratchet.serve.sandbox.submit import SUBMIT_ANSWER, same_output
from tests.serve.sandbox.serving import Served

DOUBLE = "```python\nprint(2 * int(input()))\n```"
CASES = [{"input": {"stdin": str(n)}, "output": {"stdout": str(2 * n)}} for n in range(3)]
ADD = {
    "prompt": 'def add(a, b):\n    """The sum."""\n',
    "entry_point": "add",
    "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n",
}


def submitted(served: Served, completion: str, kind: str, data: Any, **config: Any) -> Any:
    answer = served.post(
        "/submit",
        dataset="mine",
        id=7,
        completion=completion,
        config={"dataset_type": kind, "provided_data": data, **config},
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    check(found, SUBMIT_ANSWER)
    assert found["id"] == 7
    return found


@pytest.mark.parametrize("tests", [CASES, json.dumps(CASES)])
def test_right_for_all_cases(served: Served, tests: Any) -> None:
    found = submitted(served, f"Here it is:\n{DOUBLE}\nDone.", "CommonOJDataset", {"test": tests})
    assert found["accepted"] is True
    assert [test["passed"] for test in found["tests"]] == [True, True, True]
    assert found["extracted_type"] == "fenced"
    assert found["extracted_code"] == "print(2 * int(input()))"
    assert found["tests"][2]["exec_info"]["run_result"]["stdout"] == "4\n"
    assert found["tests"][2]["test_info"] == CASES[2]


@pytest.mark.parametrize(
    ("extra", "seen"), [({}, [True, False]), ({"run_all_cases": True}, [True, False, False])]
)
def test_wrong_from_the_second_case_on(served: Served, extra: dict[str, Any], seen: list[bool]) -> None:
    wrong = DOUBLE.replace("2 *", "3 *")
    found = submitted(served, wrong, "CommonOJDataset", [{"test": CASES}], extra=extra)
    assert found["accepted"] is False
    assert [test["passed"] for test in found["tests"]] == seen


def test_a_program_that_exits_early_is_not_accepted(served: Served) -> None:
    code = "```python\nimport os\nprint('0', flush=True)\nos._exit(0)\n```"
    assert submitted(served, code, "CommonOJDataset", {"test": CASES})["accepted"] is False


def test_cases_with_files(served: Served) -> None:
    case = {"input": {"stdin": "", "in.txt": "20 22"}, "output": {"stdout": "", "out.txt": "42"}}
    code = "```python\nopen('out.txt', 'w').write(str(sum(map(int, open('in.txt').read().split()))))\n```"
    assert submitted(served, code, "CommonOJDataset", {"test": [case]})["accepted"] is True
    other = {**case, "output": {"stdout": "", "other.txt": "42"}}
    assert submitted(served, code, "CommonOJDataset", {"test": [other]})["accepted"] is False


def test_long_inputs_come_back_short(served: Served) -> None:
    case = {"input": {"stdin": "1\n" + "x" * 5000}, "output": {"stdout": "2"}}
    [test] = submitted(served, DOUBLE, "CommonOJDataset", {"test": [case]})["tests"]
    assert test["passed"] is True
    assert len(test["test_info"]["input"]["stdin"]) < 1100
    [whole] = submitted(
        served, DOUBLE, "CommonOJDataset", {"test": [case]}, extra={"return_full_case": True}
    )["tests"]
    assert whole["test_info"] == case


def test_humaneval(served: Served) -> None:
    right = submitted(served, "    return a + b\n\nprint(add(1, 2))", "HumanEvalDataset", ADD)
    assert right["accepted"] is True
    assert right["extracted_code"] == "    return a + b\n"
    assert right["extra"]["verdict"]["oracle"] == "split"
    assert submitted(served, "    return a - b\n", "HumanEvalDataset", ADD)["accepted"] is False
    reply = "```python\ndef add(a, b):\n    return a + b\n```"
    free = submitted(served, reply, "HumanEvalDataset", ADD, extra={"is_freeform": True})
    assert free["accepted"] is True
    assert free["extracted_type"] == "fenced"


@pytest.mark.parametrize(
    "body",
    [
        "    raise SystemExit(0)\n",
        "    import os; os._exit(0)\n",
        "    class Any:\n        def __eq__(self, other): return True\n    return Any()\n",
    ],
)
def test_an_exit_code_is_no_pass(served: Served, body: str) -> None:
    assert submitted(served, body, "HumanEvalDataset", ADD)["accepted"] is False


def test_mbpp(served: Served) -> None:
    data = {
        "test": ["assert add(1, 2) == 3", "assert add(LEFT, 3) == 5"],
        "labels": {"test_setup_code": "LEFT = 2"},
    }
    right = submitted(served, "```python\ndef add(a, b): return a + b\n```", "MBPPDataset", data)
    assert right["accepted"] is True
    wrong = submitted(served, "```python\ndef add(a, b): return 3\n```", "MBPPDataset", data)
    assert wrong["accepted"] is False
    assert "add(LEFT, 3)" in wrong["tests"][0]["exec_info"]["run_result"]["stderr"]


def test_a_request_may_find_the_code_itself(served: Served) -> None:
    logic = (
        "found = extract_fenced_code(completion)[-1]\n"
        "submit_code_blocks([CodeBlock(priority=40, language='python', code=found.code)])"
    )
    reply = "```python\nprint('first')\n```\nor rather\n" + DOUBLE
    config = {"custom_extract_logic": logic}
    found = submitted(served, reply, "CommonOJDataset", {"test": CASES}, **config)
    assert found["accepted"] is True
    assert submitted(served, reply, "CommonOJDataset", {"test": CASES})["accepted"] is False


@pytest.mark.parametrize(
    "logic",
    [
        "raise ValueError('no')",
        "import os; os._exit(0)",
        pytest.param("while True: pass", marks=pytest.mark.slow),
        "1 +",
    ],
)
def test_such_a_text_runs_in_the_sandbox(served: Served, logic: str) -> None:
    config = {
        "dataset_type": "CommonOJDataset",
        "provided_data": {"test": CASES},
        "custom_extract_logic": logic,
    }
    answer = served.post("/submit", dataset="d", id="i", completion=DOUBLE, config=config)
    assert answer.status_code == 422
    assert "custom_extract_logic" in answer.json()["detail"][0]["msg"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"dataset_type": "VerilogDataset", "provided_data": {}}, "it is none of 'CommonOJDataset'"),
        ({"provided_data": {}}, "config.dataset_type: it is missing"),
        ({"dataset_type": "CommonOJDataset"}, "config.provided_data: it is missing"),
        ({"dataset_type": "CommonOJDataset", "provided_data": {"test": []}}, "fewer than 1"),
        ({"dataset_type": "CommonOJDataset", "provided_data": {"test": "["}}, "it is not JSON"),
        (
            {"dataset_type": "MBPPDataset", "provided_data": {"test": ["1"]}},
            "no assertion that calls a function",
        ),
        ({"dataset_type": "HumanEvalDataset", "provided_data": {}}, "prompt: it is missing"),
        ({"dataset_type": "MBPPDataset", "language": "go", "provided_data": {}}, "in Python alone"),
    ],
)
def test_what_cannot_be_done_is_said(served: Served, config: dict[str, Any], said: str) -> None:
    answer = served.post("/submit", dataset="d", id="i", completion="x", config=config)
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"][0]["msg"]


@pytest.mark.parametrize(
    ("printed", "expected", "same"),
    [
        ("1\n2\n", "1\n2", True),
        ("YES", "yes", True),
        ("0.3000001", "0.3", True),
        ("0.31", "0.3", False),
        ("1", "1\n2", False),
        ("", "1", False),
        ("nan", "1", False),
        ("a b ", " a b", True),
        ("a  b", "a b", False),
    ],
)
def test_how_outputs_are_compared(printed: str, expected: str, same: bool) -> None:
    assert same_output(printed, expected) is same


@pytest.mark.parametrize(
    ("completion", "language", "code", "kind"),
    [
        ("```py\na\n```\n```cpp\nb\n```", "cpp", "b", "fenced"),
        ("```\na\n```\n```\nb\n```", "python", "a", "fenced"),
        ("```python\na = 1\n", "python", "a = 1\n", "incomplete_fenced"),
        (
            "Sure.\nimport os\n\ndef f():\n    return 1\n\nThat is it.",
            "python",
            "import os\ndef f():\n    return 1\n",
            "heuristic",
        ),
        ("echo 1\n\necho 2", "bash", "echo 1\necho 2\n", "heuristic"),
        ("no code", "go", "", "empty"),
        ("", "python", "", "empty"),
    ],
)
def test_finding_the_code(completion: str, language: str, code: str, kind: str) -> None:
    assert extract(completion, language) == (code, kind)
