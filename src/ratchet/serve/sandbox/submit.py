"""SandboxFusion's `POST /submit`, for data that comes with the request.

config.dataset_type says how config.provided_data is read:

- CommonOJDataset: {"test": [{"input": {"stdin": ...}, "output": {"stdout": ...}}, ...]}; each case is
  a run, and what it prints is compared line by line: without regard to case and outer blanks,
  and numbers to 1e-5.
- HumanEvalDataset, HumanEval's fields: {"prompt", "entry_point", "test"}, in Python.
- MBPPDataset: {"test": ["assert ...", ...], "labels": {"test_setup_code": ...}}, in Python.

The last two are not decided by an exit code, which the program could choose, but by our own
verdict, with the tests in another process than the program; `extra` holds it.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.judge import Verdict
from ratchet.problems.assertions import assertion_problem
from ratchet.problems.syntax import why_together
from ratchet.problems.types import CheckOracle, Problem, Sample
from ratchet.sandbox.types import Limits, Program, Sandbox, Status
from ratchet.serve.sandbox import extraction
from ratchet.serve.sandbox.fusion import (
    KNOWN,
    NOT_HERE,
    RUN_CODE_ANSWER,
    limits_of,
    our_language,
    run_program,
)
from ratchet.serve.sandbox.guarded import Bounds
from ratchet.serve.sandbox.patience import judged
from ratchet.serve.sandbox.schema import Invalid, Schema, check, fields, nullable, text

DATASETS = ("CommonOJDataset", "HumanEvalDataset", "MBPPDataset")
"""Values of config.dataset_type; a data set's own name is not enough, as this server keeps no data."""

_ID: Schema = {"type": ["integer", "string"], "description": "The problem's name, given back as it is."}
_SECONDS = {"type": ["number", "null"], "minimum": 0.01, "default": None, "description": "Seconds."}
_ROW = {"type": "object", "description": "The problem, with the fields of its kind."}

SUBMIT: Schema = fields(
    {
        "dataset": text("The data set's name; config.dataset_type says how it is judged."),
        "id": _ID,
        "completion": text("What the model wrote."),
        "config": fields(
            {
                "dataset_type": text("How provided_data is judged.", enum=list(DATASETS)),
                "provided_data": {"anyOf": [_ROW, {"type": "array", "items": _ROW, "minItems": 1}]},
            },
            {
                "language": nullable(
                    text("The program's; Python where it is left out."), enum=[*KNOWN, None], default=None
                ),
                "compile_timeout": _SECONDS,
                "run_timeout": _SECONDS,
                "custom_extract_logic": nullable(
                    text("Python text that calls submit_code_blocks; it is run in the sandbox."), default=None
                ),
                "extra": {
                    "type": "object",
                    "default": {},
                    "description": "run_all_cases: do not stop at the first wrong case; return_full_case: "
                    "give long inputs and outputs back whole; is_freeform (HumanEvalDataset): the "
                    "completion is a reply with a whole program in it, and does not continue the prompt.",
                },
            },
            strict=False,
            about="SandboxFusion's TestConfig.",
        ),
    },
    {},
    strict=False,
    about="SandboxFusion's SubmitRequest.",
)

SUBMIT_ANSWER: Schema = {
    "type": "object",
    "required": ["id", "accepted", "extracted_code", "tests", "extracted_type", "extra"],
    "properties": {
        "id": {"type": ["integer", "string"]},
        "accepted": {"type": "boolean"},
        "extracted_code": {"type": "string"},
        "full_code": {"type": ["string", "null"]},
        "test_code": {"type": ["string", "null"]},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["passed", "exec_info", "test_info"],
                "properties": {
                    "passed": {"type": "boolean"},
                    "exec_info": RUN_CODE_ANSWER,
                    "test_info": {"type": ["object", "null"]},
                },
            },
        },
        "extracted_type": {"enum": ["fenced", "incomplete_fenced", "heuristic", "empty", None]},
        "extra": {"type": ["object", "null"]},
    },
}

_STREAMS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
_CASE = fields(
    {"input": {**_STREAMS, "required": ["stdin"]}, "output": {**_STREAMS, "required": ["stdout"]}},
    {},
    strict=False,
    about="One run.",
)
_CASES: Schema = {"type": "array", "items": _CASE, "minItems": 1}
_HUMANEVAL = fields(
    {
        "prompt": text("What the completion continues."),
        "entry_point": text("The function."),
        "test": text("A text that defines check(candidate)."),
    },
    {},
    strict=False,
    about="HumanEval's fields.",
)
_MBPP = fields(
    {"test": {"type": "array", "items": text("An assertion."), "minItems": 1}},
    {"labels": {"type": "object", "default": {}}},
    strict=False,
    about="MBPP's fields.",
)
_SHORT = 1000


def submit(sandbox: Sandbox, bounds: Bounds, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a checked SUBMIT request.

    Raises Invalid and RatchetError for what cannot be done here, HarnessError where the sandbox broke:
    none of these is a verdict.
    """
    config = asked["config"]
    row = config["provided_data"]
    row = dict(row[0] if isinstance(row, list) else row)
    for name in ("test", "labels"):  # SandboxFusion takes either the values or their JSON
        if isinstance(row.get(name), str) and config["dataset_type"] != "HumanEvalDataset":
            try:
                row[name] = json.loads(row[name])
            except (ValueError, RecursionError):
                raise Invalid(("config", "provided_data", name), "it is not JSON") from None
    language = config["language"] or "python"
    more = _custom(sandbox, config["custom_extract_logic"], asked["completion"])
    code, kind = extraction.extract(asked["completion"], language, more)
    found = {
        "id": asked["id"],
        "extracted_code": code,
        "full_code": None,
        "test_code": None,
        "extracted_type": None if kind == "custom" else kind,
    }
    if config["dataset_type"] == "CommonOJDataset":
        if language in NOT_HERE:
            raise Invalid(("config", "language"), f"{language} is not to be had on this server")
        name = our_language(language)
        tests = _stdio(sandbox, bounds, name, code, row, config)
        return {**found, "accepted": all(test["passed"] for test in tests), "tests": tests, "extra": {}}
    if language != "python":
        raise Invalid(("config", "language"), f"{config['dataset_type']} is judged in Python alone here")
    limits = limits_of(config["run_timeout"] or 20, -1, bounds, "run_timeout")
    if config["dataset_type"] == "HumanEvalDataset":
        problem, sample = _humaneval(row, code, asked)
    else:
        problem, sample = _mbpp(row, code)
    verdict = judged(problem, sample, sandbox, limits, oracle="auto")
    test = {"passed": verdict.passed, "exec_info": _as_run(verdict), "test_info": None}
    full = sample.completion if sample.standalone else problem.prompt + sample.completion
    extra = {"verdict": verdict.as_dict()}
    shown = {
        "full_code": full,
        "extracted_code": sample.completion,
        "test_code": _test(problem),
        "extracted_type": found["extracted_type"] if sample.standalone else None,
    }
    return {**found, **shown, "accepted": verdict.passed, "tests": [test], "extra": extra}


def _humaneval(row: Mapping[str, Any], code: str, asked: Mapping[str, Any]) -> tuple[Problem, Sample]:
    data = _row(row, _HUMANEVAL)
    oracle = CheckOracle(
        data["entry_point"],
        data["test"],
        preamble=data["prompt"],
        together=why_together(data["test"], data["entry_point"]),
    )
    problem = Problem("submitted", data["prompt"], oracle)
    if asked["config"]["extra"].get("is_freeform"):
        return problem, Sample("submitted", 0, code, standalone=True)
    # The completion ends where a line begins that is not indented: another function, a test, prose.
    cut = re.split(r"\n(?!\s|\n)(?=.)", asked["completion"], maxsplit=1)[0]
    return problem, Sample("submitted", 0, cut)


def _mbpp(row: Mapping[str, Any], code: str) -> tuple[Problem, Sample]:
    data = _row(row, _MBPP)
    setup = data["labels"].get("test_setup_code") or ""
    if not isinstance(setup, str):
        raise Invalid(("config", "provided_data", "labels", "test_setup_code"), "it is not of type string")
    try:
        problem = assertion_problem("submitted", "", "", data["test"], setup=setup)
    except RatchetError as error:
        raise Invalid(("config", "provided_data", "test"), str(error).rstrip(".")) from None
    return replace(problem, prompt=""), Sample("submitted", 0, code, standalone=True)


def _row(row: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    found: dict[str, Any] = check(row, schema, ("config", "provided_data"))
    return found


def _test(problem: Problem) -> str:
    assert isinstance(problem.oracle, CheckOracle)
    return problem.oracle.test


def _as_run(verdict: Verdict) -> dict[str, Any]:
    """A verdict in the words of a run: what decided is in `extra`."""
    late = verdict.status == "timeout"
    return {
        "status": "Success" if verdict.passed else "Failed",
        "message": "",
        "compile_result": None,
        "run_result": {
            "status": "TimeLimitExceeded" if late else "Finished",
            "execution_time": verdict.wall_s,
            "return_code": None if late else int(not verdict.passed),
            "stdout": "",
            "stderr": verdict.detail,
        },
        "executor_pod_name": None,
        "files": {},
    }


def _stdio(
    sandbox: Sandbox,
    bounds: Bounds,
    name: str,
    code: str,
    row: Mapping[str, Any],
    config: Mapping[str, Any],
) -> list[dict[str, Any]]:
    cases = check(row.get("test"), _CASES, ("config", "provided_data", "test"))
    limits = limits_of(config["run_timeout"] or 10, -1, bounds, "run_timeout")
    compiling = limits_of(config["compile_timeout"] or 10, -1, bounds, "compile_timeout")
    tests = []
    for case in cases:
        tests.append(_one_case(sandbox, Program(code, name), case, limits, compiling))
        if not tests[-1]["passed"] and not config["extra"].get("run_all_cases"):
            break
    if not config["extra"].get("return_full_case"):
        for test in tests:
            test["test_info"] = {
                side: {stream: _shortened(content) for stream, content in test["test_info"][side].items()}
                for side in ("input", "output")
            }
    return tests


def _one_case(
    sandbox: Sandbox, program: Program, case: Mapping[str, Any], limits: Limits, compiling: Limits
) -> dict[str, Any]:
    others = {path: content for path, content in case["input"].items() if path != "stdin"}
    wanted = {path: content for path, content in case["output"].items() if path != "stdout"}
    whole = Program(program.source, program.language, case["input"]["stdin"], others)
    seen = run_program(sandbox, whole, limits, compiling, tuple(wanted))
    passed = seen["status"] == "Success" and same_output(
        seen["run_result"]["stdout"], case["output"]["stdout"]
    )
    for path, content in wanted.items():
        left = _text(seen["files"].get(path))
        passed = passed and left is not None and same_output(left, content)
    return {"passed": passed, "exec_info": seen, "test_info": {**case}}


def _text(encoded: str | None) -> str | None:
    return None if encoded is None else b64decode(encoded).decode("utf-8", "replace")


def same_output(printed: str, expected: str) -> bool:
    """SandboxFusion's comparison: line by line, without case and outer blanks, numbers to 1e-5."""
    found, wanted = printed.strip().split("\n"), expected.strip().split("\n")
    return len(found) == len(wanted) and all(map(_same_line, found, wanted))


def _same_line(found: str, wanted: str) -> bool:
    found, wanted = found.lower().strip(), wanted.lower().strip()
    if found == wanted:
        return True
    try:
        a, b = float(found), float(wanted)
    except ValueError:
        return False
    return abs(a - b) / max(abs(b), 1e-10) < 1e-5


def _shortened(content: str) -> str:
    if len(content) <= _SHORT:
        return content
    return f"{content[: _SHORT // 2]}...({len(content) - _SHORT} characters)...{content[-_SHORT // 2 :]}"


def _custom(sandbox: Sandbox, logic: str | None, completion: str) -> Sequence[extraction.CodeBlock]:
    """The blocks that the request's own text finds, in the sandbox."""
    if logic is None:
        return ()
    rules = Path(extraction.__file__).read_text(encoding="utf-8")
    seen = sandbox.run(
        Program(_CUSTOM, files={"rules.py": rules, "logic.py": logic, "completion": completion}),
        Limits(wall_s=5.0, memory_bytes=256 << 20, output_bytes=8 << 20),
    )
    if seen.status is not Status.OK:
        last = seen.stderr.strip().rpartition("\n")[2][:200]
        raise Invalid(("config", "custom_extract_logic"), f"it ended with {seen.status} ({last})")
    try:
        blocks = json.loads(seen.stdout.rpartition("\n")[2])
        return [extraction.CodeBlock(int(p), str(language), str(code)) for p, language, code in blocks]
    except (ValueError, TypeError, RecursionError):
        raise Invalid(("config", "custom_extract_logic"), "it submitted no code blocks") from None


_CUSTOM = """\
import json, sys
sys.path.insert(0, ".")
import rules
blocks = []
with open("completion", encoding="utf-8", errors="surrogatepass") as file:
    completion = file.read()
with open("logic.py", encoding="utf-8", errors="surrogatepass") as file:
    logic = file.read()
names = {
    "CodeBlock": rules.CodeBlock,
    "completion": completion,
    "submit_code_blocks": blocks.extend,
    "extract_fenced_code": rules.extract_fenced_code,
    "extract_heuristic_code": rules.extract_heuristic_code,
}
exec(compile(logic, "custom_extract_logic", "exec"), names)
print()
print(json.dumps([(block.priority, block.language, block.code) for block in blocks]), end="")
"""
