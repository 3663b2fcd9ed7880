"""Versions of toolchains, and the selectors that Piston's clients choose them by (npm's semver)."""

from __future__ import annotations

import re

Version = tuple[int, int, int]

_DOTTED = re.compile(r"(?<![\d.])(\d+)\.(\d+)(?:\.(\d+))?")
_BARE = re.compile(r"(?<![\w.])v?(\d+)")
_PART = re.compile(
    r"(\^|~|>=|<=|>|<|=)?\s*v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:[-+][\w.+-]*)?"
)
_RANGE = re.compile(r"(\S+)\s+-\s+(\S+)")


def version_of(said: str) -> str:
    """The version in what a tool says of itself, as three numbers: "g++ 12.2.0" gives "12.2.0"."""
    found = _DOTTED.search(said) or _BARE.search(said)
    parts = [part or "0" for part in found.groups()] if found else []
    return ".".join([*parts, "0", "0", "0"][:3])


def satisfies(version: str, selector: str) -> bool:
    """Whether a version is one that the selector asks for; one that is not understood asks for none."""
    numbers = _numbers(version)
    return any(_all(numbers, each.strip()) for each in selector.split("||"))


def _numbers(version: str) -> Version:
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch


def _all(version: Version, comparators: str) -> bool:
    comparators = _RANGE.sub(r">=\1 <=\2", comparators)
    if comparators in ("", "latest"):
        return True
    place = 0
    while place < len(comparators):
        match = _PART.match(comparators, place)
        if match is None or not _one(version, match):
            return False
        place = match.end()
        rest = comparators[place:]
        if rest and not rest[0].isspace():
            return False
        place += len(rest) - len(rest.lstrip())
    return True


def _one(version: Version, match: re.Match[str]) -> bool:
    operator = match[1] or "="
    given = [int(part) if part and part.isdigit() else None for part in match.groups()[1:]]
    known: list[int] = []
    for part in given:
        if part is None:
            break
        known.append(part)
    if not known:  # "*": any version, but none is less or greater than any
        return operator not in ("<", ">")
    least = _filled(known)
    if operator == "^":
        first = next((i for i, part in enumerate(known) if part), len(known) - 1)
        return least <= version < _next(known[: first + 1])
    if operator == "~":
        return least <= version < _next(known[:2])
    above = _next(known)
    return {
        "=": least <= version < above,
        ">=": version >= least,
        "<": version < least,
        ">": version >= above,
        "<=": version < above,
    }[operator]


def _filled(known: list[int]) -> Version:
    major, minor, patch = (*known, 0, 0)[:3]
    return major, minor, patch


def _next(known: list[int]) -> Version:
    return _filled([*known[:-1], known[-1] + 1])
