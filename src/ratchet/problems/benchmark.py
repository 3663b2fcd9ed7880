"""A benchmark: problems with their limits, and where they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

from ratchet.problems.types import Problem
from ratchet.sandbox.types import Limits


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A named, fixed set of problems, in their published order.

    `default_limits` are those under which its published figures were made.
    `licence` is an SPDX identifier, or "unknown"; `source` says where the data came from.
    `exceptions` names the problems whose own reference is known not to pass, and why;
    `broken` those that no answer can pass, or not here: figures are given with and without
    them. `rules` is "paper" where all is judged as the authors' own harness does, for figures
    that can be compared with published ones, and "strict" where its mistakes are mended.
    `notes` are sentences that a report must not leave out.
    """

    name: str
    problems: tuple[Problem, ...]
    default_limits: Limits
    licence: str
    source: str
    exceptions: Mapping[str, str] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    rules: Literal["strict", "paper"] = "strict"
    notes: tuple[str, ...] = ()

    def digest(self) -> str:
        """SHA-256, in hexadecimal, over all that the problems say: the same problems, the same digest."""
        hasher = hashlib.sha256()
        for problem in self.problems:
            hasher.update(_canonical(problem).encode("utf-8", "surrogatepass"))
        return hasher.hexdigest()


def _canonical(value: Any) -> str:
    """A text that equal plain data shares in every process (a set's own order does not)."""
    if is_dataclass(value) and not isinstance(value, type):
        named = [f"{f.name}={_canonical(getattr(value, f.name))}" for f in fields(value)]
        return f"{type(value).__name__}({','.join(named)})"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_canonical(k)}:{_canonical(v)}" for k, v in value.items()) + "}"
    if isinstance(value, set | frozenset):
        return type(value).__name__ + "{" + ",".join(sorted(map(_canonical, value))) + "}"
    if isinstance(value, list | tuple):
        return type(value).__name__ + "[" + ",".join(map(_canonical, value)) + "]"
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value)
    return repr(value)
