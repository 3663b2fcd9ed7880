"""Which NumPy and pandas a benchmark about them is judged with, and what does not work with these.

NumpyEval and PandasEval were published for versions that cannot be installed for the Pythons
that Ratchet runs on. What their solutions and tests use has since been renamed or removed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from ratchet.errors import RatchetError

CHOICES = ("pinned", "current")
"""The nearest versions to the published ones, in an environment of their own; or those beside Ratchet."""

PUBLISHED = {"numpy": "1.21.4", "pandas": "1.3.5"}
"""What the authors pin (cert/requirements.txt); there are wheels up to Python 3.10."""

_NEAREST = {11: ("1.23.5", "1.5.3"), 12: ("1.26.4", "2.2.3")}
"""Minor version of Python -> the nearest numpy and pandas with wheels for it."""
_NEAREST_LATER = ("2.2.6", "2.2.3")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a problem or its solution does not work, with `package` from version `since` to before `until`."""

    reason: str
    package: str = ""
    """Empty: it does not work with any version."""
    since: tuple[int, ...] = ()
    until: tuple[int, ...] = ()

    def is_there(self, versions: Mapping[str, str]) -> bool:
        """Whether it is one with these versions of the packages."""
        if not self.package:
            return True
        here = tuple(int(part) for part in re.findall(r"\d+", versions[self.package])[:3])
        return self.since <= here and (not self.until or here < self.until)


def versions_of(choice: str, *, minor: int = sys.version_info.minor) -> dict[str, str]:
    """Package -> version, for one of `CHOICES` and Python 3.`minor`.

    Raises RatchetError where the installed ones are asked for, and one is not installed.
    """
    if choice == "pinned":
        return dict(zip(PUBLISHED, _NEAREST.get(minor, _NEAREST_LATER), strict=True))
    try:
        return {name: version(name) for name in PUBLISHED}
    except PackageNotFoundError as error:
        raise RatchetError(
            f"{error.name} is not installed beside Ratchet: pip install numpy pandas, or leave out :current."
        ) from None


def requirements_of(choice: str, versions: Mapping[str, str]) -> tuple[str, ...]:
    """What pip is asked for; nothing, where the packages beside Ratchet are meant."""
    return tuple(f"{name}=={text}" for name, text in versions.items()) if choice == "pinned" else ()


def faults_with(faults: Mapping[int, Fault], versions: Mapping[str, str], name: str) -> dict[str, str]:
    """Problem's id ("NAME/NUMBER") -> reason, of the faults that are there with these versions."""
    return {f"{name}/{n}": fault.reason for n, fault in faults.items() if fault.is_there(versions)}


def about(
    name: str, choice: str, versions: Mapping[str, str], passing: int, published: int
) -> tuple[str, ...]:
    """The sentences that a report must show: which versions were used, and what that does to the score.

    `passing` problems of 101 have a solution of the benchmark's own that passes with them,
    `published` with those that it was published for.
    """
    meant, used = _listed(PUBLISHED), _listed(versions)
    why = "which have no wheels for this Python; the nearest that have" if choice == "pinned" else "not for"
    instead = f"{why} are {used}" if choice == "pinned" else f"{why} {used}, which are installed here"
    return (
        f"{name} was published for {meant}, {instead}.",
        f"Its own solutions pass {passing} of 101 problems with these, and {published} with those.",
    )


def _listed(versions: Mapping[str, str]) -> str:
    return " and ".join(f"{name} {text}" for name, text in versions.items())
