"""What the doctor says, as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Whether a wall stands."""

    UP = "up"
    DOWN = "down"
    NOT_NEEDED = "not needed"
    """Nothing would get past it that something else does not stop."""


@dataclass(frozen=True, slots=True)
class Wall:
    """One wall: whether it stands, what was seen of it, and what would raise it."""

    name: str
    state: State
    why: str
    mend: str = ""
    """What to do, where it is down: a command or a setting."""
    matters: bool = True
    """Whether the jail is open without it; if not, another wall stands behind it."""


@dataclass(frozen=True, slots=True)
class Attacked:
    """One attack that was run, and what came of it."""

    name: str
    stopped: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All walls and attacks of one kind of jail on this machine."""

    system: str
    """The machine, in words: kernel, architecture, user."""
    mode: str
    """Which walls were asked for."""
    walls: tuple[Wall, ...]
    attacks: tuple[Attacked, ...]
    note: str = ""
    """Why there is no more to say, where there is not."""

    @property
    def holds(self) -> bool:
        """Every wall that matters is up, and attacks were run, and all were stopped."""
        standing = all(wall.state is not State.DOWN for wall in self.walls if wall.matters)
        return standing and bool(self.attacks) and all(attack.stopped for attack in self.attacks)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, `holds` among it."""
        return asdict(self) | {"holds": self.holds}
