"""/run_code as SandboxFusion's clients use it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ratchet.sandbox.languages import Missing, toolchain
from ratchet.serve.sandbox.fusion import RUN_CODE_ANSWER
from ratchet.serve.sandbox.schema import check
from tests.serve.sandbox.serving import Served


def as_verl(served: Served, code: str, stdin: Any, language: str = "python", **changed: Any) -> Any:
    """What verl's client posts, byte for byte as it is made there, and the answer that it reads."""
    payload = {
        "compile_timeout": 10,
        "run_timeout": 10,
        "code": code,
        "stdin": stdin,
        "memory_limit_MB": 1024,
        "language": language,
        "files": {},
        "fetch_files": [],
    }
    answer = served.http.post(
        "/run_code",
        content=json.dumps({**payload, **changed}),
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    found = answer.json()
    check(found, RUN_CODE_ANSWER)
    return found


def verls_verdict(found: Any, expected: str) -> bool | int:
    """What verl makes of an answer."""
    if found["status"] == "SandboxError":
        return -1
    compiled, run = found["compile_result"], found["run_result"]
    if found["status"] == "Failed":
        if compiled and (compiled["status"] != "Finished" or compiled["return_code"] != 0):
            return -4
        return -3 if run["status"] == "TimeLimitExceeded" else -2
    assert run["status"] == "Finished"
    return bool(run["stdout"].rstrip("\n") == expected.rstrip("\n"))


@pytest.mark.parametrize(
    ("code", "stdin", "verdict"),
    [
        ("print(int(input()) + 1)", "41", True),
        ("print(int(input()) - 1)", "41", False),
        ("print(42)", None, True),
        ("raise ValueError('no')", "", -2),
        ("print(", "", -2),
        ("import sys; sys.exit(3)", "", -2),
        ("import os; os.abort()", "", -2),
    ],
)
def test_verls_client(served: Served, code: str, stdin: str | None, verdict: bool | int) -> None:
    assert verls_verdict(as_verl(served, code, stdin), "42") == verdict


def test_verls_time_out(served: Served) -> None:
    found = as_verl(served, "print('begun', flush=True)\nwhile True: pass", "", run_timeout=1)
    assert verls_verdict(found, "") == -3
    assert found["run_result"]["return_code"] is None
    assert found["run_result"]["stdout"] == "begun\n"


def test_verls_wrapper_of_functions(served: Served) -> None:
    code = "import json, sys\nprint(json.dumps([json.loads(line) for line in sys.stdin.read().split('\\n')]))"
    found = as_verl(served, code, '[1, 2]\n{"a": "ü"}')
    assert json.loads(found["run_result"]["stdout"]) == [[1, 2], {"a": "ü"}]


def test_a_memory_limit_is_kept(served: Served) -> None:
    code = "x = bytearray(300 << 20)\nprint(len(x))"
    small = as_verl(served, code, "", memory_limit_MB=128)
    assert (small["status"], small["message"]) == (
        "Failed",
        "the memory limit of 128 MiB ended the program.",
    )
    for enough in (512, -1):
        assert as_verl(served, code, "", memory_limit_MB=enough)["status"] == "Success"


@pytest.mark.parametrize("length", [100_000, 300_000, 5_000_000])
def test_long_output_is_whole_and_in_time(served: Served, length: int) -> None:
    found = as_verl(served, f"print('x' * {length})", "")
    assert found["status"] == "Success"
    assert found["message"] == ""
    assert found["run_result"]["stdout"] == "x" * length + "\n"


def test_endless_output_is_cut_and_says_so(served: Served) -> None:
    found = as_verl(served, "for _ in range(40): print('y' * (1 << 20))", "")
    assert found["status"] == "Success"
    assert found["message"] == "stdout was cut: its first and last parts are here."
    assert len(found["run_result"]["stdout"]) < 17 << 20


def test_a_child_that_holds_stdout_is_no_time_out(served: Served) -> None:
    code = "import os, time\nprint('done', flush=True)\nif os.fork() == 0: time.sleep(60)"
    found = as_verl(served, code, "")
    assert found["run_result"]["status"] == "Finished"
    assert found["run_result"]["stdout"] == "done\n"


def test_files_go_there_and_back(served: Served) -> None:
    code = (
        "open('out/sum.bin', 'wb').write(open('in/data.bin', 'rb').read() * 2)"
        "\nimport os; print(sorted(os.listdir('in')))"
    )
    data = bytes(range(256))
    found = served.run_code(
        f"import os; os.mkdir('out')\n{code}",
        files={"in/data.bin": base64.b64encode(data).decode(), "in/none": None},
        fetch_files=["out/sum.bin", "missing"],
    )
    assert found["run_result"]["stdout"] == "['data.bin']\n"
    assert {name: base64.b64decode(text) for name, text in found["files"].items()} == {
        "out/sum.bin": data * 2
    }


@pytest.mark.parametrize("stdin", ["ü 日本 😀", "a\0b", "\ud800 x"])
def test_texts_arrive_as_they_are(served: Served, stdin: str) -> None:
    code = "import sys; print(sys.stdin.buffer.read().hex())"
    found = served.run_code(code, stdin=stdin)
    assert bytes.fromhex(found["run_result"]["stdout"]) == stdin.encode("utf-8", "surrogatepass")


def test_bytes_that_are_no_text_come_back_as_json(served: Served) -> None:
    found = served.run_code("import sys; sys.stdout.buffer.write(b'\\xff\\0\\xed\\xa0\\x80')")
    assert found["status"] == "Success"
    assert "\0" in found["run_result"]["stdout"]


@pytest.mark.parametrize(("language", "code"), [("bash", "echo $((40 + 2))"), ("perl", "print 42;")])
def test_other_languages(served: Served, language: str, code: str) -> None:
    found = as_verl(served, code, "", language)
    assert verls_verdict(found, "42") is True
    assert found["compile_result"] is None


def test_a_compiled_language_has_both_results(served: Served) -> None:
    try:
        toolchain("cpp")
    except Missing as missing:
        pytest.skip(str(missing))
    code = '#include <cstdio>\nint main() { int n; scanf("%d", &n); printf("%d\\n", n + 1); }'
    for _ in range(2):  # the second time what the compiler made is still known
        found = as_verl(served, code, "41", "cpp", compile_timeout=60)
        assert found["compile_result"]["return_code"] == 0
        assert verls_verdict(found, "42") is True
    broken = as_verl(served, "int main() { return x; }", "", "cpp", compile_timeout=60)
    assert verls_verdict(broken, "") == -4
    assert broken["run_result"] is None
    assert "x" in broken["compile_result"]["stderr"]


def test_a_compiler_that_makes_nothing_has_failed(served: Served) -> None:
    try:
        toolchain("java")
    except Missing as missing:
        pytest.skip(str(missing))
    found = as_verl(served, "", "", "java", compile_timeout=60)
    assert verls_verdict(found, "") == -4
    assert found["compile_result"]["return_code"] == 1
    assert "does not compile" in found["compile_result"]["stderr"]


def test_what_is_not_here_says_nothing_about_the_program(served: Served) -> None:
    found = as_verl(served, "module T; endmodule", "", "verilog")
    assert verls_verdict(found, "") == -1
    assert found["message"] == "the language verilog is not to be had on this server."


def test_an_unknown_language_is_refused(served: Served) -> None:
    answer = served.post("/run_code", code="1", language="klingon")
    assert answer.status_code == 422
    [detail] = answer.json()["detail"]
    assert detail["loc"] == ["body", "language"]
    assert "it is none of 'D_ut', 'R'" in detail["msg"]


@pytest.mark.parametrize(
    ("changed", "place", "said"),
    [
        ({"run_timeout": 0}, ["run_timeout"], "less than 0.01"),
        ({"run_timeout": "5"}, ["run_timeout"], "not of type number"),
        ({"run_timeout": 1e9}, ["run_timeout"], "more than 300 s"),
        ({"run_timeout": None}, ["run_timeout"], "not of type number"),
        ({"memory_limit_MB": 1 << 30}, ["memory_limit_MB"], "more than 4096 MiB"),
        ({"memory_limit_MB": 1.5}, ["memory_limit_MB"], "not of type integer"),
        ({"code": None}, ["code"], "not of type string"),
        ({"files": {"a": "no base64!"}}, ["files", "a"], "not base64"),
        ({"files": []}, ["files"], "not of type object"),
        ({"fetch_files": [1]}, ["fetch_files", 0], "not of type string"),
    ],
)
def test_a_wrong_field_is_named(served: Served, changed: Any, place: list[Any], said: str) -> None:
    answer = served.post("/run_code", **{"code": "1", "language": "python", **changed})
    assert answer.status_code == 422, answer.text
    [detail] = answer.json()["detail"]
    assert detail["loc"] == ["body", *place]
    assert said in detail["msg"]


def test_a_path_that_leads_elsewhere_writes_nothing(served: Served) -> None:
    found = served.run_code("print(1)", files={"../x": ""})
    assert found["status"] == "SandboxError"
    assert "inside its working directory" in found["message"]
