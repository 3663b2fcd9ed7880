"""Seeds for the parts of a piece of work, derived from its one seed.

Parts that count up from a shared seed (`seed + 1`, `seed + 2`) meet each other's
random streams; parts that draw from one generator change when another part is
added before them. A derived seed depends on its own names and nothing else.
"""

from __future__ import annotations

import hashlib
import json


def derive(seed: int, *names: str | int) -> int:
    """The seed of the part called `names` of a work whose seed is `seed`: 0 <= result < 2**63.

    It is the first 63 bits of the SHA-256 of the JSON text `[seed,"name",…]`
    (ASCII, no spaces), big-endian. This never changes between versions. The
    string "1" and the number 1 are different names.

    >>> derive(0, "train", 3) == derive(0, "train", 3) != derive(0, "train", "3")
    True
    """
    text = json.dumps([seed, *names], ensure_ascii=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode("ascii")).digest()[:8], "big") >> 1
