"""Values of any size in a few characters, for evidence.

Standard library only, no import of ours: this text also runs in the examiner's process
(`ratchet.judge.reference`).
"""

from __future__ import annotations

from collections.abc import Sequence
from reprlib import Repr
from typing import Any

_HUGE_BITS = 400


class _Short(Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = self.maxdeque = 10
        self.maxstring = self.maxother = 80
        self.maxlong = 60
        self.maxlevel = 4

    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to write very long whole numbers in decimals.
        if x.bit_length() > _HUGE_BITS:
            return f"<a whole number of {x.bit_length()} bits>"
        return super().repr_int(x, level)


_SHORT = _Short()


def shown(value: Any) -> str:
    """A short `repr` of plain data of any size."""
    return _SHORT.repr(value)


def shown_call(function: str, arguments: Sequence[Any]) -> str:
    """A call as one would write it, with short arguments."""
    return f"{function}({', '.join(map(shown, arguments))})"
