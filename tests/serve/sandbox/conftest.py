"""One server for the tests that do not care which."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serve.sandbox.serving import Served, serving


@pytest.fixture(scope="package")
def served() -> Iterator[Served]:
    """A server with two slots."""
    with serving() as found:
        yield found
