"""Turns are cut as CodeGen's sampler cuts them, though the model does not write on to the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.decode.truncation import truncate_turn
from ratchet.decode.turns import turn_rule
from ratchet.engines import Completion

PIECES = ("\n", "#", "'''", '"""', "print", "def", " f(x)", "x = 1", " ", "\n\n\n", "\n#", "\nprint", "\ndef")


def ended(text: str, stop: tuple[str, ...]) -> Completion:
    """What an engine makes of a model that would write `text`."""
    cuts = [at for at in map(text.find, stop) if at >= 0]
    return Completion(text[: min(cuts, default=len(text))], (), (), "stop" if cuts else "length")


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_stopping_early_changes_nothing(text: str) -> None:
    rule = turn_rule("codegen", ())
    assert rule.kept(ended(text, rule.stop)) == truncate_turn(text)


def test_without_a_rule_the_stop_strings_decide() -> None:
    assert turn_rule("", ("\nend",)).stop == ("\nend",)
    assert turn_rule("", ()).stop == ("\n#",)
    assert turn_rule("", ()).kept(Completion("x = 1", (), (), "stop")) == "x = 1"
    with pytest.raises(KeyError):
        turn_rule("codegenn", ())
