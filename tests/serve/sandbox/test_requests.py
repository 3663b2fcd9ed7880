"""Bodies that are not what they should be, for every path: refused with a sentence, and never a 500."""

from __future__ import annotations

import json

import pytest

from ratchet.serve.sandbox.schema import Invalid, check, fields, parse, text
from tests.serve.sandbox.serving import Served

PATHS = ["/run_code", "/submit", "/api/v2/execute", "/verdict", "/sandbox"]
NO_OBJECTS = [
    b"",
    b"{",
    b"nonsense",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'"text"',
    b"{}",
    b'{"code": NaN}',
    b'{"a": 1}' * 2,
    b"[" * 100_000,
    b'{"code":' + b"9" * 10_000 + b"}",
]


def sentence(path: str, body: bytes) -> str:
    """The sentence in an answer's body."""
    found = json.loads(body)
    if path.startswith("/api"):
        return str(found["message"])
    return str(found["detail"][0]["msg"] if "detail" in found else found["error"]["message"])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", NO_OBJECTS, ids=lambda body: repr(body[:12]))
def test_no_request(served: Served, path: str, body: bytes) -> None:
    answer = served.http.post(path, content=body)
    assert answer.status_code == (400 if path.startswith("/api") else 422), answer.text
    assert sentence(path, answer.content).endswith(".")


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "😀" * 1000, "\r\n\r\n", "\x1b[31m"])
def test_strange_texts_everywhere(served: Served, text: str) -> None:
    bodies = {
        "/run_code": {
            "code": text,
            "language": "python",
            "stdin": text,
            "files": {text: "YQ=="},
            "fetch_files": [text],
            "args": [text],
        },
        "/api/v2/execute": {
            "language": "python",
            "version": "*",
            "files": [{"content": text}, {"name": text, "content": text}],
            "stdin": text,
            "args": [text],
        },
        "/verdict": {"problem": {"entry_point": text, "test": text, "prompt": text}, "completion": text},
        "/submit": {
            "dataset": text,
            "id": text,
            "completion": text,
            "config": {
                "dataset_type": "CommonOJDataset",
                "provided_data": {"test": [{"input": {"stdin": text}, "output": {"stdout": text}}]},
            },
        },
        "/sandbox": {"do": "call", "program": {"source": text}, "entry_point": text, "calls": []},
    }
    for path, body in bodies.items():
        answer = served.post(path, **body)
        assert answer.status_code in (200, 400, 422), (path, answer.text)
        assert isinstance(answer.json(), dict)
    for unknown in ({"language": text}, {"language": text, "version": text}):
        answer = served.post("/run_code", code="1", **unknown)
        assert answer.status_code == 422


def test_paths_and_methods(served: Served) -> None:
    assert served.http.get("/nothing").status_code == 404
    assert served.http.get("/nothing").json()["error"]["kind"] == "input"
    assert served.http.get("/api/v2/nothing").json() == {"message": "GET /api/v2/nothing: Not Found."}
    for path in PATHS:
        answer = served.http.get(path)
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"
    assert served.http.post("/health").status_code == 405
    assert served.http.get("/v1/ping").json() == "pong"
    assert served.http.get("/list_datasets").json()[0] == "CommonOJDataset"


def test_health(served: Served) -> None:
    found = served.http.get("/health").json()
    assert found == {**found, "status": "ok", "slots": 2, "queue": 64, "waiting": 0, "running": 0}


@pytest.mark.parametrize(
    ("value", "schema", "said"),
    [
        ({}, fields({"a": text("")}, {}, strict=True, about=""), "a: it is missing."),
        ({"b": 1}, fields({}, {}, strict=True, about=""), "b: there is no such field here: leave it out."),
        (True, {"type": "integer"}, "the body: it is not of type integer."),
        (1.5, {"type": "integer"}, "the body: it is not of type integer."),
        (float("inf"), {"type": "number"}, "the body: it is too large a number."),
        ("", text("", minLength=1), "the body: it is empty."),
        ([1, "a"], {"type": "array", "items": {"type": "integer"}}, "1: it is not of type integer."),
        (4, {"type": "integer", "maximum": 3}, "the body: it is more than 3."),
        ({"a": {"b": 1}}, {"type": "object", "additionalProperties": {"type": "string"}}, "a: it is not of"),
    ],
)
def test_what_a_schema_refuses(value: object, schema: dict[str, object], said: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(value, schema)
    assert caught.value.sentence.startswith(said)


def test_what_a_schema_fills_in() -> None:
    schema = fields(
        {}, {"a": {"type": "integer", "default": 3}, "b": {"type": "integer"}}, strict=False, about=""
    )
    assert check({"b": 4.0, "c": None}, schema) == {"a": 3, "b": 4, "c": None}
    with pytest.raises(Invalid, match="it is not JSON"):
        parse(b'{"a": Infinity}')
