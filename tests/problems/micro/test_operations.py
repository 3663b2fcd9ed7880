"""Every operation does what its twin does not, and asks for it in words of its own."""

from __future__ import annotations

from random import Random

import pytest

from ratchet.problems.micro import CONFUSABLE, OPERATIONS, Kind, Operation, draw_inputs, execute
from ratchet.sandbox import LocalSandbox

TYPES = {Kind.LIST: list, Kind.TEXT: str, Kind.NUMBER: int, Kind.TABLE: dict}


def alone(operation: Operation, *, confused: bool = False) -> str:
    line = operation.line(confused=confused)
    return f"def f({operation.takes}):\n    {line}\n    return {operation.gives}\n"


def test_every_operation_and_its_twin_run_and_differ(sandbox: LocalSandbox) -> None:
    jobs = [
        ([alone(op), alone(op, confused=True)], draw_inputs(Random(op.name), op.takes, 40))
        for op in OPERATIONS.values()
    ]
    for operation, (right, twin) in zip(OPERATIONS.values(), execute(sandbox, jobs), strict=True):
        assert all(ok for ok, _ in (*right, *twin)), operation.name
        assert {type(value) for _, value in (*right, *twin)} == {TYPES[operation.gives]}, operation.name
        assert (right != twin) == (operation.confused is not None), operation.name


def test_the_confusable_ones_are_those_with_a_twin() -> None:
    assert set(CONFUSABLE) == {name for name, op in OPERATIONS.items() if op.confused is not None}
    assert len(CONFUSABLE) >= 15


def test_no_sentence_asks_for_two_things() -> None:
    sentences = [wording for op in OPERATIONS.values() for wording in op.wordings]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_taken_and_given(kind: Kind) -> None:
    assert [op for op in OPERATIONS.values() if op.takes is kind]
    assert [op for op in OPERATIONS.values() if op.gives is kind and op.takes is not kind]


def test_an_operation_without_a_twin_is_never_confused() -> None:
    operation = OPERATIONS["double_each"]
    assert operation.line(confused=True) == operation.line() == "xs = [x * 2 for x in xs]"
