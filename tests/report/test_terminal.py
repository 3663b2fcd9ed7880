"""Tables in a terminal: every number whole at any width, tables grouped, captions wrapped."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len

from ratchet.report import Cell, Page, Table, print_tables


def _printed(page: Page, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    file = io.StringIO()
    print_tables(page, file)
    return file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_number_is_cut_at_any_width(page: Page, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = _printed(page, width, monkeypatch)
    assert text.count("123,456.7") == 27
    assert text.count("91.2%") == 3
    assert text.count("[88.5, 94.0]") == 3
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "95% intervals" in re.sub(r"\s+", " ", text)
    assert "these numbers mean nothing" in re.sub(r"\s+", " ", text)


def test_a_row_that_does_not_fit_its_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="2 columns"):
        Table("t", ("a", "b"), [["1"]])


def test_numbers_are_set_flush_right_and_words_left() -> None:
    table = Table("t", ("name", "n"), [["x", "1"], ["y", Cell("1,000", "[1, 2]")], ["z", "–"]])
    assert table.numeric_columns() == [False, True]
