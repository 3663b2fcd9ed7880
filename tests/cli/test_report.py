"""`ratchet report` as its users meet it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.evaluation.building import sample, write_run

if TYPE_CHECKING:
    from tests.conftest import RunRatchet


@pytest.mark.slow
def test_one_file_is_written_and_named(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    write_run(tmp_path / "mine", [sample("t/0"), sample("t/1", passed=False)])
    done = ratchet_cli("report", "mine", "-o", "pages/mine.html", "--title", "My <model>")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("pages/mine.html (")
    text = (tmp_path / "pages" / "mine.html").read_text(encoding="utf-8")
    assert "<title>My &lt;model&gt;</title>" in text
    assert "50.0%" in text
    missing = ratchet_cli("report", "nowhere")
    assert missing.returncode == 2
    assert missing.stderr == "ratchet: there is no Run at nowhere: no such directory.\n"
