"""`ratchet compare` as its users meet it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.evaluation.building import sample, write_run

if TYPE_CHECKING:
    from tests.conftest import RunRatchet


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Two Runs: 18 of 20 problems solved, and 6 of them, under another time limit."""
    return [
        write_run(
            tmp_path / name,
            [sample(f"t/{i}", passed=i < solved) for i in range(20)],
            model=f"hf:{name}",
            config={"timeout": timeout},
        )
        for name, solved, timeout in (("good", 18, None), ("poor", 6, 9.0))
    ]


def test_the_sentence_the_table_and_the_settings(ratchet_cli: RunRatchet, runs: list[Path]) -> None:
    done = ratchet_cli("compare", *runs)
    assert done.returncode == 0, done.stderr
    assert (
        "toy: good is 60.0 points of pass@1 ahead of poor; the difference is more than noise" in done.stdout
    )
    assert "90.0 / 30.0" in done.stdout
    assert "timeout" in done.stdout


@pytest.mark.slow
def test_json_and_what_cannot_be_compared(ratchet_cli: RunRatchet, runs: list[Path], tmp_path: Path) -> None:
    said = json.loads(ratchet_cli("compare", *runs, "--json").stdout)
    (pairing,) = said["pairings"]
    assert pairing["mcnemar_p"] == pytest.approx(2 / 2**12)
    assert pairing["conclusion"] == "more than noise"
    assert said["models"] == ["hf:good", "hf:poor"]
    assert said["differing_settings"] == {"timeout": [None, 9.0]}
    one = ratchet_cli("compare", runs[0])
    assert (one.returncode, one.stdout) == (2, "")
    assert one.stderr == "ratchet: a comparison needs two Runs or more: name another one.\n"
    missing = ratchet_cli("compare", runs[0], tmp_path / "nowhere")
    assert missing.returncode == 2
    assert "no such directory" in missing.stderr
