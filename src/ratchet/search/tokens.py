"""Words to search by: identifiers taken apart, endings taken off, words that say nothing left out.

    tokens("Remove the NaNs from a DataFrame")   ->  remov nan data fram datafram

A name such as `read_csv` or `DataFrame` gives its parts and, run together, its
whole, so that it is found by either spelling. Documents and queries go through
the same function; an index is only good with the tokens that it was built with,
which is what `VERSION` is for.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

VERSION = 1
"""Changes whenever `tokens` gives something else for some text."""

MAX_LENGTH = 64
"""Longer runs of letters are no words but data, and are passed over."""

_FUNCTION_WORDS = """
    a an and are as at be been being but by can could did do does for from had has have having he her his
    how i if in into is it its just may me might my of on onto or our s shall she should so such t than
    that the their them then there these they this those to too us was we were what which while who whose
    why will with would you your
"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Function words of English. Those that name operations (all, any, not, where, each, between) are none."""

_WORD = re.compile(r"\w+")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]*[a-z0-9]+|[A-Z]+")
_WHOLE = frozenset({"nan", "nans", "nat", "nats"})  # written NaN, NaNs, and no camel's humps
_IRREGULAR = {
    "axes": "axis",
    "children": "child",
    "indices": "index",
    "leaves": "leaf",
    "matrices": "matrix",
    "none": "none",
    "note": "note",
    "vertices": "vertex",
}
_VOWELS = frozenset("aeiouy")


def tokens(text: str) -> list[str]:
    """The tokens of `text`, in order and with repeats; of any text at all, each lower case and not empty."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    found: list[str] = []
    for word in _WORD.findall(text):
        if len(word) <= 4 * MAX_LENGTH:
            found += _tokens_of_word(word)
    return found


@lru_cache(maxsize=1 << 16)
def _tokens_of_word(word: str) -> tuple[str, ...]:
    parts = [part for piece in word.split("_") if piece for part in _camel_parts(piece)]
    # Inside a name, "and" or "is" is no filler: logical_and, is_dir.
    kept = [stem(part) for part in parts if len(parts) > 1 or part not in STOP_WORDS]
    if len(parts) > 1:
        kept.append(stem("".join(parts)))
    return tuple(part for part in kept if len(part) <= MAX_LENGTH)


def _camel_parts(piece: str) -> list[str]:
    """DataFrame -> data, frame; HTTPServer -> http, server; one word in any one case stays whole."""
    if not piece.isascii() or piece.islower() or piece.isupper() or piece.lower() in _WHOLE:
        return [piece.casefold()]
    return [part.lower() for part in _PART.findall(piece)]


def stem(word: str) -> str:
    """A lower-case English word without the ending of its number, tense or noun form.

    Rules of our own, on purpose few: sorts, sorted, sorting -> sort; values, value
    -> valu; copies, copied -> copy; rotation, rotate, rotated -> rotat. Different
    words are seldom merged; some forms of one word stay apart (inverse, inverting).
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return word
    word = _without_tense(_without_plural(word))
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def _without_plural(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and word[-2] not in "suai":
        return word[:-1]
    return word


def _without_tense(word: str) -> str:
    if word.endswith("ied") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ion") and len(word) > 6 and word[-4] in "st":
        return word[:-3]
    if word.endswith("eed"):
        return word
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 2 and not _VOWELS.isdisjoint(rest):
            doubled = len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "aeioulsz"
            return rest[:-1] if doubled else rest
    return word
