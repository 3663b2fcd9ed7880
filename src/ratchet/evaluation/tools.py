"""Tools that a model may use while it writes, by what a person names: "search:SOURCE"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from ratchet.errors import RatchetError

Tool = Callable[[str], str]


def load_tool(names: Sequence[str]) -> Tool | None:
    """The API search that `names` ask for; None where there are none.

    "search:SOURCE" looks through SOURCE as `ratchet search` does, several of them in their order
    until one answers, and answers with the name of the best API. Raises RatchetError on other names,
    and where a source cannot be read.
    """
    from ratchet.search import open_source

    indexes = []
    for name in names:
        kind, _, source = name.partition(":")
        if kind != "search" or not source:
            raise RatchetError(
                f'there is no tool "{name}": write search:SOURCE, with a package, a folder, a file of '
                "documents or an index as `ratchet search` takes it."
            )
        indexes.append(open_source(source)[0])
    if not indexes:
        return None

    @lru_cache(maxsize=4096)
    def answer(query: str) -> str:
        for index in indexes:
            for hit in index.search(query, 1):
                return hit.entry.public
        return ""

    return answer
