"""Parsing in several threads at once."""

from __future__ import annotations

import ast
import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ratchet.problems.parsing import parse

TEXT = "[" + ", ".join(f"[[{i}, -{i}, [{i}, '{i}']]]" for i in range(400)) + "]"


class Cycle:
    """Garbage whose end lets another thread go on, wherever it is collected."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        time.sleep(0.0002)


@pytest.fixture
def eager() -> Iterator[None]:
    """Garbage is collected often, and so in the middle of parsing."""
    before = gc.get_threshold()
    gc.set_threshold(200)
    yield
    gc.set_threshold(*before)


def parsed(_: int) -> str:
    for _ in range(20):
        Cycle()
    return ast.dump(parse(TEXT, "eval"))


@pytest.mark.usefixtures("eager")
def test_several_threads_may_parse_at_once() -> None:
    """`ast.parse` alone raises SystemError here on Python 3.11, for many of these calls."""
    with ThreadPoolExecutor(4) as threads:
        trees = set(threads.map(parsed, range(60)))
    assert trees == {ast.dump(ast.parse(TEXT, mode="eval"))}
