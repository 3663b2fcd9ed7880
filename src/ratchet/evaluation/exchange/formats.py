"""What every exchange format is made of: what is written, what is read, and the registry of formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ratchet.errors import RatchetError
from ratchet.evaluation.records import Evaluation, ProblemRecord, SampleRecord
from ratchet.problems.data import write_whole

Kind = Literal["completion", "program", "reply"]
"""What a text is: it continues the prompt, is a whole program, or is a chat model's reply with one in it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A sample as another tool's file has it."""

    task_id: str
    text: str
    kind: Kind = "completion"
    passed: bool | None = None
    """That tool's verdict; None where the file has none."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a Run is written out: samples in the Run's order, and the problems that they are on."""

    evaluation: Evaluation
    problems: Mapping[tuple[str, str], ProblemRecord]
    """By benchmark and problem id."""
    samples: Sequence[SampleRecord]

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """The benchmarks that there are samples of."""
        return tuple(dict.fromkeys(sample.benchmark for sample in self.samples))

    def problem_of(self, sample: SampleRecord) -> ProblemRecord:
        """The problem that a sample is on."""
        return self.problems[sample.benchmark, sample.problem_id]

    def by_problem(self) -> dict[tuple[str, str], list[SampleRecord]]:
        """The samples by benchmark and problem id, in the Run's order."""
        found: dict[tuple[str, str], list[SampleRecord]] = {}
        for sample in self.samples:
            found.setdefault((sample.benchmark, sample.problem_id), []).append(sample)
        return found

    def program_of(self, sample: SampleRecord) -> str:
        """The prompt with the completion, or the program that stands alone."""
        return sample.completion if sample.standalone else self.problem_of(sample).prompt + sample.completion

    @property
    def created(self) -> datetime:
        """When the Run was begun."""
        return datetime.fromisoformat(self.evaluation.created)


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written, and sentences on what they do not say."""

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


Write = Callable[[Selection, Path], Written]
Read = Callable[[Path], Iterable[Answer]]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: how a Run is written in it, and how samples are read out of it.

    `one_benchmark`: a file holds the samples of one benchmark at one temperature, no more.
    """

    title: str
    write: Write
    read: Read
    one_benchmark: bool = True


def json_text(value: Any) -> str:
    """JSON in ASCII: every text survives it, lone surrogates too."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write a JSON Lines file whole; raises RatchetError where it cannot be written."""
    return write_text(path, "".join(f"{json_text(row)}\n" for row in rows))


def write_text(path: Path, text: str) -> Path:
    """Write a file whole, or not at all; raises RatchetError where it cannot be written."""
    try:
        write_whole(text.encode("utf-8"), path)
    except OSError as error:
        raise RatchetError(
            f"{path} cannot be written ({error.strerror or error}); name another file."
        ) from None
    return path


def sound_text(text: str) -> str:
    """The text with U+FFFD for every lone surrogate: formats that hold real UTF-8 cannot hold those."""
    return text.encode("utf-8", "replace").decode("utf-8") if _is_broken(text) else text


def _is_broken(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def about_surrogates(samples: Iterable[SampleRecord]) -> tuple[str, ...]:
    """A sentence where `sound_text` changes something of the samples."""
    changed = sum(_is_broken(f"{sample.completion}{sample.raw}") for sample in samples)
    if not changed:
        return ()
    plural = "s hold" if changed > 1 else " holds"
    return (f"{changed} sample{plural} lone surrogates, which this format cannot: U+FFFD stands for them.",)
