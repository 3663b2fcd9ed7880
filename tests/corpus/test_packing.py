"""Packing accounts for every token."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.corpus.packing import load_rows, pack, passes, save_rows
from tests.local_models import tokenizer

pytest.importorskip("transformers", reason="the extra `local` is not installed")
pytestmark = pytest.mark.local

DOCUMENTS = st.lists(st.text("ab \n", max_size=30), min_size=1, max_size=12)


def stream_of(documents: list[str]) -> list[int]:
    return [token for text in documents for token in (0, *tokenizer()(text)["input_ids"])]


@given(DOCUMENTS, st.integers(1, 20))
def test_every_token_is_in_a_row_or_counted_as_dropped(documents: list[str], row_length: int) -> None:
    stream = stream_of(documents)
    if len(stream) < row_length:
        with pytest.raises(ValueError, match="do not fill a row"):
            pack(documents, tokenizer(), row_length=row_length)
        return
    packed = pack(iter(documents), tokenizer(), row_length=row_length)
    assert packed.rows.shape == (len(stream) // row_length, row_length)
    assert packed.rows.dtype == np.uint16
    assert packed.rows.flatten().tolist() == stream[: packed.rows.size]
    assert (packed.documents, packed.tokens) == (len(documents), len(stream))
    assert packed.dropped == len(stream) - packed.rows.size < row_length


@given(DOCUMENTS, st.integers(1, 20), st.integers(1, 4))
def test_no_more_rows_than_wanted(documents: list[str], row_length: int, max_rows: int) -> None:
    stream = stream_of(documents)
    if len(stream) < row_length:
        return
    packed = pack(documents, tokenizer(), row_length=row_length, max_rows=max_rows)
    assert packed.rows.shape == (min(max_rows, len(stream) // row_length), row_length)
    assert packed.rows.flatten().tolist() == stream[: packed.rows.size]
    assert packed.tokens == len(stream_of(documents[: packed.documents]))
    assert packed.dropped == packed.tokens - packed.rows.size
    # The last document that was counted was needed.
    assert len(stream_of(documents[: packed.documents - 1])) < max_rows * row_length


def test_one_long_document_fills_no_more_than_wanted() -> None:
    packed = pack(["ab " * 500], tokenizer(), row_length=10, max_rows=3)
    assert packed.rows.shape == (3, 10)
    assert packed.dropped == packed.tokens - 30 > 100


def test_an_endless_source_is_not_drawn_to_its_end() -> None:
    drawn = 0

    def endless() -> Iterator[str]:
        nonlocal drawn
        while True:
            drawn += 1
            yield "a b\n"

    packed = pack(endless(), tokenizer(), row_length=16, max_rows=4)
    assert packed.rows.shape == (4, 16)
    assert packed.documents <= drawn < 10_000


def test_no_documents() -> None:
    with pytest.raises(ValueError, match="0 tokens"):
        pack([], tokenizer(), row_length=4)


def test_a_vocabulary_that_does_not_fit_into_16_bits() -> None:
    large = deepcopy(tokenizer())
    large.add_tokens([f"<{i}>" for i in range(1 << 16)])
    with pytest.raises(ValueError, match="16-bit"):
        pack(["a"], large, row_length=1)


def test_rows_are_kept_in_a_file_and_mapped(tmp_path: Path) -> None:
    rows = np.arange(60, dtype=np.uint16).reshape(6, 10)
    save_rows(rows, tmp_path / "rows.npy")
    mapped = load_rows(tmp_path / "rows.npy")
    assert isinstance(mapped, np.memmap)
    assert np.array_equal(mapped, rows)
    assert mapped.dtype == np.uint16


@given(st.integers(1, 20), st.integers(1, 100), st.integers(0, 9))
def test_passes_take_every_document_equally_often(size: int, count: int, seed: int) -> None:
    documents = [str(i) for i in range(size)]
    taken = list(islice(passes(documents, seed=seed), count))
    for start in range(0, count - size + 1, size):
        assert sorted(taken[start : start + size]) == sorted(documents)
    assert len(set(taken[count - count % size :])) == count % size
    assert taken == list(islice(passes(documents, seed=seed), count))


def test_every_pass_is_in_a_new_order() -> None:
    documents = [str(i) for i in range(40)]
    taken = list(islice(passes(documents, seed=0), 120))
    assert len({tuple(taken[start : start + 40]) for start in (0, 40, 80)}) == 3
    assert list(islice(passes(documents, seed=1), 40)) != taken[:40]


def test_there_is_nothing_to_pass_over_without_documents() -> None:
    with pytest.raises(ValueError, match="no documents"):
        next(passes([], seed=0))
