"""The demo's page: what each claim means, what was found, how many seeds and problems stand behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ratchet.loop.demo import tables
from ratchet.loop.demo.findings import Findings, difference, interval
from ratchet.loop.demo.graph import MIXTURES, STUDENTS, unit_name
from ratchet.loop.demo.teaching import read_entries
from ratchet.report import (
    Block,
    KeyValues,
    Page,
    Prose,
    SampleGroup,
    SampleView,
    Section,
    Stat,
    Stats,
    Transcript,
)
from ratchet.runs import Run
from ratchet.synth import Ending

SMOKE_BANNER = "Smoke run: everything is so small that these numbers mean nothing."

SHOWN = 40
"""Programs shown per group; all of them are in the Run."""


def demo_page(findings: Findings, run: Run) -> Page:
    """The whole page, from the findings and the Run's files."""
    seeds = len(findings.seeds)
    problems = findings.results[findings.seeds[0]]["domain"]["problems"]["held-out"]
    sections = [
        _summary(findings),
        _turns(findings, run),
        _students(findings, run),
        _proof(findings),
        *([Section("Seed by seed", [tables.seeds_table(findings)])] if seeds > 1 else []),
        _how(findings, run),
    ]
    return Page(
        title="Ratchet: the loop, small but whole",
        subtitle=f"{problems} held-out problems, {_count(seeds, 'training seed')}, one machine, from nothing",
        banner=SMOKE_BANNER if findings.config.smoke else "",
        sections=sections,
        meta=[("Run", str(run.path)), ("seeds", ", ".join(map(str, findings.seeds))), ("made", run.created)],
    )


def _summary(findings: Findings) -> Section:
    multi, single = (findings.mixture("mix50", mode, "passed") for mode in ("multi-turn", "single-turn"))
    student, teacher = findings.model("repaired"), findings.model("teacher")
    stats = [
        _stat("multi-turn passed", multi, "50% interleaved corpus"),
        _stat("single-turn passed", single, "the same problems, words and model"),
        _stat("teacher passed", teacher, "multi-turn"),
        _stat("student passed", student, "on what was proven"),
    ]
    turns, lesson = difference(multi, single), difference(student, teacher)
    assert turns is not None
    assert lesson is not None
    lead = (
        f"Asked turn by turn, the same model solves {_more(turns.mean)} problems than asked at once; a "
        f"student of proven programs solves {_more(lesson.mean)} than its teacher."
    )
    words = Prose(
        [
            "A micro-domain of Python was made up, its tests executed in a jail, and small "
            "Llama-architecture models were trained on it from random weights. Two published claims "
            "were put to the test on problems whose chain of operations occurs nowhere in training. The "
            "models are tiny and the domain is a toy: what is shown is that the loop is whole and its "
            "measurements honest, not how large either effect is elsewhere.",
        ]
    )
    return Section("What was found", [Stats(stats, caption=_covering(findings)), words], lead)


def _turns(findings: Findings, run: Run) -> Section:
    gaps = []
    for name, share in MIXTURES.items():
        pair = [findings.mixture(name, mode, "passed") for mode in ("multi-turn", "single-turn")]
        gap = difference(pair[0], pair[1])
        assert gap is not None
        gaps.append(f"{100 * gap.mean:.0f} points with {share:.0%} interleaved")
    words = Prose(
        [
            "**The claim** (CodeGen, section 4): a request factored into turns is easier than the same "
            "text in one turn, for the same model, and its prompt has the lower perplexity.",
            "**The control**: a model does better in the form that it saw more of. So one corpus holds "
            "both forms half and half, and a second one 70 to 30; if only the second showed a gap, the "
            "corpus would be the reason. Both forms use the same sentences; the block form puts them "
            "above the function, so in it the kind of the argument comes after the request, in the "
            "other before it. Perplexity counts the sentences only.",
            "**A likely reason**, which is not tested here: in one turn the model must keep track of which "
            "of several sentences is due; turn by turn the one that is due stands right above.",
        ]
    )
    blocks: list[Block] = [
        words,
        tables.turns_figure(findings, "passed"),
        tables.turns_figure(findings, "perplexity"),
        tables.turns_table(findings),
        tables.perplexity_table(findings),
    ]
    seed = findings.seeds[0]
    path = run.artefact(unit_name(seed, "eval-mix50")) / "samples.jsonl"
    for mode in ("multi-turn", "single-turn"):
        views = [_view(row) for row in _rows(path) if row["label"] == mode]
        blocks.append(_group(f"Programs, {mode}, seed {seed}", views))
    return Section("CodeGen's claim: several turns beat one", blocks, f"The gap is {' and '.join(gaps)}.")


def _students(findings: Findings, run: Run) -> Section:
    seed = findings.seeds[0]
    careless = findings.config.careless
    words = Prose(
        [
            "**The claim** (AutoCoder's AIEV-Instruct): programs that were executed and passed their "
            "tests make a better student than the teacher's word, failed programs can be repaired by "
            "showing the error, and a student that beats its teacher can take over.",
            f"**The teacher** learnt from a corpus in which {careless.weak_operations} of the confusable "
            f"operations have their look-alike's code {careless.error_rate:.0%} of the time. It writes "
            "programs for new problems, they run against the problems' tests in the jail, and a failure "
            "goes back with its error. Students go on from the teacher's weights: on whatever the "
            "teacher wrote, on what passed at once, and on what passed at once or after repair; equally "
            "many programs each.",
            "**The second round**: the student of proven programs and the teacher answer a tenth of the "
            "round's problems that nobody trained on; the strictly better one writes for new problems, "
            "and the student goes on from its own weights with all that was proven there.",
            "**What is not shown**: the tests come with the problems. A model of this size cannot write "
            "correct unit tests itself (in a trial 1.7% of its tests were right), so the part of "
            "AIEV-Instruct in which the model writes the tests is not here.",
        ]
    )
    blocks: list[Block] = [
        words,
        tables.students_figure(findings),
        tables.students_table(findings),
        tables.lessons_table(findings),
        tables.decisions_table(findings),
        _transcripts(run, seed),
    ]
    for name in ("teacher", *STUDENTS):
        path = run.artefact(unit_name(seed, f"eval-{name}")) / "samples.jsonl"
        blocks.append(
            _group(f"Programs of the {tables.MODEL_NAMES[name]}, seed {seed}", map(_view, _rows(path)))
        )
    found = interval(findings.model("verified"))
    plain = interval(findings.model("unverified"))
    assert found is not None
    assert plain is not None
    lead = f"On verified programs the student passes {found.mean:.1%}, on unverified ones {plain.mean:.1%}."
    return Section("AutoCoder's claim: proven beats believed", blocks, lead)


def _proof(findings: Findings) -> Section:
    return Section(
        "Nothing held out was trained on",
        [tables.disjoint_table(findings)],
        "Sides are decided by the chain of operations, and what was really drawn was compared.",
    )


def _how(findings: Findings, run: Run) -> Section:
    config = findings.config
    seed = findings.seeds[0]
    first = findings.results[seed]["mix50"]
    weak = [f"seed {s}: {', '.join(r['weak'])}" for s, r in findings.of("domain")]
    shape, base = config.model, config.base
    architecture = f"Llama architecture, {first['parameters']:,} parameters"
    items = [
        ("model", f"{architecture}, {shape.layers} layers, width {shape.hidden}"),
        ("tokenizer", f"byte-level BPE, {findings.results[seed]['domain']['vocabulary']} entries"),
        ("from scratch", f"{base.steps:,} steps of {base.rows_per_step * base.row_length} tokens"),
        ("optimiser", f"AdamW, rate {base.lr:g} from scratch and {config.student.lr:g} onwards, one thread"),
        ("students", f"{config.student.steps:,} steps onwards from the teacher's weights"),
        ("weak operations", "; ".join(weak)),
        ("tests executed", f"{sum(r['cases'] for _, r in findings.of('domain')):,} expected values"),
    ]
    speeds = [
        (f"{name}, seed {s}", f"{r['tokens'] / r['wall_s']:,.0f} tokens/s")
        for name in ("teacher", *MIXTURES)
        for s, r in findings.of(name)
    ]
    environment = json.loads((run.path / "environment.json").read_text(encoding="utf-8"))
    blocks: list[Block] = [
        tables.losses_figure(findings),
        KeyValues("Settings", items),
        KeyValues("Training speed", speeds),
        KeyValues("Environment", [(key, str(value)) for key, value in _flat(environment)]),
        Prose(
            [
                "The Run holds the configuration, the journal, every checkpoint in Hugging Face format, "
                "and every program with its verdict; `ratchet demo --resume RUN` rewrites this page "
                "from it."
            ]
        ),
    ]
    return Section("How it was made", blocks)


def _transcripts(run: Run, seed: int) -> SampleGroup:
    path = run.artefact(unit_name(seed, "lesson-1")) / "entries.jsonl"
    shown: list[Transcript] = []
    for ending in (Ending.REPAIRED, Ending.DISCARDED):
        entries = (entry for entry in read_entries(path) if entry.ending is ending)
        for entry in islice(entries, SHOWN // 2):
            views = [
                SampleView(f"program {i}", program, str(verdict.status), detail=verdict.detail)
                for i, (program, verdict) in enumerate(
                    zip(entry.programs, entry.verdicts, strict=True), start=1
                )
            ]
            shown.append(
                Transcript(f"{entry.problem_id}, conversation {entry.attempt + 1}", views, label=str(ending))
            )
    return SampleGroup(
        f"Conversations of round 1, seed {seed}",
        shown,
        "A failed program, the evidence of its verdict as it was shown to the teacher, and what it "
        "wrote then.",
    )


def _group(title: str, views: Any) -> SampleGroup:
    return SampleGroup(
        title, _variety(list(views)), f"At most {SHOWN} programs, failures first; the Run has all."
    )


def _variety(views: list[SampleView]) -> list[SampleView]:
    """Up to `SHOWN` samples, at most half of them failures, in their own order."""
    failed = [view for view in views if view.verdict != "passed"][: SHOWN // 2]
    return failed + [view for view in views if view.verdict == "passed"][: SHOWN - len(failed)]


def _view(row: dict[str, Any]) -> SampleView:
    return SampleView(
        row["problem_id"], row["program"], row["status"], detail=row["detail"], label=row["label"]
    )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _stat(label: str, values: list[list[float]], note: str) -> Stat:
    found = interval(values)
    assert found is not None
    return Stat(label, f"{found.mean:.1%}", f"[{100 * found.low:.1f}, {100 * found.high:.1f}] {note}")


def _covering(findings: Findings) -> str:
    return f"Brackets: 95% intervals over {findings.covers}."


def _more(mean: float) -> str:
    return f"{abs(100 * mean):.0f} points {'more' if mean >= 0 else 'fewer'}"


def _flat(data: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key} ")
        else:
            yield f"{prefix}{key}", value


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
