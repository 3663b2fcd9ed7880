"""The demo's findings as tables and figures; the same tables go to the page and to the terminal."""

from __future__ import annotations

from statistics import stdev

from ratchet.judge.intervals import Interval, seed_interval
from ratchet.loop.demo.findings import (
    MODELS,
    MODES,
    Findings,
    Values,
    all_overlaps,
    difference,
    interval,
    passed_and_failed,
    seed_means,
)
from ratchet.loop.demo.graph import MIXTURES
from ratchet.report import Cell, Figure, Table
from ratchet.report.estimates import Curve, Estimate, Series
from ratchet.report.plots import dot_plot, line_plot, loss_plot

LENGTHS = (2, 3, 4, 5)

Rows = list[list[str | Cell]]

MIXTURE_NAMES = {name: f"{share:.0%} interleaved, {1 - share:.0%} block" for name, share in MIXTURES.items()}

MODEL_NAMES = {
    "teacher": "teacher",
    "unverified": "student on unverified programs",
    "verified": "student on verified programs",
    "repaired": "student on verified and repaired programs",
    "second": "second round's student",
}


def turns_table(findings: Findings) -> Table:
    """CodeGen's claim: pass rates and prompt perplexities, turn by turn against one turn."""
    rows: Rows = []
    for name, label in MIXTURE_NAMES.items():
        for steps in (*LENGTHS, None):
            passed = [findings.mixture(name, mode, "passed", steps) for mode in MODES]
            perplexity = [findings.mixture(name, mode, "perplexity", steps) for mode in MODES]
            rows.append(
                [
                    label,
                    "all" if steps is None else str(steps),
                    *(_share(values) for values in passed),
                    _points(difference(*passed)),
                    *(_plain(values) for values in perplexity),
                    _points(difference(*perplexity), percent=False),
                ]
            )
    return Table(
        "The same request turn by turn, and in one turn",
        (
            "training corpus",
            "steps",
            "multi-turn passed",
            "single-turn passed",
            "difference in passed",
            "multi-turn perplexity",
            "single-turn perplexity",
            "difference in perplexity",
        ),
        rows,
        "Held-out problems, one greedy program each. A request of n steps has n + 1 turns: the last one "
        "asks to return the result. Perplexity is that of the request's sentences, as turns or at once. "
        f"{_brackets(findings)}",
    )


def perplexity_table(findings: Findings) -> Table:
    """CodeGen's observation: prompts that get solved have the lower perplexity."""
    rows: Rows = []
    for name, label in MIXTURE_NAMES.items():
        for mode in MODES:
            passed, failed = passed_and_failed(findings, name, mode)
            counts = [sum(map(len, side)) for side in (passed, failed)]
            rows.append([label, mode, *(f"{n}" for n in counts), _plain(passed), _plain(failed)])
    return Table(
        "Prompt perplexity of solved and unsolved problems",
        ("training corpus", "mode", "solved", "unsolved", "perplexity, solved", "perplexity, unsolved"),
        rows,
        f"CodeGen found lower perplexity for the prompts that its models solved. {_brackets(findings)}",
    )


def students_table(findings: Findings) -> Table:
    """AutoCoder's claim: who learnt from what, and how it does on held-out problems."""
    teacher = findings.model("teacher")
    rows: Rows = []
    for name in MODELS:
        values = findings.model(name)
        trained = "–"
        if name != "teacher":
            trained = " / ".join(str(r["programs"]) for _, r in findings.of(f"student-{name}"))
        rows.append(
            [
                MODEL_NAMES[name],
                trained,
                _share(values),
                "–" if name == "teacher" else _points(difference(values, teacher)),
                _share(findings.model(name, weak=True)),
                _share(findings.model(name, weak=False)),
            ]
        )
    return Table(
        "What a student learns from its teacher's programs",
        (
            "model",
            "programs trained on",
            "held-out passed",
            "less the teacher's",
            "with a weak operation",
            "without one",
        ),
        rows,
        "Multi-turn, one greedy program per held-out problem. A weak operation is one that the "
        "teacher's corpus gets wrong more often than not. The first three students had equally many "
        f"programs. {_brackets(findings)}",
    )


def lessons_table(findings: Findings) -> Table:
    """What each round of teaching came to."""
    rows: Rows = []
    for lesson in (1, 2):
        results = [result for _, result in findings.of(f"lesson-{lesson}")]
        entries = sum(r["entries"] for r in results)
        counts = {key: sum(r["endings"][key] for r in results) for key in results[0]["endings"]}
        rows.append(
            [
                str(lesson),
                f"{sum(r['problems'] for r in results):,}",
                f"{entries:,}",
                f"{sum(r['programs'] for r in results):,}",
                *(Cell(f"{n / entries:.1%}", f"{n:,}") for n in counts.values()),
            ]
        )
    return Table(
        "Rounds of teaching",
        ("round", "problems", "conversations", "programs run", "verified", "repaired", "discarded"),
        rows,
        "Verified: the first program passed. Repaired: a later one did, after its error was shown.",
    )


def decisions_table(findings: Findings) -> Table:
    """The self-learning rule, seed by seed, with its evidence."""
    rows: Rows = []
    for seed in findings.seeds:
        for lesson in (1, 2):
            decision = findings.results[seed][f"compare-{lesson}"]["decision"]
            won = decision["student_is_teacher"]
            rows.append(
                [
                    str(seed),
                    str(lesson),
                    str(decision["problems"]),
                    _of_dict(decision["teacher"]),
                    _of_dict(decision["student"]),
                    _points(Interval(**decision["difference"])),
                    Cell("the student", tone="good") if won else Cell("the teacher"),
                ]
            )
    return Table(
        "Who teaches next",
        ("seed", "round", "problems in the tenth", "teacher", "student", "difference", "teaches next"),
        rows,
        "The paper's rule: a tenth of the round's problems is kept from training, and the student takes "
        "over only if it is strictly better there. Brackets: 95% bootstrap over the problems of the "
        "tenth.",
    )


def disjoint_table(findings: Findings) -> Table:
    """The proof that nothing held out was trained on."""
    names = {"teacher": "the teacher's corpus", "lessons": "both lessons"} | {
        name: f"corpus, {label}" for name, label in MIXTURE_NAMES.items()
    }
    rows: Rows = [
        [
            names[name],
            f"{counts['compared']:,}",
            *(
                Cell(str(counts[key]), tone="good" if counts[key] == 0 else "bad")
                for key in ("signatures", "programs")
            ),
        ]
        for name, counts in all_overlaps(findings)
    ]
    return Table(
        "Training and held-out specifications are disjoint",
        ("trained on", "specifications", "shared chains of operations", "shared programs"),
        rows,
        "Every specification that was trained on, compared with every held-out one. The chain of "
        "operations alone decides the side (its SHA-256, one in four held out), so that both counts are "
        "0 by construction.",
    )


def seeds_table(findings: Findings) -> Table:
    """Every model's pass rate, seed by seed, with mean and spread; for two seeds or more."""
    named: list[tuple[str, Values]] = [
        (f"{label}, {mode}", findings.mixture(name, mode, "passed"))
        for name, label in MIXTURE_NAMES.items()
        for mode in MODES
    ]
    named += [(MODEL_NAMES[name], findings.model(name)) for name in MODELS]
    rows: Rows = []
    for label, values in named:
        means = seed_means(values)
        rows.append(
            [
                label,
                *(f"{mean:.1%}" for mean in means),
                _estimate(seed_interval(means)).cell(percent=True),
                f"{100 * stdev(means):.1f} pp",
            ]
        )
    return Table(
        "Seed by seed",
        ("model", *(f"seed {seed}" for seed in findings.seeds), "mean", "standard deviation"),
        rows,
        "Share of held-out problems passed. The deviation is that between training seeds, each of which "
        "also draws its own problems. Brackets: 95% Student t over training seeds alone; with few seeds "
        "it is wide, and it may reach beyond 0 or 100%.",
    )


def turns_figure(findings: Findings, what: str) -> Figure:
    """Pass rate or perplexity by the number of steps: both modes, both corpora."""
    series = []
    for name, label in MIXTURE_NAMES.items():
        for mode in MODES:
            points = [interval(findings.mixture(name, mode, what, steps)) for steps in LENGTHS]
            series.append(Series(f"{mode}, {label}", list(LENGTHS), [_estimate(point) for point in points]))
    if what == "passed":
        return line_plot(
            "Pass rate by number of steps",
            series,
            x_label="steps in the request",
            y_label="held-out problems passed",
            percent=True,
            caption=_brackets(findings).replace("Brackets", "Bars"),
        )
    return line_plot(
        "Prompt perplexity by number of steps",
        series,
        x_label="steps in the request",
        y_label="perplexity of the sentences",
        caption=_brackets(findings).replace("Brackets", "Bars"),
    )


def students_figure(findings: Findings) -> Figure:
    """Teacher and students on held-out problems."""
    labels = [MODEL_NAMES[name] for name in MODELS]
    parts = (("all problems", None), ("with a weak operation", True), ("without one", False))
    series = [
        Series(label, labels, [_estimate(interval(findings.model(name, weak))) for name in MODELS])
        for label, weak in parts
    ]
    return dot_plot(
        "Held-out problems passed",
        series,
        x_label="held-out problems passed",
        percent=True,
        caption=_brackets(findings).replace("Brackets", "Bars"),
    )


def losses_figure(findings: Findings) -> Figure:
    """Training losses of the models trained from scratch, first seed."""
    seed = findings.seeds[0]
    names = {"teacher": "teacher"} | MIXTURE_NAMES
    curves = [
        Curve(label, *zip(*findings.results[seed][name]["losses"], strict=True))
        for name, label in names.items()
    ]
    return loss_plot(
        f"Training loss, seed {seed}",
        curves,
        caption="Mean over each hundredth of a training. Requests are random, so their sentences cannot be "
        "foretold and the loss cannot reach 0.",
    )


def _share(values: Values) -> Cell:
    found = interval(values)
    return Cell("–") if found is None else _estimate(found).cell(percent=True)


def _plain(values: Values) -> Cell:
    found = interval(values)
    return Cell("–") if found is None else _estimate(found).cell()


def _points(found: Interval | None, *, percent: bool = True) -> Cell:
    """A difference, signed, with a tone where the interval leaves out 0."""
    if found is None:
        return Cell("–")
    scale, unit, digits = (100, " pp", 1) if percent else (1, "", 2)
    text = f"{scale * found.mean:+.{digits}f}{unit}".replace("-", "−")
    note = f"[{scale * found.low:+.{digits}f}, {scale * found.high:+.{digits}f}]".replace("-", "−")
    surely = found.low > 0 or found.high < 0
    better = (found.mean > 0) == percent
    return Cell(text, note, ("good" if better else "bad") if surely else "plain")


def _estimate(found: Interval | None) -> Estimate:
    if found is None:
        return Estimate(float("nan"), float("nan"), float("nan"))
    return Estimate(found.mean, found.low, found.high)


def _of_dict(data: dict[str, float]) -> Cell:
    return Estimate(data["mean"], data["low"], data["high"]).cell(percent=True)


def _brackets(findings: Findings) -> str:
    if len(findings.seeds) == 1:
        return (
            "Brackets: 95% bootstrap over problems; there is one training seed, so how far training "
            "itself varies is not in them."
        )
    return f"Brackets: 95% bootstrap over problems and {len(findings.seeds)} training seeds."
