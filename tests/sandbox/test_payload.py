"""What the supervisor packs for a program is what the program's process unpacks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.sandbox import LocalSandbox, Program
from ratchet.sandbox.inside import payload

TEXTS = st.text(st.characters(codec=None)) | st.sampled_from(
    ["", "\n", "1 2 3\n", "é", "\ud800", "0 0 0 0\n"]
)
FILES = st.dictionaries(st.text(min_size=1), st.binary(), max_size=3)
PAYLOADS = st.builds(
    payload.Payload,
    source=TEXTS,
    entry_point=TEXTS,
    in_place=st.booleans(),
    handles=st.booleans(),
    on_disk=st.just(False),
    test=TEXTS,
    compiled=st.binary(),
    files=FILES,
    arguments=st.lists(TEXTS).map(tuple),
)


@given(PAYLOADS)
def test_all_of_it_comes_back(given: payload.Payload) -> None:
    assert payload.unpack(payload.pack(given))._replace(on_disk=False) == given


@pytest.mark.parametrize(
    ("source", "on_disk"),
    [
        ("def f(): return 1", False),
        ("import numpy\ndef f(): return 1", False),
        ("import multiprocessing\ndef f(): return 1", True),
        ("import subprocess", True),
        ("print(__file__)", True),
        ("import program", True),
    ],
)
def test_a_text_lies_on_disk_if_somebody_may_look(source: str, on_disk: bool) -> None:
    assert payload.unpack(payload.pack(payload.Payload(source, "f"))).on_disk is on_disk


@pytest.mark.parametrize("name", ["f", "Größe", "漢字"])
def test_names_and_texts_of_any_alphabet_arrive(sandbox: LocalSandbox, name: str) -> None:
    source = f"def {name}(x): return x + '🙂\\u0000\\ud800'"
    called = sandbox.call(Program(source), name, [("é",)])
    assert [result.value for result in called.results] == ["é🙂\0\ud800"], called
    assert sandbox.examine(Program(source), name, Program(f"assert {name}('') == '🙂\\0\\ud800'")).passed
