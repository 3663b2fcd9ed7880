"""How much work a payload may make for its reader.

Bounds in bytes are not enough: sixty bytes can ask for a data frame, which takes ten
thousand times as long to make as a list. So each tag has a price, about the
microseconds that reading it takes, and a payload may cost `MAX_WORK`. Writer and
reader use the same bound, so that what is over it is a fault and not taken for an attack.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from .frames import WireError

MAX_WORK = 1_200_000
_PRICES: Mapping[str, int] = {
    **dict.fromkeys(("timedelta", "decimal", "range", "dtype", "int", "text", "iterator"), 2),
    **dict.fromkeys(("record", "named", "member", "defaultdict", "uuid", "path", "zone", "array"), 4),
    **dict.fromkeys(("datetime", "time"), 4),
    **dict.fromkeys(("ndarray", "scalar", "objects", "matrix", "match", "table", "counter", "odict"), 5),
    **dict.fromkeys(("struct", "masked", "tensor", "handle", "delta", "interval", "period"), 40),
    **dict.fromkeys(("exception", "timestamp"), 80),
    **dict.fromkeys(("index", "column", "series"), 150),
    "fraction": 12,
    "frame": 600,
    "long fraction": 8000,
}
_DEAREST = max(_PRICES.values())
_TAGS = re.compile(rb'\{"t":"([a-z ]+)"')


def is_too_much(payload: bytes) -> bool:
    """Whether a payload of ours costs more than is read."""
    if payload.count(b'{"t":"') * _DEAREST <= MAX_WORK:
        return False
    tags = Counter(_TAGS.findall(payload))
    return sum(_PRICES.get(tag.decode(), 1) * count for tag, count in tags.items()) > MAX_WORK


def counted(rebuild: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`rebuild`, until what it was given costs too much."""
    left = MAX_WORK

    def pay(parts: dict[str, Any]) -> Any:
        nonlocal left
        left -= _PRICES.get(parts.get("t", ""), 1)
        if left < 0:
            raise WireError("a value that takes too long to read")
        return rebuild(parts)

    return pay
