"""The packages that Python programs name, as something that a slot can show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ratchet.errors import RatchetError
from ratchet.sandbox.home import home_directory
from ratchet.sandbox.languages.python import Interpreter, interpreter
from ratchet.sandbox.packages import Environments, PackageSettings


class Supply:
    """Makes environments of packages, and keeps those that programs use now."""

    def __init__(self, settings: PackageSettings | None) -> None:
        """Nothing is made until it is asked for; `settings` None: there are no packages."""
        self._settings = settings
        self._environments: Environments | None = None

    @contextmanager
    def world(self, packages: Sequence[str]) -> Iterator[Interpreter]:
        """An interpreter whose programs find these packages; raises PackagesError if it cannot be had."""
        if not packages:
            yield interpreter()
            return
        if self._settings is None:
            raise RatchetError(
                "this sandbox installs no packages: leave them out, or have it opened with some allowed."
            )
        if self._environments is None:
            self._environments = Environments(home_directory() / "packages", self._settings)
        environments = self._environments
        environment = environments.environment(packages)
        try:
            yield interpreter().with_packages(environment.folder)
        finally:
            environments.release(environment)

    def close(self) -> None:
        """Let go of all that is kept."""
        if self._environments is not None:
            self._environments.close()
