"""The demo's trainings, as units: both mixtures, the careless teacher, the students."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

from ratchet.loop.demo.config import DemoConfig
from ratchet.loop.demo.domain import overlap, read_problems
from ratchet.loop.demo.teaching import read_entries
from ratchet.loop.selflearning import held_out_tenth
from ratchet.loop.units import Report
from ratchet.problems.micro import Specification
from ratchet.runs import derive
from ratchet.sandbox import LocalSandbox, Walls
from ratchet.synth import Entry, proven_programs, unverified_programs, verified_programs
from ratchet.train.config import TrainConfig

DIETS: dict[str, Callable[[list[Entry]], list[str]]] = {
    "unverified": unverified_programs,
    "verified": verified_programs,
    "proven": proven_programs,
}
"""What a student may be fed: the teacher's word, what passed at once, what passed at all."""


def train_mixture(
    place: Path, needs: Mapping[str, Any], report: Report, *, config: DemoConfig, seed: int, share: float
) -> dict[str, Any]:
    """Train from scratch on right programs, `share` of them interleaved and the rest as blocks."""
    from ratchet.corpus.micro import mixed_documents

    documents = mixed_documents(derive(seed, "corpus", f"{share:.2f}"), interleaved_share=share)
    return _from_scratch(place, needs, report, config, seed, documents)


def train_teacher(
    place: Path, needs: Mapping[str, Any], report: Report, *, config: DemoConfig, seed: int, walls: str
) -> dict[str, Any]:
    """Train from scratch on the careless hand's programs."""
    from ratchet.corpus.micro import careless_documents

    with LocalSandbox(slots=1, walls=Walls(walls)) as sandbox:
        documents = careless_documents(
            sandbox,
            derive(seed, "careless"),
            weak=needs["domain"]["weak"],
            error_rate=config.careless.error_rate,
            repair_share=config.careless.repair_share,
        )
        return _from_scratch(place, needs, report, config, seed, documents)


def train_student(
    place: Path,
    needs: Mapping[str, Any],
    report: Report,
    *,
    config: DemoConfig,
    seed: int,
    diet: str,
    equal_size: bool,
) -> dict[str, Any]:
    """Train `start`'s model onwards on programs from nine tenths of `lesson`'s problems.

    With `equal_size`, so many programs as passed at once, whatever the diet: the
    diets are compared, not their sizes.
    """
    entries = list(read_entries(needs["lesson.files"] / "entries.jsonl"))
    tenth = held_out_tenth([entry.problem_id for entry in entries])
    nine = [entry for entry, held in zip(entries, tenth, strict=True) if not held]
    programs = DIETS[diet](nine)
    size = min(len(programs), len(verified_programs(nine))) if equal_size else len(programs)
    chosen = Random(derive(seed, "diet", diet)).sample(programs, size)
    return _onwards(place, needs, report, config.student, seed, chosen)


def _from_scratch(
    place: Path,
    needs: Mapping[str, Any],
    report: Report,
    config: DemoConfig,
    seed: int,
    documents: Iterable[tuple[Specification, str]],
) -> dict[str, Any]:
    from ratchet.corpus.packing import pack
    from ratchet.corpus.tokenizer import load_tokenizer
    from ratchet.train.scratch import new_model

    train = config.base
    seen: list[Specification] = []

    def texts() -> Iterator[str]:
        for specification, text in documents:
            seen.append(specification)
            yield text

    report.begin(train.steps, "steps")
    report.info("writing the corpus")
    tokenizer = load_tokenizer(needs["domain.files"] / "tokenizer")
    packed = pack(texts(), tokenizer, row_length=train.row_length, max_rows=train.steps * train.rows_per_step)
    held_out = read_problems(needs["domain.files"] / "held-out.jsonl")
    shared = overlap(seen[: packed.documents], [p.specification for p in held_out])
    model = new_model(
        config.model,
        vocab_size=len(tokenizer),
        end_of_text=tokenizer.eos_token_id,
        seed=derive(seed, "weights"),
    )
    result = _fit(place, report, model, tokenizer, packed.rows, train)
    return result | {"documents": packed.documents, "overlap": shared}


def _onwards(
    place: Path,
    needs: Mapping[str, Any],
    report: Report,
    train: TrainConfig,
    seed: int,
    programs: list[str],
) -> dict[str, Any]:
    from ratchet.corpus.packing import pack, passes
    from ratchet.corpus.tokenizer import load_tokenizer
    from ratchet.train.scratch import load_model

    report.begin(train.steps, "steps")
    tokenizer = load_tokenizer(needs["domain.files"] / "tokenizer")
    result: dict[str, Any] = {"losses": []}
    model = load_model(needs["start.files"] / "model")
    if programs:
        packed = pack(
            passes(programs, seed=derive(seed, "order")),
            tokenizer,
            row_length=train.row_length,
            max_rows=train.steps * train.rows_per_step,
        )
        result = _fit(place, report, model, tokenizer, packed.rows, train)
    else:
        _save(place, model, tokenizer)
    return result | {"programs": len(programs)}


def _fit(
    place: Path, report: Report, model: Any, tokenizer: Any, rows: Any, train: TrainConfig
) -> dict[str, Any]:
    import numpy as np
    import torch

    from ratchet.corpus.packing import save_rows
    from ratchet.train.scratch import fit

    torch.set_num_threads(1)
    done = 0

    def on_step(step: int, loss: float) -> None:
        nonlocal done
        report.advance(step - done)
        report.info(f"loss {loss:.3f}")
        done = step

    result = fit(model, rows, train, on_step=on_step)
    _save(place, model, tokenizer)
    save_rows(rows, place / "rows.npy")
    return {
        "parameters": result.parameters,
        "tokens": result.tokens,
        "wall_s": result.wall_s,
        "losses": [list(point) for point in result.losses],
        "rows_sha256": hashlib.sha256(np.ascontiguousarray(rows).tobytes()).hexdigest(),
    }


def _save(place: Path, model: Any, tokenizer: Any) -> None:
    model.save_pretrained(str(place / "model"))
    tokenizer.save_pretrained(str(place / "model"))
