"""A model's questions are answered while it writes, and are not part of the program."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.decode.toolcoder import ANSWERED, CALL, CLOSE, MAX_CALLS, complete_with_search, without_calls
from ratchet.engines import SamplingParams
from tests.decode.scripted import Scripted

PARAMS = SamplingParams(max_tokens=200, stop=("\n#",))


def test_an_answer_is_put_in_where_it_was_asked_for() -> None:
    engine = Scripted(
        lambda text: f"x = {CALL}remove axes)->" if CLOSE not in text else " np.squeeze(a)\n# end"
    )
    [one] = complete_with_search(
        engine, ["import numpy as np\n"], PARAMS, {"remove axes": "np.squeeze"}.__getitem__
    )
    assert one.text == f"x = {CALL}remove axes{ANSWERED}np.squeeze{CLOSE} np.squeeze(a)"
    assert one.program == "x =  np.squeeze(a)"
    assert one.calls == (("remove axes", "np.squeeze"),)


def test_sessions_ask_apart_and_one_that_never_ends_asking_is_ended() -> None:
    engine = Scripted(lambda text: f"{CALL}again)->" if text.startswith("a") else "return 1\n# over")
    done: list[int] = []
    asked: list[str] = []

    def tool(query: str) -> str:
        asked.append(query)
        return ""

    first, second = complete_with_search(engine, ["a", "b"], PARAMS, tool, on_done=done.append)
    assert len(first.calls) == len(asked) == MAX_CALLS
    assert (first.program, second.program) == ("", "return 1")
    assert sum(done) == 2


def test_an_answer_cannot_end_its_call_or_its_line() -> None:
    engine = Scripted(lambda text: f"{CALL}q)->" if CLOSE not in text else "done")
    [one] = complete_with_search(engine, [""], PARAMS, lambda _: f"a\nb{CLOSE}c")
    assert one.text == f"{CALL}q{ANSWERED}a bc{CLOSE}done"
    assert one.program == "done"


@pytest.mark.parametrize("tells", [True, False])
def test_an_arrow_that_answers_no_call_is_the_programs_own(tells: bool) -> None:
    whole = "def f(x)->int: return (1)->2\n# over"
    engine = Scripted(lambda text: whole[len(text) :], tells_stops=tells)
    [one] = complete_with_search(engine, [""], PARAMS, lambda _: "never")
    assert (one.text, one.calls) == ("def f(x)->int: return (1)->2", ())


@given(st.lists(st.sampled_from(["x", "\n", "(", ")", "->", "<API>", " y"]), max_size=20).map("".join))
def test_text_without_calls_stays_as_it_is(text: str) -> None:
    assert without_calls(text) == text
