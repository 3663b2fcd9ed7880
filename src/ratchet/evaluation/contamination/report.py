"""What a contamination check found out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Match:
    """Something of a problem that stands in a document too."""

    problem_id: str
    kind: str
    """"n-gram" or "similar"."""
    part: str
    """"prompt", "reference" or "tests"; of several references, "reference 2" and so on."""
    path: str
    line: int
    share: float
    """Of the part's n-grams, those in this document; or the similarity of the code. From 0 to 1."""


@dataclass(frozen=True, slots=True)
class Finding:
    """All that was found of one problem; `matches` has the strongest, `documents` counts all by kind."""

    problem_id: str
    overlap: Mapping[str, float]
    """By part: the share of its n-grams that stand anywhere in the corpus."""
    similarity: float
    """The highest of the code; 0 where none is above the threshold."""
    documents: Mapping[str, int]
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Of one benchmark against one corpus. `findings` has the problems of which anything was found."""

    benchmark: str
    problems: int
    findings: tuple[Finding, ...]
    documents: int
    characters: int
    n: int
    threshold: float
    without_ngrams: tuple[str, ...]
    """Problems too short, or too like the others, for an n-gram of their own."""
    without_code: tuple[str, ...]
    """Problems whose code is not known or too short to be compared."""
    skipped: tuple[str, ...] = field(default=())
    """Files of the corpus that are no text, as far as the caller said."""

    @property
    def overlapping(self) -> tuple[str, ...]:
        """Problems of which at least one n-gram stands in the corpus: what GPT-3's authors call dirty."""
        return tuple(one.problem_id for one in self.findings if one.overlap)

    @property
    def similar(self) -> tuple[str, ...]:
        """Problems whose code stands in the corpus, nearly as it is."""
        return tuple(one.problem_id for one in self.findings if one.similarity)

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        if not self.findings:
            return (
                f"{self.benchmark}: nothing of it was found in the corpus "
                f"(problems: {self.problems:,}, documents: {self.documents:,})."
            )
        return (
            f"{self.benchmark}: of {self.problems:,} problems {len(self.overlapping):,} share a "
            f"{self.n}-gram with the corpus, and the code of {len(self.similar):,} stands there "
            f"with a similarity above {self.threshold:.0%}."
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self) | {
            "overlapping": list(self.overlapping),
            "similar": list(self.similar),
            "sentence": self.sentence,
        }
