"""`ratchet contamination` as its users meet it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import RunRatchet

PROBLEM = {
    "task_id": "t/0",
    "prompt": "def halves(numbers, least):\n"
    "    # Of the even numbers give back the halves, in their order, but none of those smaller than least.\n",
    "entry_point": "halves",
    "canonical_solution": "    kept = []\n    for number in numbers:\n"
    "        if number % 2 == 0 and number >= least:\n"
    "            kept.append(number // 2)\n    return kept\n",
    "test": "def check(candidate):\n    assert candidate([2, 4], 3) == [2]\n",
}


@pytest.mark.slow
def test_a_sentence_a_table_and_json(ratchet_cli: RunRatchet, tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(json.dumps(PROBLEM))
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.py").write_text("x = 1\n")
    clean = ratchet_cli("contamination", "p.jsonl", "--corpus", "corpus", "--quiet")
    assert (clean.returncode, clean.stderr) == (0, "")
    assert "p: nothing of it was found in the corpus (problems: 1, documents: 1)." in clean.stdout
    (tmp_path / "corpus" / "b.py").write_text(f"\n\n{PROBLEM['prompt']}{PROBLEM['canonical_solution']}")
    done = ratchet_cli("contamination", "p.jsonl", "--corpus", "corpus", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (report,) = json.loads(done.stdout)
    assert (report["similar"], report["overlapping"]) == (["t/0"], ["t/0"])
    assert report["findings"][0]["matches"][0]["path"] == "corpus/b.py"
    shown = ratchet_cli("contamination", "p.jsonl", "--corpus", "corpus")
    assert "corpus/b.py:3" in shown.stdout
    assert report["sentence"] in shown.stdout
    wrong = ratchet_cli("contamination", "p.jsonl", "--corpus", "gone", "--quiet")
    assert (wrong.returncode, wrong.stderr) == (2, "ratchet: there is no file or folder gone.\n")
