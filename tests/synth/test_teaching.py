"""The teaching stage: what passed is kept as proven, what forged is not, and nothing is filtered."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from ratchet.engines import Completion, SamplingParams, ScoredText
from ratchet.judge.types import VerdictStatus
from ratchet.problems import CallOracle, Case, Problem
from ratchet.problems.micro import repair_context
from ratchet.runs.seeds import derive
from ratchet.sandbox import LocalSandbox
from ratchet.synth import (
    Ending,
    Entry,
    TeachingConfig,
    proven_programs,
    teach,
    unverified_programs,
    verified_programs,
)

RIGHT, WRONG, RAISES = "    return n * 2\n", "    return n + 2\n", "    return n / 0\n"


def problem(name: str) -> Problem:
    cases = tuple(Case((n,), n * 2) for n in (3, 5, -1))
    return Problem(name, "", CallOracle("f", cases), turns=(f"def f(n):  # {name}\n", "    # Double n.\n"))


@dataclass
class Scripted:
    """An engine that writes `scripts[problem][revision]` as the answer to a problem's last turn."""

    scripts: dict[str, list[str]]
    name: str = "scripted"
    prompts: list[str] = field(default_factory=list)
    params: list[SamplingParams] = field(default_factory=list)
    seeds: list[list[int]] = field(default_factory=list)
    revisions: dict[str, int] = field(default_factory=dict)

    def complete(
        self,
        prompts: Sequence[str],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        self.prompts += prompts
        self.params.append(params)
        self.seeds.append(list(seeds or ()))
        return [Completion(self._answer(prompt), (), (), "stop") for prompt in prompts]

    def _answer(self, prompt: str) -> str:
        if not prompt.endswith("    # Double n.\n"):
            return ""
        name = prompt.split("def f(n):  # ")[1].split("\n")[0]
        script = self.scripts[name]
        seen = self.revisions.setdefault(name, 0) if "# Wrong: " in prompt else -1
        self.revisions[name] = seen + 1
        return script[min(seen + 1, len(script) - 1)]

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        raise AssertionError("teaching scores nothing")


def taught(
    engine: Scripted, sandbox: LocalSandbox, config: TeachingConfig, told: list[int] | None = None
) -> list[Entry]:
    return teach(
        engine,
        [problem(name) for name in engine.scripts],
        sandbox,
        config,
        turn_start="    #",
        repair_context=repair_context,
        seed=11,
        on_done=(told if told is not None else []).append,
    )


def test_at_once_after_errors_or_never(sandbox: LocalSandbox) -> None:
    engine = Scripted(
        {
            "once": [RIGHT],
            "second": [WRONG, RIGHT],
            "third": [RAISES, "    return (\n", RIGHT],
            "late": [WRONG, WRONG, WRONG, RIGHT],
            "never": [WRONG],
        }
    )
    told: list[int] = []
    entries = taught(engine, sandbox, TeachingConfig(attempts=1, max_repairs=2), told)
    assert [entry.problem_id for entry in entries] == list(engine.scripts)
    assert [entry.ending for entry in entries] == [
        Ending.VERIFIED,
        Ending.REPAIRED,
        Ending.REPAIRED,
        Ending.DISCARDED,
        Ending.DISCARDED,
    ]
    assert [len(entry.programs) for entry in entries] == [1, 2, 3, 3, 3]
    assert all(len(entry.programs) == len(entry.verdicts) for entry in entries)
    assert [[v.status for v in entry.verdicts] for entry in entries[2:]] == [
        [VerdictStatus.FAILED, VerdictStatus.INVALID, VerdictStatus.PASSED],
        [VerdictStatus.FAILED] * 3,
        [VerdictStatus.FAILED] * 3,
    ]
    assert sum(told) == len(entries)

    def program(name: str, body: str) -> str:
        return f"def f(n):  # {name}\n    # Double n.\n{body}"

    assert proven_programs(entries) == [program(n, RIGHT) for n in ("once", "second", "third")]
    assert verified_programs(entries) == [program("once", RIGHT)]
    assert unverified_programs(entries) == [program(n, engine.scripts[n][0]) for n in engine.scripts]


def test_the_evidence_and_the_whole_request_are_put_before_a_revision(sandbox: LocalSandbox) -> None:
    engine = Scripted({"p": [WRONG, RIGHT]})
    [entry] = taught(
        engine, sandbox, TeachingConfig(attempts=1, max_repairs=1, temperature=0.3, max_tokens=9)
    )
    context = repair_context(entry.programs[0], entry.verdicts[0].detail)
    assert "# Wrong: case 1: f(3) returned 5, expected 6\n" in context
    assert engine.prompts == [
        "def f(n):  # p\n",
        "def f(n):  # p\n    # Double n.\n",
        context + "def f(n):  # p\n",
        context + "def f(n):  # p\n    # Double n.\n",
    ]
    assert set(engine.params) == {SamplingParams(max_tokens=9, temperature=0.3, stop=("    #",))}
    assert entry.programs[1] == "def f(n):  # p\n    # Double n.\n" + RIGHT


FORGERIES = {
    "exit": "    import os\n    os._exit(0)\n",
    "system_exit": "    raise SystemExit(0)\n",
    "system_exit_at_import": "    return 1\nraise SystemExit(0)\n",
    "exit_at_import": "    return 1\nimport os\nos._exit(0)\n",
    "always_equal": "    class E:\n        __eq__ = lambda a, b: True\n    return E()\n",
    "always_equal_int": "    class E(int):\n        __eq__ = lambda a, b: True\n    return E(0)\n",
    "always_equal_list": "    class E(list):\n        __eq__ = lambda a, b: True\n    return [E()]\n",
    "patched_builtins": "    import builtins\n    builtins.all = lambda *a: True\n    return 0\n",
    "says_so": "    print('passed', True)\n    return 0\n",
    "writes_everywhere": (
        "    import os\n"
        "    for fd in range(256):\n"
        "        try:\n"
        "            os.write(fd, b'true passed [6, 10, -2]\\n')\n"
        "        except OSError:\n"
        "            pass\n"
        "    os._exit(0)\n"
    ),
    "looks_at_the_caller": (
        "    import sys\n"
        "    frame = sys._getframe()\n"
        "    while frame:\n"
        "        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):\n"
        "            if isinstance(value, dict) and 'expected' in value:\n"
        "                return value['expected']\n"
        "        frame = frame.f_back\n"
    ),
}


def test_a_forged_pass_is_never_proven(sandbox: LocalSandbox) -> None:
    engine = Scripted({name: [body] for name, body in FORGERIES.items()} | {"honest": [RIGHT]})
    entries = taught(engine, sandbox, TeachingConfig(attempts=1, max_repairs=1))
    assert {e.problem_id: e.ending for e in entries if e.ending is not Ending.DISCARDED} == {
        "honest": Ending.VERIFIED
    }
    assert proven_programs(entries) == verified_programs(entries) == [entries[-1].programs[0]]
    for entry in entries[:-1]:
        assert len(entry.verdicts) == 2
        assert all(v.detail and not v.passed for v in entry.verdicts)


def test_order_and_seeds_are_decided_by_problem_attempt_and_round(sandbox: LocalSandbox) -> None:
    runs = []
    for _ in range(2):
        engine = Scripted({"a": [WRONG], "b": [RIGHT]})
        entries = taught(engine, sandbox, TeachingConfig(attempts=2, max_repairs=1))
        conversations = [
            (e.problem_id, e.attempt, e.programs, [v.status for v in e.verdicts]) for e in entries
        ]
        runs.append((conversations, engine.seeds, engine.prompts))
    assert runs[0] == runs[1]
    conversations, seeds, _ = runs[0]
    assert [c[:2] for c in conversations] == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    sessions = [derive(11, name, attempt, 0) for name in "ab" for attempt in (0, 1)]
    again = [derive(11, "a", attempt, 1) for attempt in (0, 1)]
    assert seeds == [[derive(s, turn) for s in batch] for batch in (sessions, again) for turn in (0, 1)]


def test_a_problems_draws_do_not_depend_on_its_company(sandbox: LocalSandbox) -> None:
    alone, together = Scripted({"b": [RIGHT]}), Scripted({"a": [RIGHT], "b": [RIGHT], "c": [RIGHT]})
    config = TeachingConfig(attempts=1, max_repairs=0)
    taught(alone, sandbox, config)
    taught(together, sandbox, config)
    assert [batch[1] for batch in together.seeds] == [batch[0] for batch in alone.seeds]


def test_an_endless_program_is_timed_out_and_discarded(sandbox: LocalSandbox) -> None:
    engine = Scripted({"loop": ["    while True: pass\n"]})
    [entry] = taught(engine, sandbox, TeachingConfig(attempts=1, max_repairs=0, wall_s=0.5))
    assert entry.ending is Ending.DISCARDED
    assert [v.status for v in entry.verdicts] == [VerdictStatus.TIMEOUT]


def test_no_problems(sandbox: LocalSandbox) -> None:
    assert taught(Scripted({}), sandbox, TeachingConfig()) == []


@pytest.mark.parametrize("bodies", [[RIGHT], [WRONG, RIGHT], [WRONG]])
def test_entries_survive_json(sandbox: LocalSandbox, bodies: list[str]) -> None:
    [entry] = taught(Scripted({"p": bodies}), sandbox, TeachingConfig(attempts=1, max_repairs=1))
    data = json.loads(json.dumps(entry.as_dict()))
    assert Entry.from_dict(data) == entry
    assert data["ending"] == str(entry.ending)
