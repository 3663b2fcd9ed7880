"""Packages for Python programs: resolved and installed outside the jail, read-only inside.

    environments = Environments(home_directory() / "packages", PackageSettings(deny=("torch",)))
    environment = environments.environment(["requests>=2", "numpy==1.26.4"])
    environment.folder, environment.resolved           # goes first on a program's import path

uv does both, with wheels only: nothing of a package is executed. A set of packages is
installed once, under a key made of the exact versions and hashes; requests are mapped to such
sets for a day. What the program asked wrongly is a `PackagesError` that says what to change;
what is wrong with this machine (no uv, no index, a full disk) is a `RatchetError`.
"""

from ratchet.sandbox.packages.environments import Environments
from ratchet.sandbox.packages.nouns import Environment, PackagesError, PackageSettings

__all__ = ["Environment", "Environments", "PackageSettings", "PackagesError"]
