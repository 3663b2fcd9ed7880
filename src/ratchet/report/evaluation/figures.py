"""The sections of the page that hold figures: leaderboard, curves, failures, cost, what must be known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import fsum, isfinite
from typing import Any

from ratchet.evaluation.compare import Comparison
from ratchet.evaluation.records import Evaluation
from ratchet.judge.results import DEFAULT_K
from ratchet.report.blocks import Block, Cell, KeyValues, Prose, Section, Table, Tone
from ratchet.report.estimates import Estimate, number
from ratchet.report.evaluation.differences import comparison_tables, temperature_text
from ratchet.report.evaluation.drawings import group_name, kinds_of_failure, outcome_bars, pass_at_k_plot
from ratchet.report.evaluation.groups import Group, results_of

_SENTENCES = 6
"""Pairs of Runs up to which each has its sentence; of more the table says it."""
_LIST_UP_TO = 40
"""Problems that are named one by one; more are counted."""


def figure_sections(
    runs: Sequence[Evaluation], names: Sequence[str], found: Sequence[Group], comparison: Comparison | None
) -> list[Section]:
    """Everything above the samples themselves."""
    sections = [
        Section("Leaderboard", [*leaderboard(found), *_best(runs, names), *_more(found)], _lead(found))
    ]
    if not found:
        return [*sections, Section("What to know", _to_know(runs, names))]
    if comparison is not None:
        sections.append(_differences(comparison))
    by_benchmark: dict[str, list[Group]] = {}
    for group in found:
        by_benchmark.setdefault(group.benchmark, []).append(group)
    curves = [
        pass_at_k_plot(benchmark, drawn)
        for benchmark, shown in by_benchmark.items()
        if (drawn := [group for group in shown if group.fewest > 1])
    ]
    if curves:
        sections.append(Section("More samples", curves, "What more samples of each problem bring."))
    kinds = kinds_of_failure(found)
    bars = [outcome_bars(benchmark, shown, kinds) for benchmark, shown in by_benchmark.items()]
    sections.append(Section("Failures", bars, "How samples ended, and what went wrong with them."))
    sections.append(Section("Cost", _cost(runs, names, found)))
    return [*sections, Section("What to know", _to_know(runs, names))]


def leaderboard(found: Sequence[Group]) -> list[Table]:
    """Of each benchmark its models, the best first; before that, of several benchmarks, all at once."""
    benchmarks = list(dict.fromkeys(group.benchmark for group in found))
    tables = [
        _leaders(name, [group for group in found if group.benchmark == name], place == len(benchmarks))
        for place, name in enumerate(benchmarks, 1)
    ]
    if len(benchmarks) < 2:
        return tables
    at = {(group.run, group.temperature, group.benchmark): group for group in found}
    rows: list[list[str | Cell]] = []
    for run, temperature in dict.fromkeys((group.run, group.temperature) for group in found):
        places = [at.get((run, temperature, name)) for name in benchmarks]
        model = next(group.model for group in places if group)
        cells = [_percent(group.pass_at(1)) if group else Cell("–") for group in places]
        rows.append([model, temperature_text(temperature), *cells])
    caption = "In brackets: 95 % bootstrap intervals over problems. T: temperature."
    return [Table("pass@1 on every benchmark", ["model", "T", *benchmarks], rows, caption), *tables]


def _leaders(benchmark: str, shown: Sequence[Group], explained: bool) -> Table:
    ks = [k for k in DEFAULT_K if any(group.fewest >= k for group in shown)]
    sound = any(group.broken for group in shown)
    base = any(group.told.get("base_pass_at") for group in shown)
    columns = ["model", "T", "samples", *(f"pass@{k}" for k in ks)]
    columns += ["without broken"] * sound + ["original inputs"] * base
    columns += ["problems", "rules", "tests apart"]
    rows: list[list[str | Cell]] = []
    for group in sorted(shown, key=lambda group: -group.pass_at(1).value):
        size = f"{group.fewest}" if group.fewest == group.most else f"{group.fewest}–{group.most}"
        apart = sum(sample.oracle == "split" for sample in group.samples) / len(group.samples)
        row: list[str | Cell] = [group.model, temperature_text(group.temperature), size]
        row += [_percent(group.pass_at(k)) if group.fewest >= k else Cell("–") for k in ks]
        if sound:
            row.append(_percent(group.pass_at(1, sound=True)) if group.broken else Cell("–"))
        if base:
            told = group.told.get("base_pass_at", {}).get("pass@1")
            row.append(_told_percent(told) if told else Cell("–"))
        tone: Tone = "plain" if apart == 1 else "warn"
        rows.append(
            [*row, f"{len(group.passed):,}", group.rules or "–", Cell(f"{100 * apart:.1f}%", tone=tone)]
        )
    caption = (
        "pass@k by the unbiased estimator of Chen et al. 2021; in brackets its 95 % bootstrap interval over "
        "problems. T: temperature. Samples: of each problem. Rules: `paper` judges as the authors' own "
        "harness does, `strict` mends its mistakes. Tests apart: samples whose tests ran in a process of "
        "their own; the others' verdicts can be forged by a program that sets out to."
    )
    notes = [caption] if explained else []
    if sound:
        notes.append(
            "Without broken: pass@1 without the problems that no answer can pass (see What to know)."
        )
    if base:
        notes.append("Original inputs: pass@1 where only the inputs before the benchmark's extension count.")
    return Table(benchmark, columns, rows, " ".join(notes))


def _percent(estimate: Estimate) -> Cell:
    return estimate.cell(percent=True)


def _lead(found: Sequence[Group]) -> str:
    samples = sum(len(group.samples) for group in found)
    if not samples:
        return "There are no samples in these Runs."
    runs = len({group.run for group in found})
    benchmarks = len({group.benchmark for group in found})
    return (
        f"{_count(runs, 'Run')} on {_count(benchmarks, 'benchmark')}: {samples:,} samples of "
        f"{_count(len({(g.benchmark, p) for g in found for p in g.passed}), 'problem')}."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _best(runs: Sequence[Evaluation], names: Sequence[str]) -> list[Table]:
    """The best of several temperatures for each k, where a Run has several."""
    rows: list[list[str | Cell]] = [
        [one["benchmark"], name, f"{one['k']}", temperature_text(one["temperature"]), _told_percent(one)]
        for run, name in zip(runs, names, strict=True)
        for one in run.summary.get("best", ())
    ]
    caption = (
        "As papers report it. Chosen on the very samples that it is reported on, this flatters: the figure "
        "of a temperature that was fixed before is the honest one."
    )
    columns = ["benchmark", "model", "k", "best T", "pass@k"]
    return [Table("Best temperature for each k", columns, rows, caption)] if rows else []


def _more(found: Sequence[Group]) -> list[Table]:
    """Tables of what only some Runs tell: figures by label, prompt perplexity."""
    tables = _by_label(found)
    read: list[list[str | Cell]] = [
        [group.benchmark, group.model, *(_mean(told[side]) for side in ("passed", "failed"))]
        for group in found
        if (told := group.told.get("understanding"))
    ]
    if read:
        caption = (
            "Mean perplexity of the prompts of problems that some sample solved, and of the others, with its "
            "standard error (CodeGen, section 2.6)."
        )
        tables.append(
            Table("Prompt perplexity", ["benchmark", "model", "solved", "not solved"], read, caption)
        )
    return tables


def _by_label(found: Sequence[Group]) -> list[Table]:
    """Of each benchmark and label: pass@1 of the problems that share a value of it, a column per group."""
    told: dict[tuple[str, str], list[Group]] = {}
    for group in found:
        for label in group.told.get("by_label", {}):
            told.setdefault((group.benchmark, label), []).append(group)
    tables = []
    for (benchmark, label), shown in told.items():
        by_group = [group.told["by_label"][label] for group in shown]
        rows: list[list[str | Cell]] = []
        for value in dict.fromkeys(value for values in by_group for value in values):
            size = max(values[value]["problems"] for values in by_group if value in values)
            shares = [f"{values[value]['passed']:.1%}" if value in values else "–" for values in by_group]
            rows.append([value, f"{size:,}", *shares])
        columns = [label, "problems", *(group_name(group, shown) for group in shown)]
        tables.append(Table(f"{benchmark} by {label}", columns, rows, "pass@1."))
    return tables


def _told_percent(row: Mapping[str, Any]) -> Cell:
    low, high = (row[side] if row[side] is not None else float("nan") for side in ("low", "high"))
    return (
        Estimate(row["mean"], low, high).cell(percent=True) if isfinite(low) else Cell(f"{row['mean']:.1%}")
    )


def _mean(group: Mapping[str, Any]) -> Cell:
    if group["mean"] is None:
        return Cell("–")
    error = group["standard_error"]
    return Cell(number(group["mean"]), f"± {number(error)}" if error is not None else "")


def _differences(comparison: Comparison) -> Section:
    sentences = [*comparison.notes, *(pairing.sentence for pairing in comparison.pairings)]
    if len(comparison.pairings) > _SENTENCES:
        sentences = [*comparison.notes]
    said = (
        [Prose(["\n".join(f"- {' '.join(sentence.split())}" for sentence in sentences)])] if sentences else []
    )
    return Section("Differences", [*said, *comparison_tables(comparison)])


def _cost(runs: Sequence[Evaluation], names: Sequence[str], found: Sequence[Group]) -> list[Block]:
    rows: list[list[str | Cell]] = []
    for group in found:
        tokens = sum(sample.tokens for sample in group.samples)
        count = len(group.samples)
        rows.append(
            [
                group.benchmark,
                group.model,
                temperature_text(group.temperature),
                f"{count:,}",
                f"{tokens:,}" if tokens else "–",
                f"{tokens / count:,.0f}" if tokens else "–",
                f"{fsum(sample.wall_s for sample in group.samples):,.1f}",
                f"{fsum(sample.cpu_s for sample in group.samples):,.1f}",
            ]
        )
    columns = [
        "benchmark",
        "model",
        "T",
        "samples",
        "tokens written",
        "per sample",
        "judging, wall s",
        "CPU s",
    ]
    caption = "Seconds are those of the judged programs, added up over all samples."
    blocks: list[Block] = [Table("Tokens and seconds", columns, rows, caption)]
    used = [pair for run, name in zip(runs, names, strict=True) for pair in _usage(run, name)]
    if used:
        blocks.append(KeyValues("As the Runs tell it", used))
    return blocks


def _usage(run: Evaluation, name: str) -> list[tuple[str, str]]:
    """What RUN/usage.json says, if there is one: seconds, requests, tokens, money."""
    try:
        told = json.loads((run.path / "usage.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    flat: list[tuple[str, str]] = []
    for key, value in told.items() if isinstance(told, dict) else ():
        inner = value if isinstance(value, dict) else {"": value}
        for part, figure in inner.items():
            if isinstance(figure, int | float) and not isinstance(figure, bool):
                words = part or f"{key} of the last session"
                flat.append((f"{name}: {words.replace('_', ' ')}", f"{figure:,}"))
    return flat


def _to_know(runs: Sequence[Evaluation], names: Sequence[str]) -> list[Block]:
    blocks: list[Block] = []
    notes = dict.fromkeys(
        note
        for run in runs
        for note in (
            *(note for one in results_of(run) for note in one.get("notes", ())),
            *run.summary.get("notes", ()),
        )
    )
    if notes:
        blocks.append(Prose(["\n".join(f"- {' '.join(note.split())}" for note in notes)], "Notes"))
    broken = {
        (one.benchmark, one.problem_id): one.broken for run in runs for one in run.problems if one.broken
    }
    blocks += _listed(
        "Broken problems", broken, "No answer can pass these, or not on the machine they ran on."
    )
    refused = {
        (one["benchmark"], problem): why
        for run in runs
        for one in results_of(run)
        for problem, why in one.get("oracles", {}).get("refused", {}).items()
    }
    blocks += _listed("Not judged", refused, "Their tests cannot be kept apart from the program.")
    failed = {
        (one["benchmark"], problem): why
        for run in runs
        for one in results_of(run)
        for problem, why in one.get("failed_references", {}).items()
    }
    blocks += _listed("References that do not pass", failed, "The benchmarks' own solutions were judged.")
    return [*blocks, _settings(runs, names)]


def _listed(title: str, reasons: Mapping[tuple[str, str], str], caption: str) -> list[Block]:
    if not reasons:
        return []
    rows: list[list[str | Cell]] = [[*name, why] for name, why in list(reasons.items())[:_LIST_UP_TO]]
    if len(reasons) > _LIST_UP_TO:
        caption += f" The first {_LIST_UP_TO} of {len(reasons):,}."
    return [Table(title, ["benchmark", "problem", "why"], rows, caption)]


def _settings(runs: Sequence[Evaluation], names: Sequence[str]) -> Table:
    told = [
        {"Run": str(run.path), "begun": run.created, **run.settings, **run.summary.get("settings", {})}
        for run in runs
    ]
    rows: list[list[str | Cell]] = []
    for key in dict.fromkeys(key for settings in told for key in settings):
        values = [settings.get(key) for settings in told]
        if any(value not in (None, "", [], {}) for value in values):
            rows.append([key, *("–" if value is None else _setting(value) for value in values)])
    return Table("Settings", ["setting", *names], rows)


def _setting(value: object) -> str:
    """A setting's value for a reader; digests and the like are cut."""
    if isinstance(value, list):
        return "; ".join(map(_setting, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_setting(inner)}" for key, inner in value.items() if inner is not None)
    text = str(value)
    return f"{text[:12]}…" if len(text) == 64 and text.isalnum() else text
