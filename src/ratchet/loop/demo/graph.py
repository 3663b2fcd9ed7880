"""Which units the demo is made of, and what each needs."""

from __future__ import annotations

from typing import Any

from ratchet.loop.demo.config import DemoConfig
from ratchet.loop.demo.domain import make_domain
from ratchet.loop.demo.teaching import compare, evaluate, teach_round
from ratchet.loop.demo.training import train_mixture, train_student, train_teacher
from ratchet.loop.units import Unit
from ratchet.runs import derive

MIXTURES = {"mix50": 0.5, "mix70": 0.7}
"""Corpora for CodeGen's claim: the share of interleaved documents."""

STUDENTS = {"unverified": "unverified", "verified": "verified", "repaired": "proven"}
"""The first round's students -> their diet. "repaired" is the one that may become the teacher."""


def demo_units(config: DemoConfig, *, walls: str) -> list[Unit]:
    """All units of the demo, seed by seed, those that others wait for first."""
    return [u for i in range(config.seeds) for u in _units_of_seed(config, config.seed + i, walls)]


def unit_name(seed: int, name: str) -> str:
    """The name in the journal of one seed's unit."""
    return f"seed-{seed}/{name}"


def _units_of_seed(config: DemoConfig, seed: int, walls: str) -> list[Unit]:
    root = derive(seed, "demo")

    def unit(name: str, label: str, function: Any, needs: dict[str, str], **arguments: Any) -> Unit:
        where = f"seed {seed}: " if config.seeds > 1 else ""
        return Unit(
            unit_name(seed, name),
            where + label,
            function,
            {called: unit_name(seed, need) for called, need in needs.items()},
            {"config": config, **arguments},
        )

    def student(name: str, label: str, needs: dict[str, str], **arguments: Any) -> Unit:
        return unit(name, label, train_student, needs | {"domain": "domain"}, seed=root, **arguments)

    def evaluation(name: str, model: str, label: str, *modes: str) -> Unit:
        needs = {"domain": "domain", "model": model}
        return unit(name, f"judging {label}", evaluate, needs, modes=modes, walls=walls)

    domain = {"domain": "domain"}
    units = [
        unit("domain", "writing problems", make_domain, {}, seed=root, walls=walls),
        unit("teacher", "training the teacher", train_teacher, domain, seed=root, walls=walls),
    ]
    units += [
        unit(name, f"training on {share:.0%} interleaved", train_mixture, domain, seed=root, share=share)
        for name, share in MIXTURES.items()
    ]
    first = domain | {"teacher": "teacher"}
    units.append(
        unit("lesson-1", "round 1: the teacher writes", teach_round, first, seed=root, lesson=1, walls=walls)
    )
    start = {"start": "teacher", "lesson": "lesson-1"}
    units += [
        student(f"student-{name}", f"training on {name} programs", start, diet=diet, equal_size=True)
        for name, diet in sorted(STUDENTS.items())
    ]
    promoted = {"promoted": "student-repaired", "decision": "compare-1"}
    second = {"start": "student-repaired", "lesson": "lesson-2"}
    units += [
        unit(
            "compare-1",
            "round 1: student against teacher",
            compare,
            first | {"student": "student-repaired"},
            lesson=1,
            walls=walls,
        ),
        unit(
            "lesson-2",
            "round 2: whoever teaches now writes",
            teach_round,
            first | promoted,
            seed=root,
            lesson=2,
            walls=walls,
        ),
        student("student-second", "round 2: training the student", second, diet="proven", equal_size=False),
        unit(
            "compare-2",
            "round 2: student against teacher",
            compare,
            first | promoted | {"student": "student-second"},
            lesson=2,
            walls=walls,
        ),
    ]
    units += [
        evaluation(f"eval-{name}", name, f"{share:.0%} interleaved", "multi-turn", "single-turn")
        for name, share in MIXTURES.items()
    ]
    units.append(evaluation("eval-teacher", "teacher", "the teacher", "multi-turn"))
    units += [
        evaluation(f"eval-{name}", f"student-{name}", f"the student ({name})", "multi-turn")
        for name in (*STUDENTS, "second")
    ]
    return units
