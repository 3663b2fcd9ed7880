"""What a program may write to name a package: a name of the index, extras, versions, a marker.

Nothing else reaches uv: no option, no address, no path, no line break.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from ratchet.sandbox.packages.nouns import PackagesError, PackageSettings

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VERSION = r"(?:===|~=|==|!=|<=|>=|<|>)\s*[A-Za-z0-9._*+!-]+"
_VERSIONS = rf"{_VERSION}(?:\s*,\s*{_VERSION})*"
_REQUIREMENT = re.compile(
    rf"(?P<name>{_NAME})\s*(?:\[\s*(?P<extras>{_NAME}(?:\s*,\s*{_NAME})*)?\s*\])?"
    rf"\s*(?:\(\s*(?P<inner>{_VERSIONS})\s*\)|(?P<outer>{_VERSIONS}))?"
    r"\s*(?:;(?P<marker>[A-Za-z0-9_.<>=!~'\"() ,*+-]+))?"
)
_LONGEST = 300


def canonical_name(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parse(packages: Sequence[str], settings: PackageSettings) -> tuple[str, ...]:
    """What a program names, each in one spelling, sorted, without repetitions; raises PackagesError."""
    if isinstance(packages, str):
        raise PackagesError("packages must be a list of names, not one string")
    if len(packages) > settings.max_packages:
        raise PackagesError(
            f"{len(packages)} packages are named, and at most {settings.max_packages} may be; name fewer"
        )
    return tuple(sorted({_canonical(each, settings) for each in packages}))


def _canonical(text: str, settings: PackageSettings) -> str:
    match = _REQUIREMENT.fullmatch(text.strip(" \t")) if len(text) <= _LONGEST else None
    if match is None:
        raise PackagesError(_complaint(text))
    name = canonical_name(match["name"])
    if settings.allow is not None and not _listed(name, settings.allow):
        raise PackagesError(f"{name} is not on the allow-list of packages")
    if _listed(name, settings.deny):
        raise PackagesError(f"{name} is on the deny-list of packages")
    extras = sorted({canonical_name(each.strip()) for each in (match["extras"] or "").split(",") if each})
    versions = sorted({"".join(each.split()) for each in (match["inner"] or match["outer"] or "").split(",")})
    marker = " ".join((match["marker"] or "").split())
    return "".join(
        (
            name,
            f"[{','.join(extras)}]" if extras else "",
            ",".join(versions),
            f" ; {marker}" if marker else "",
        )
    )


def _complaint(text: str) -> str:
    shown = repr(text if len(text) <= 80 else f"{text[:77]}...")
    if text.lstrip().startswith("-"):
        return f"{shown} is an option, and only names of packages are taken, such as 'requests>=2'"
    if any(sign in text for sign in ("://", "@", "/", "\\")) or text.startswith((".", "~", "file:")):
        return f"{shown} is an address or a path, and only packages of the index are installed; name one"
    return f"{shown} does not name a package; write a name and perhaps versions, such as 'requests>=2,<3'"


def check_resolved(resolved: Iterable[str], settings: PackageSettings) -> None:
    """Raise PackagesError if something on the deny-list would come along."""
    for each in resolved:
        name = each.partition("==")[0]
        if _listed(name, settings.deny):
            raise PackagesError(f"{name}, which these packages need, is on the deny-list of packages")


def _listed(name: str, names: Iterable[str]) -> bool:
    return any(fnmatchcase(name, canonical_name(each)) for each in names)
