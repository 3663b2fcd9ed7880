"""What takes seconds to read is read once."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from ratchet.search import Extraction, extract


@pytest.fixture(scope="session")
def standard_library() -> Extraction:
    """All of the standard library's source."""
    return extract(Path(sysconfig.get_path("stdlib")))


@pytest.fixture(scope="session")
def numpy_source() -> Extraction:
    """numpy as it is installed."""
    return extract("numpy")
