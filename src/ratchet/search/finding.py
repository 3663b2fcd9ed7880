"""From a source of any kind to the APIs that some words describe: what `ratchet search` does."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ratchet.errors import RatchetError
from ratchet.search.blocks import is_index
from ratchet.search.index import Hit, Index
from ratchet.search.jsonl import read_documents
from ratchet.search.source import Skipped, extract


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found: hits, best first; how many entries were looked through; files that were skipped."""

    source: str
    query: str
    hits: tuple[Hit, ...]
    entries: int
    skipped: tuple[Skipped, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON data, as `--json` has it: a hit is its rank, its score and its entry's fields."""
        return {
            "source": self.source,
            "query": self.query,
            "entries": self.entries,
            "skipped": [asdict(file) for file in self.skipped],
            "hits": [
                {"rank": rank, "score": round(hit.score, 4), **asdict(hit.entry)}
                for rank, hit in enumerate(self.hits, start=1)
            ],
        }


def search(source: str | Path, query: str, *, k: int = 5, save: str | Path | None = None) -> Answer:
    """The at most `k` APIs of `source` that `query` describes best; with `save`, the index is kept there.

    Raises RatchetError where the source cannot be read, where the query has no word
    in it, and where the index cannot be saved.
    """
    if k < 1:
        raise RatchetError(f"k must be at least 1, not {k}.")
    if not any(character.isalnum() for character in query):
        raise RatchetError('there is no word to search for: say what the API does, as in "parse a date".')
    index, skipped = open_source(source)
    if save is not None:
        index.save(save)
    return Answer(str(source), query, tuple(index.search(query, k)), len(index), skipped)


def open_source(source: str | Path) -> tuple[Index, tuple[Skipped, ...]]:
    """The index of `source`, and the files of it that were skipped.

    A source is an index file, a JSON or JSON Lines file of documents, or what
    `extract` takes: an installed package, a folder, a module, a wheel. Raises
    RatchetError where it is none of these, or holds no API.
    """
    path = Path(source)
    if is_index(path):
        return Index.open(path), ()
    if path.suffix in (".json", ".jsonl") and path.is_file():
        return Index.build(read_documents(path)), ()
    extraction = extract(source)
    if not extraction.entries:
        read = "1 file was" if extraction.files == 1 else f"{extraction.files:,} files were"
        raise RatchetError(
            f"nothing public is defined in {source}: {read} read, {len(extraction.skipped):,} skipped"
            + (
                f" ({extraction.skipped[0].path}: {extraction.skipped[0].reason})."
                if extraction.skipped
                else "."
            )
        )
    return Index.build(extraction.entries), extraction.skipped
