"""Multi-turn synthesis: each turn is answered with the earlier code in view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from ratchet.decode import Session, synthesize
from ratchet.engines import Completion, SamplingParams, ScoredText
from ratchet.runs.seeds import derive

START = "    #"
PARAMS = SamplingParams(max_tokens=48)


@dataclass
class Echo:
    """An engine that answers with the number of the line it is at, and remembers what it was asked."""

    name: str = "echo"
    asked: list[list[str]] = field(default_factory=list)
    params: list[SamplingParams] = field(default_factory=list)
    seeds: list[list[int]] = field(default_factory=list)

    def complete(
        self,
        prompts: Sequence[str],
        params: SamplingParams,
        *,
        seeds: Sequence[int] | None = None,
        on_done: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        self.asked.append(list(prompts))
        self.params.append(params)
        self.seeds.append(list(seeds or ()))
        return [Completion(f"    line {p.count(chr(10))}\n", (), (), "stop") for p in prompts]

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        raise AssertionError("synthesis scores nothing")


def turns(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"    # {name} {i}\n" for i in range(count))


def test_turns_and_subprograms_alternate_and_every_turn_sees_what_stands_before_it() -> None:
    engine = Echo()
    [session] = synthesize(engine, [turns("a", 3)], PARAMS, turn_start=START)
    assert session.turns == turns("a", 3)
    assert session.subprograms == ("    line 1\n", "    line 3\n", "    line 5\n")
    assert session.program == "    # a 0\n    line 1\n    # a 1\n    line 3\n    # a 2\n    line 5\n"
    assert [asked for [asked] in engine.asked] == [
        session.program[: session.program.index(turn) + len(turn)] for turn in session.turns
    ]


def test_spans_show_the_turns_in_the_program() -> None:
    session = Session(("t one", "", "three"), ("code", "more", ""))
    assert [session.program[a:b] for a, b in session.turn_spans] == ["t one", "", "three"]
    assert session.program == "t onecodemorethree"


def test_sessions_with_different_numbers_of_turns_share_batches() -> None:
    engine, told = Echo(), list[int]()
    requests = [turns("a", 1), turns("b", 3), (), turns("c", 2)]
    sessions = synthesize(engine, requests, PARAMS, turn_start=START, on_done=told.append)
    assert [session.turns for session in sessions] == requests
    assert [len(session.subprograms) for session in sessions] == [1, 3, 0, 2]
    assert [len(batch) for batch in engine.asked] == [3, 2, 1]
    assert [batch[-1].split("# ")[1][0] for batch in engine.asked] == ["c", "c", "b"]
    assert told == [1, 1, 1]
    assert sessions[2].program == ""
    for session, request in zip(sessions, requests, strict=True):
        [alone] = synthesize(Echo(), [request], PARAMS, turn_start=START)
        assert session == alone


def test_a_context_is_seen_and_is_no_part_of_the_program() -> None:
    engine = Echo()
    sessions = synthesize(
        engine, [turns("a", 2), turns("b", 1)], PARAMS, turn_start=START, contexts=["old\n# Wrong\n", ""]
    )
    assert engine.asked[0] == ["old\n# Wrong\n    # a 0\n", "    # b 0\n"]
    assert engine.asked[1] == ["old\n# Wrong\n    # a 0\n    line 3\n    # a 1\n"]
    assert sessions[0].program == "    # a 0\n    line 3\n    # a 1\n    line 5\n"
    assert sessions[0].turn_spans == ((0, 10), (21, 31))


def test_each_session_and_turn_draws_from_a_seed_of_its_own() -> None:
    engine = Echo()
    synthesize(engine, [turns("a", 1), turns("b", 2)], PARAMS, turn_start=START, seeds=[7, 9])
    assert engine.seeds == [[derive(7, 0), derive(9, 0)], [derive(9, 1)]]
    synthesize(engine, [turns("a", 1)], PARAMS, turn_start=START)
    assert engine.seeds[-1] == [derive(0, 0)]


def test_a_beginning_turn_is_one_more_stop() -> None:
    engine = Echo()
    params = SamplingParams(max_tokens=5, temperature=0.7, stop=("\n\n",))
    synthesize(engine, [turns("a", 1)], params, turn_start=START)
    assert engine.params == [SamplingParams(max_tokens=5, temperature=0.7, stop=("\n\n", START))]


def test_no_requests() -> None:
    assert synthesize(Echo(), [], PARAMS, turn_start=START) == []


@pytest.mark.local
def test_a_model_that_begins_its_own_turn_is_cut() -> None:
    pytest.importorskip("torch", reason="the extra `local` is not installed")
    from tests.local_models import speaker

    engine = speaker("    xs = xs[1:]\n    # And then.\n    xs = []\n")
    [session] = synthesize(engine, [("",)], PARAMS, turn_start=START)
    assert session.subprograms == ("    xs = xs[1:]\n",)


@pytest.mark.local
def test_a_real_model_writes_one_line_per_sentence() -> None:
    pytest.importorskip("torch", reason="the extra `local` is not installed")
    from random import Random

    from ratchet.problems.micro import draw
    from tests.local_models import tiny

    random = Random(2)
    requests = [draw(random, 1 + i % 4, held_out=False).turns for i in range(24)]
    sessions = synthesize(tiny().engine(), requests, PARAMS, turn_start=START)
    assert [session.turns for session in sessions] == requests
    lines = [text for session in sessions for text in session.subprograms]
    assert not any(START in text for text in lines)
    well_formed = [text for text in lines if text.startswith("    ") and text.count("\n") == 1]
    assert len(well_formed) > 0.8 * len(lines)
