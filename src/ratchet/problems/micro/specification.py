"""Specifications of the micro-domain: a chain of operations, and its text and code.

The same specification is written in two forms that say the same words:

*interleaved* (multi-turn): each step's sentence is followed by its code, so a
model answers one sentence at a time with its own earlier code in view;

*block* (single-turn): all sentences stand above the function, then comes all code.

The block stands above the `def` line so that the first line of a text tells
which form it is in: were both to begin with `def` and a comment, a model could
not know whether code or the next sentence is due.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from ratchet.problems.micro.operations import OPERATIONS, Kind, Operation

INDENT = "    "
ENTRY_POINT = "f"
CLOSING = "Return the result."
MAX_STEPS = 5
HELD_OUT_SHARE = 4
"""One in this many signatures is held out (of those with two steps or more)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation, and which of its wordings it is asked for in (0 or 1)."""

    name: str
    wording: int

    @property
    def operation(self) -> Operation:
        """The operation itself."""
        return OPERATIONS[self.name]

    @property
    def sentence(self) -> str:
        """What is asked, in words."""
        return self.operation.wordings[self.wording]

    def code(self, *, confused: bool = False) -> str:
        """The line that does it (or what its look-alike twin does), indented."""
        return INDENT + self.operation.line(confused=confused) + "\n"


@dataclass(frozen=True, slots=True)
class Specification:
    """A chain of steps, each taking what the one before gives."""

    steps: tuple[Step, ...]

    @property
    def signature(self) -> tuple[str, ...]:
        """The names of the operations in order: what decides between training and held-out."""
        return tuple(step.name for step in self.steps)

    @property
    def takes(self) -> Kind:
        """The kind of the argument."""
        return self.steps[0].operation.takes

    @property
    def gives(self) -> Kind:
        """The kind of the result."""
        return self.steps[-1].operation.gives

    @property
    def header(self) -> str:
        """The `def` line."""
        return f"def {ENTRY_POINT}({self.takes}):\n"

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is asked, a sentence per step, and last the request to return the result.

        The last sentence tells a model that answers turn by turn that nothing
        more will be asked, as MTPB's last turn does by asking to print.
        """
        return (*(step.sentence for step in self.steps), CLOSING)

    @property
    def turns(self) -> tuple[str, ...]:
        """The multi-turn request: one comment line per sentence, the first one under the header."""
        comments = [f"{INDENT}# {sentence}\n" for sentence in self.sentences]
        return (self.header + comments[0], *comments[1:])

    @property
    def block_prompt(self) -> str:
        """The whole request in one turn: all comments, then the header."""
        return "".join(f"# {sentence}\n" for sentence in self.sentences) + self.header

    def program(self, *, interleaved: bool, confused: Collection[int] = ()) -> str:
        """The program in either form; steps whose index is in `confused` get their twin's code."""
        codes = [step.code(confused=i in confused) for i, step in enumerate(self.steps)]
        codes.append(f"{INDENT}return {self.gives}\n")
        if interleaved:
            return "".join(turn + code for turn, code in zip(self.turns, codes, strict=True))
        return self.block_prompt + "".join(codes)

    def without(self, index: int) -> Specification | None:
        """The specification less one step, if what is left still fits together."""
        step = self.steps[index].operation
        if len(self.steps) == 1 or step.takes is not step.gives:
            return None
        return Specification(self.steps[:index] + self.steps[index + 1 :])


def is_held_out(signature: tuple[str, ...]) -> bool:
    """Whether a signature belongs to the held-out side.

    A pure function of the signature, so that no specification can be on both
    sides, whoever draws it and whenever. Single steps are always for training:
    a model cannot know an operation that it never saw.
    """
    if len(signature) == 1:
        return False
    digest = hashlib.sha256("/".join(signature).encode()).digest()
    return int.from_bytes(digest[:8], "big") % HELD_OUT_SHARE == 0


def draw(random: Random, steps: int, *, held_out: bool) -> Specification:
    """A random specification of `steps` steps from one side of the split.

    Uniform over the starting kind (lists twice as likely), then over the
    operations that fit; rejected and drawn again until it is on the wanted side.

    Raises:
        ValueError: a single step is asked for from the held-out side, or
            `steps` is not between 1 and `MAX_STEPS`.
    """
    if not 1 <= steps <= MAX_STEPS or (held_out and steps == 1):
        raise ValueError(f"no specification of {steps} steps with held_out={held_out}")
    while True:
        kind = random.choice((Kind.LIST, Kind.LIST, Kind.TEXT, Kind.NUMBER))
        chain: list[Step] = []
        for _ in range(steps):
            operation = random.choice(_TAKING[kind])
            chain.append(Step(operation.name, random.randrange(len(operation.wordings))))
            kind = operation.gives
        specification = Specification(tuple(chain))
        if is_held_out(specification.signature) == held_out:
            return specification


_TAKING: dict[Kind, tuple[Operation, ...]] = {
    kind: tuple(op for op in OPERATIONS.values() if op.takes is kind) for kind in Kind
}
