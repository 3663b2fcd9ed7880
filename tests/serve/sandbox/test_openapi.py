"""The API is as its description says: asked at random by schemathesis."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.serve.sandbox.serving import Served

GETS = ["/list_datasets", "/v1/ping", "/api/v2/runtimes", "/health", "/metrics", "/openapi.json"]
POSTS = ["/run_code", "/submit", "/api/v2/execute", "/verdict", "/sandbox"]
CASES = {"test": [{"input": {"stdin": ""}, "output": {"stdout": ""}}]}


def deeper(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A body with those fields set that a random one has no chance to hit, and short times."""
    more: dict[str, Any] = {}
    if path == "/run_code":
        more = {"run_timeout": 1}
    elif path == "/api/v2/execute":
        more = {"language": "bash", "version": "*", "run_timeout": 1000, "run_cpu_time": None}
    elif path == "/verdict":
        problem = {"entry_point": "f", "cases": [{"args": [], "expected": 1}]}
        more = {"problem": problem, "benchmark": None, "completion": "", "completions": None}
    elif path == "/submit":
        config = {"dataset_type": "CommonOJDataset", "provided_data": CASES, "run_timeout": 1}
        more = {"config": {**body["config"], **config, "custom_extract_logic": None}}
    elif path == "/sandbox":
        limits = {"wall_s": 1.0, "cpu_s": None, "memory_bytes": 64 << 20, "open_files": 64}
        program = body.get("program", {}) | {"language": "python", "files": [], "packages": []}
        return {"do": "run", "program": {"source": "1", **program}, "limits": limits}
    return {**body, **more}


def test_every_path_is_described(served: Served) -> None:
    found = served.http.get("/openapi.json").json()
    assert found["openapi"] == "3.1.0"
    assert found["paths"].keys() == {*GETS, *POSTS}
    for path, operations in found["paths"].items():
        for method in operations:
            other = "GET" if method == "post" else "POST"
            assert served.http.request(other, path).status_code == 405


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        # schemathesis does not ask for the description itself
        *((path, "positive") for path in GETS if path != "/openapi.json"),
        *((path, kind) for path in POSTS for kind in ("positive", "negative", "deeper")),
    ],
)
def test_answers_are_as_described(served: Served, path: str, kind: str) -> None:
    schemathesis = pytest.importorskip(
        "schemathesis", reason="schemathesis is missing: pip install -e '.[dev]'"
    )
    from hypothesis import HealthCheck, given, settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        negative_data_rejection,
        response_schema_conformance,
        status_code_conformance,
    )

    schema = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    [operation] = [found.ok() for found in schema.get_all_operations() if found.ok().path == path]
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
        *([negative_data_rejection] if kind == "negative" else []),
    ]
    mode = GenerationMode.NEGATIVE if kind == "negative" else GenerationMode.POSITIVE
    statuses: Counter[int] = Counter()

    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if kind == "deeper":
            case.body = deeper(path, case.body)
        statuses[case.call_and_validate(checks=checks, timeout=60).status_code] += 1

    ask()
    print(path, kind, dict(statuses))
    assert kind != "deeper" or statuses[200]
