"""What a piece of work ran on: interpreter, machine, and the versions that matter."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from typing import Any

from ratchet import __version__

DISTRIBUTION = "ratchet-code"


def describe_environment() -> dict[str, Any]:
    """The interpreter, the machine and the installed versions of Ratchet's dependencies.

    `cpus` counts the cores that this process may use. `packages` has every direct
    dependency that is installed, those of the extras included; none is imported.
    """
    return {
        "ratchet": __version__,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "packages": _installed_packages(),
    }


def _installed_packages() -> dict[str, str]:
    try:
        requirements = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # run from a source tree that was not installed
        return {}
    names = {match[0].lower() for line in requirements if (match := re.match(r"[A-Za-z0-9._-]+", line))}
    packages = {}
    for name in sorted(names):
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return packages
