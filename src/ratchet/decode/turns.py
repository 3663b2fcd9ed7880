"""How the completion of a turn is ended, and what is kept of it: rules, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ratchet.decode.truncation import truncate_turn
from ratchet.engines.base import Completion


@dataclass(frozen=True, slots=True)
class TurnRule:
    """Generation may end before any of `stop`; `kept` is what of a completion the program gets."""

    stop: tuple[str, ...]
    kept: Callable[[Completion], str]


def turn_rule(name: str, stop: Sequence[str]) -> TurnRule:
    """The rule of that name; for no name, one that cuts at `stop`, or else where a comment line begins.

    Raises KeyError on a name that is not known.
    """
    if name:
        return _RULES[name]
    return TurnRule(tuple(stop) or ("\n#",), lambda completion: completion.text)


def _codegen(completion: Completion) -> str:
    # The line feed of the stop string is before the cut of the authors, who let the model write on.
    return truncate_turn(completion.text + ("\n" if completion.finish == "stop" else ""))


_RULES = {"codegen": TurnRule(("\n#", "\n'''", '\n"""'), _codegen)}
"""codegen: what `truncate_turn` leaves of a completion of full length, without all of it being written."""
