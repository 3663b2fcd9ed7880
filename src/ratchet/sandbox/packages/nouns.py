"""The nouns of packages: what may be installed, what was, and why not."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ratchet.errors import RatchetError


class PackagesError(Exception):
    """What a program names cannot be installed; the message tells its author why, in one paragraph."""


class TimedOutError(PackagesError):
    """It took longer than `PackageSettings.timeout_s`."""


class TooLargeError(PackagesError):
    """It is larger than `PackageSettings.max_bytes`."""


@dataclass(frozen=True, slots=True)
class PackageSettings:
    """What programs may ask for. Raises RatchetError for a setting that cannot be meant.

    Names in `allow` and `deny` are compared as indexes do ("Foo_Bar" is "foo-bar"); they
    may be patterns such as "nvidia-*".
    """

    allow: tuple[str, ...] | None = None
    """The only packages that programs may name; what these need comes with them. None: all."""
    deny: tuple[str, ...] = ()
    """Packages that are never installed, not even because another needs them."""
    max_packages: int = 32
    """How many packages one program may name."""
    max_bytes: int = 2 << 30
    """The size of all of one program's packages, installed."""
    timeout_s: float = 300.0
    """Seconds for resolving and installing, and for waiting while another process does the same."""
    ttl_s: float = 86400.0
    """Seconds for which a request keeps its answer; then the index is asked for newer versions."""
    total_bytes: int = 20 << 30
    """The size of all environments that are kept; beyond it those not used for longest are removed."""
    index_url: str | None = None
    """The one index that is asked. None: what uv is configured to, else what pip is, else pypi.org."""

    def __post_init__(self) -> None:
        """Check the numbers and lists."""
        for name in ("max_packages", "max_bytes", "timeout_s", "ttl_s", "total_bytes"):
            value = getattr(self, name)
            if math.isnan(value) or value < 0 or (value == 0 and name != "ttl_s"):
                raise RatchetError(f"the setting {name} of packages is {value}; it must be more than 0.")
        lists: tuple[tuple[str, object], ...] = (("allow", self.allow), ("deny", self.deny))
        for name, names in lists:
            if isinstance(names, str):
                raise RatchetError(
                    f"the setting {name} of packages must be a tuple of names, not one string."
                )


@dataclass(frozen=True, slots=True)
class Environment:
    """Packages that lie installed together."""

    folder: str
    """What goes on the import path; read-only."""
    resolved: tuple[str, ...]
    """All that is in it, as "name==version", in order."""
    key: str
    """Its name in the cache: the same for the same versions and hashes, Python and platform."""
