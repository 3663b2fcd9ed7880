"""The demo's problems and tokenizer: made once per seed, read by every unit after that."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from ratchet.errors import RatchetError
from ratchet.loop.demo.config import DemoConfig
from ratchet.loop.units import Report
from ratchet.problems.micro import CONFUSABLE, INPUTS, MicroProblem, Specification, make_problems
from ratchet.runs import derive
from ratchet.sandbox import LocalSandbox, Walls

LESSONS = 2
"""Rounds of teaching, each on new problems."""

_TOKENIZER_DOCUMENTS = 3000


def make_domain(
    place: Path, needs: Mapping[str, Any], report: Report, *, config: DemoConfig, seed: int, walls: str
) -> dict[str, Any]:
    """Draw and execute all problems of one seed, and train the tokenizer."""
    from ratchet.corpus.micro import mixed_documents
    from ratchet.corpus.tokenizer import train_tokenizer

    held_out = dict.fromkeys((2, 3, 4, 5), config.problems.held_out_per_length)
    lesson = dict.fromkeys((2, 3, 4), config.problems.lesson_per_length)
    lesson[1] = config.problems.lesson_per_length // 10
    report.begin(sum(held_out.values()) + LESSONS * sum(lesson.values()), "problems")
    made: dict[str, list[MicroProblem]] = {}
    with LocalSandbox(slots=1, walls=Walls(walls)) as sandbox:
        for name, counts in [("held-out", held_out), *((f"lesson-{i}", lesson) for i in _rounds())]:
            try:
                made[name] = make_problems(
                    sandbox,
                    seed=derive(seed, "problems", name),
                    name=name,
                    counts=counts,
                    held_out=name == "held-out",
                    on_done=report.advance,
                )
            except ValueError as error:
                setting = "held_out" if name == "held-out" else "lesson"
                raise RatchetError(f"{error}: lower problems.{setting}_per_length.") from error
            write_problems(place / f"{name}.jsonl", made[name])
    documents = mixed_documents(derive(seed, "tokenizer"), interleaved_share=0.5)
    texts = [text for _, text in islice(documents, _TOKENIZER_DOCUMENTS)]
    tokenizer = train_tokenizer(texts, vocab_size=config.vocab_size)
    tokenizer.save_pretrained(str(place / "tokenizer"))
    weak = sorted(Random(derive(seed, "weak")).sample(CONFUSABLE, config.careless.weak_operations))
    return {
        "problems": {name: len(problems) for name, problems in made.items()},
        "cases": INPUTS * sum(map(len, made.values())),
        "weak": weak,
        "vocabulary": len(tokenizer),
        "lesson_overlap": overlap(
            (p.specification for i in _rounds() for p in made[f"lesson-{i}"]),
            [p.specification for p in made["held-out"]],
        ),
    }


def overlap(training: Iterable[Specification], held_out: Sequence[Specification]) -> dict[str, int]:
    """How far two sets of specifications overlap: in chains of operations, and in program texts.

    `compared` counts the training side. Both overlaps are 0 by construction
    (`is_held_out`); this looks at what was really drawn.
    """
    signatures = {s.signature for s in held_out}
    programs = {s.program(interleaved=True) for s in held_out}
    compared = same_signature = same_program = 0
    for specification in training:
        compared += 1
        same_signature += int(specification.signature in signatures)
        same_program += int(specification.program(interleaved=True) in programs)
    return {"compared": compared, "signatures": same_signature, "programs": same_program}


def write_problems(path: Path, problems: Sequence[MicroProblem]) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(p.as_dict()) + "\n" for p in problems), encoding="utf-8")


def read_problems(path: Path) -> list[MicroProblem]:
    """The problems that `write_problems` wrote."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [MicroProblem.from_dict(json.loads(line)) for line in lines]


def _rounds() -> range:
    return range(1, LESSONS + 1)
