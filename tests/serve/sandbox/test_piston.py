"""Piston's API."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ratchet.serve.sandbox.piston import EXECUTE_ANSWER, RUNTIMES_ANSWER
from ratchet.serve.sandbox.schema import check
from ratchet.serve.sandbox.versions import satisfies, version_of
from tests.serve.sandbox.serving import Served


def executed(served: Served, content: str, **more: Any) -> Any:
    body = {"language": "python", "version": "*", "files": [{"content": content}], **more}
    answer = served.post("/api/v2/execute", **body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    check(found, EXECUTE_ANSWER)
    return found


def test_runtimes(served: Served) -> None:
    found = served.http.get("/api/v2/runtimes").json()
    check(found, RUNTIMES_ANSWER)
    by_name = {each["language"]: each for each in found}
    assert {"python", "bash", "perl"} <= by_name.keys()
    assert "py" in by_name["python"]["aliases"]
    for each in found:
        assert executed_version(served, each) == each["version"]


def executed_version(served: Served, runtime: dict[str, Any]) -> str:
    """Of a job that is refused only after its runtime was found."""
    major = runtime["version"].partition(".")[0]
    body = {
        "language": runtime["language"],
        "version": f"{major}.x",
        "files": [{"content": "x", "encoding": "hex"}],
    }
    answer = served.post("/api/v2/execute", **body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("files[0].content is not hex")
    return str(runtime["version"])


def test_an_answer_has_all_its_fields(served: Served) -> None:
    found = executed(served, "import sys\nprint(input())\nprint('e', file=sys.stderr)", stdin="in")
    assert found["language"] == "python"
    run = found["run"]
    assert (run["stdout"], run["stderr"], run["output"]) == ("in\n", "e\n", "in\ne\n")
    assert (run["code"], run["signal"], run["status"], run["message"]) == (0, None, None, None)
    assert run["wall_time"] >= run["cpu_time"] > 0
    assert run["memory"] > 1 << 20
    assert "compile" not in found


@pytest.mark.parametrize(
    ("code", "status", "exit_code", "signal"),
    [
        ("raise ValueError", "RE", 1, None),
        ("import sys; sys.exit(7)", "RE", 7, None),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SG", None, "SIGSEGV"),
        ("while True: pass", "TO", None, "SIGKILL"),
    ],
)
def test_status_codes(
    served: Served, code: str, status: str, exit_code: int | None, signal: str | None
) -> None:
    run = executed(served, code, run_timeout=700)["run"]
    assert (run["status"], run["code"], run["signal"]) == (status, exit_code, signal)
    assert run["message"]


def test_a_cpu_limit(served: Served) -> None:
    run = executed(served, "while True: pass", run_timeout=20000, run_cpu_time=300)["run"]
    assert (run["status"], run["message"]) == ("TO", "Time limit exceeded")


def test_a_memory_limit(served: Served) -> None:
    run = executed(served, "bytearray(300 << 20)", run_memory_limit=100 << 20)["run"]
    assert run["message"] == "Memory limit of 100 MiB exceeded"
    assert executed(served, "bytearray(300 << 20)", run_memory_limit=-1)["run"]["status"] is None


def test_long_output_is_cut_and_kills_nothing(served: Served) -> None:
    run = executed(served, "for _ in range(40): print('y' * (1 << 20))\nprint('end')", run_timeout=30000)[
        "run"
    ]
    assert (run["status"], run["code"]) == ("OL", 0)
    assert run["stdout"].endswith("end\n")


def test_files(served: Served) -> None:
    files = [
        {"name": "data.bin", "content": base64.b64encode(b"\xff\x00").decode(), "encoding": "base64"},
        {"name": "main.py", "content": "import other; print(other.x, open('data.bin', 'rb').read())"},
        {"name": "other.py", "content": "x = 5"},
        {"content": "0aff", "encoding": "hex"},
    ]
    assert executed(served, "", files=files)["run"]["stdout"] == "5 b'\\xff\\x00'\n"


def test_arguments(served: Served) -> None:
    found = executed(served, 'echo "$1|$2"', language="bash", args=["a b", "ü"])
    assert found["run"]["stdout"] == "a b|ü\n"
    found = executed(served, "import sys; print(sys.argv[1:])", args=["a b", "ü"])
    assert found["run"]["stdout"] == "['a b', 'ü']\n"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"language": "klingon"}, "klingon-* runtime is unknown"),
        ({"version": "1.x"}, "python-1.x runtime is unknown"),
        ({"version": "newest!"}, "python-newest! runtime is unknown"),
        ({"files": []}, "files: it has fewer than 1 entries."),
        (
            {"files": [{"content": "AA==", "encoding": "base64"}]},
            "files must include at least one utf8 encoded file",
        ),
        ({"run_timeout": 10**9}, "run_timeout cannot exceed the configured limit of 300000"),
        ({"run_timeout": "3"}, "run_timeout: it is not of type number or null."),
        ({"language": 3}, "language: it is not of type string."),
    ],
)
def test_what_is_refused(served: Served, changed: dict[str, Any], said: str) -> None:
    body = {"language": "python", "version": "*", "files": [{"content": "1"}], **changed}
    answer = served.post("/api/v2/execute", **body)
    assert (answer.status_code, answer.json()) == (400, {"message": said})


@pytest.mark.parametrize(
    ("selector", "yes", "no"),
    [
        ("*", "0.0.1", None),
        ("", "3.11.2", None),
        ("3", "3.11.2", "4.0.0"),
        ("3.x", "3.0.0", "2.9.9"),
        ("3.11.x", "3.11.9", "3.12.0"),
        ("3.11.2", "3.11.2", "3.11.3"),
        ("=v3.11.2", "3.11.2", "3.11.1"),
        ("^3.10.1", "3.11.0", "3.10.0"),
        ("^0.2.3", "0.2.9", "0.3.0"),
        ("^0.0.3", "0.0.3", "0.0.4"),
        ("~3.11", "3.11.9", "3.12.0"),
        ("~3", "3.12.0", "4.0.0"),
        (">=3.10 <4", "3.99.0", "4.0.0"),
        (">3.10", "3.11.0", "3.10.5"),
        ("<=3.10", "3.10.5", "3.11.0"),
        ("1.x || >=3", "3.0.0", "2.0.0"),
        ("1.2.3 - 2.3", "2.3.9", "2.4.0"),
        ("nonsense", None, "1.0.0"),
        ("3.11.2junk", None, "3.11.2"),
    ],
)
def test_version_selectors(selector: str, yes: str | None, no: str | None) -> None:
    assert yes is None or satisfies(yes, selector)
    assert no is None or not satisfies(no, selector)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("g++ (Debian 12.2.0-14+deb12u1) 12.2.0", "12.2.0"),
        ("v20.11.1", "20.11.1"),
        ("go version go1.19.8 linux/amd64", "1.19.8"),
        ("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)", "5.2.15"),
        ("Lua 5.4", "5.4.0"),
        ("nothing", "0.0.0"),
    ],
)
def test_versions_are_read_off(said: str, version: str) -> None:
    assert version_of(said) == version
