"""Sets that iterate in the receiver's process as they do in the sender's.

The order of a set follows from the hashes, the size of its table and the order
of insertion. Hashes agree between slots (PYTHONHASHSEED is 0), but inserting the
items in the order of iteration gives the same order only while no two of them
wanted one place. So the sender looks for an order of insertion that gives what it
has, and sends that with the size of the table. The search models CPython's
probing; what it found is built and compared before it is sent, and when it found
nothing the items go in the order of iteration. A set that is longer than
`MAX_ORDERED`, or that had items taken out, may then iterate otherwise.
"""

from __future__ import annotations

import random
import sys
from bisect import bisect
from typing import Any

MAX_ORDERED = 200
_MAX_TABLE = 1 << 12
_TRIES = 60
_LINEAR_PROBES = 9
_PERTURB_SHIFT = 5
_SMALL = 8
_SPARSE = 16
"""Places an item at most: nobody may have a long table built for nothing."""
_EMPTY_SIZE = sys.getsizeof(set())
_ENTRY_SIZE = 16
_FOREIGN_HASHES = bool(sys.flags.hash_randomization)


def parts_of(items: set[Any] | frozenset[Any]) -> tuple[int, list[Any]]:
    """The size of the table (0: whatever comes by itself) and the items in an order of insertion."""
    order = list(items)
    if len(order) < 2 or len(order) > MAX_ORDERED:
        return 0, order
    if _FOREIGN_HASHES and not all(type(item) is int for item in order):
        return 0, sorted(order, key=repr)  # this process' order means nothing, and differs in every run
    size = _table_size(items)
    if list(set(order)) == order and _table_size(set(order)) == size:
        return 0, order
    found = _search(order, size) if size <= min(_MAX_TABLE, _SPARSE * len(order)) else None
    if found is not None and list(rebuilt(size, found, type(items))) == order:
        return size, found
    return 0, order


def rebuilt(size: int, items: list[Any], kind: type = set) -> Any:
    """A set of `items`, inserted in their order into a table of `size` places (0: that grows by itself)."""
    if not _SMALL < size <= min(_MAX_TABLE, _SPARSE * len(items)):
        return kind(items)
    if kind is not set:
        return kind(dict.fromkeys(items))
    # A set made from a dict gets the next power of two over twice its length; the filler makes up the length.
    first, rest = items[: size // 2 - 1], items[size // 2 - 1 :]
    filler = [object() for _ in range(size // 4 - len(first))]
    made: set[Any] = set(dict.fromkeys([*first, *filler]))
    made.difference_update(filler)
    for item in rest:
        made.add(item)
    return made


def _table_size(items: set[Any] | frozenset[Any]) -> int:
    return (sys.getsizeof(items) - _EMPTY_SIZE) // _ENTRY_SIZE or _SMALL


def _place(taken: set[int], mask: int, hashed: int) -> int:
    """Where an item goes in a table in which `taken` places are."""
    perturb = hashed & 0xFFFF_FFFF_FFFF_FFFF
    start = hashed & mask
    while True:
        last = start + _LINEAR_PROBES if start + _LINEAR_PROBES <= mask else start
        for place in range(start, last + 1):
            if place not in taken:
                return place
        perturb >>= _PERTURB_SHIFT
        start = (start * 5 + 1 + perturb) & mask


def _search(order: list[Any], size: int) -> list[Any] | None:
    """An order of insertion after which the items lie as in `order`; None if none was found."""
    mask = size - 1
    hashes = [hash(item) for item in order]
    first = list(range(len(order)))
    chance = random.Random(0)
    for attempt in range(_TRIES):
        taken: set[int] = set()
        ranks: list[int] = []
        places: list[int] = []
        inserted: list[int] = []
        waiting = first
        while waiting:
            later = []
            for rank in waiting:
                place = _place(taken, mask, hashes[rank])
                at = bisect(ranks, rank)
                if (at == 0 or places[at - 1] < place) and (at == len(places) or place < places[at]):
                    ranks.insert(at, rank)
                    places.insert(at, place)
                    taken.add(place)
                    inserted.append(rank)
                else:
                    later.append(rank)
            if len(later) == len(waiting):
                break
            waiting = later
        if not waiting:
            return [order[rank] for rank in inserted]
        stuck = set(waiting)
        first = waiting + [rank for rank in first if rank not in stuck]
        if attempt % 2:
            chance.shuffle(first)
    return None
