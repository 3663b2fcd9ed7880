"""Fixtures for every test: the real command, the real jail, the real browser, the benchmarks' data.

A test that needs what this machine lacks is skipped, and says what to do about it.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from ratchet.sandbox import LocalSandbox

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# How long an example takes says how busy the machine is.
settings.register_profile("ratchet", deadline=None)
settings.load_profile("ratchet")

# Test workers share the cores; left alone, each would start as many threads as there are.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the fixtures that they use, and skip those for which torch is missing."""
    without_torch = pytest.mark.skip(reason="the extra `local` is not installed: pip install -e '.[local]'")
    has_torch = importlib.util.find_spec("torch") is not None
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "benchmark_data" in fixtures:
            item.add_marker("data")
        if "chromium" in fixtures:
            item.add_marker("browser")
        if not has_torch and item.get_closest_marker("local"):
            item.add_marker(without_torch)


@pytest.fixture(scope="session")
def benchmark_data() -> Path:
    """The directory of the benchmarks' data."""
    named = os.environ.get("RATCHET_DATA")
    if not named:
        pytest.skip("RATCHET_DATA does not name the directory of the benchmarks' data")
    if not Path(named).is_dir():
        pytest.skip(f"RATCHET_DATA names {named}, which is no directory")
    return Path(named)


class RunRatchet(Protocol):
    """Calls the console command in a process of its own."""

    def __call__(
        self,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        input: str = "",
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run `ratchet ARGUMENTS`, `env` added to the environment; the exit code is not checked."""


@pytest.fixture(scope="session")
def ratchet_command() -> Path:
    """The installed console script."""
    script = Path(sys.executable).parent / "ratchet"
    assert script.exists(), f"{script} is missing: pip install -e ."
    return script


@pytest.fixture
def ratchet_cli(ratchet_command: Path, tmp_path: Path) -> RunRatchet:
    """The console command, run in a subprocess; by default in an empty directory."""

    def run(
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        input: str = "",
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ratchet_command, *map(str, arguments)],
            env={**os.environ, **(env or {})},
            cwd=cwd or tmp_path,
            input=input,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
        )

    return run


@pytest.fixture(scope="session")
def sandbox() -> Iterator[LocalSandbox]:
    """The jail, with all its walls, shared by a worker's tests."""
    from ratchet.sandbox import LocalSandbox

    with LocalSandbox() as jail:
        yield jail


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
