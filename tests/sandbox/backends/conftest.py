"""A container engine of the tests' own: podman with its own storage, and an image with Python.

RATCHET_TEST_ENGINE (an address) and RATCHET_TEST_IMAGE name another one, docker say.
"""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ratchet.sandbox.backends.container import LABEL, ContainerSandbox
from ratchet.sandbox.backends.engine_api import Engine
from ratchet.sandbox.home import home_directory
from tests.sandbox.watching import wait_until

HERE = Path(__file__).parent
_NAME = "ratchet-test"


@dataclass(frozen=True)
class TestEngine:
    """Where the engine answers, and what it runs."""

    __test__ = False

    address: str
    image: str
    service: subprocess.Popen[bytes] | None = None

    def sandbox(self, **options: object) -> ContainerSandbox:
        """A sandbox of one slot in it."""
        return ContainerSandbox(self.image, engine=self.address, **{"slots": 1, **options})  # type: ignore[arg-type]

    def containers(self, pid: int | None = None) -> list[tuple[str, int]]:
        """Id and process of every container, also of ended ones, that the process `pid` (ours) has made."""
        api = Engine(self.address)
        found = []
        for each in api._ask("GET", "/containers/json?all=1") or []:
            if each["Labels"].get(LABEL) == f"{os.uname().nodename}:{pid or os.getpid()}":
                state = api._ask("GET", f"/containers/{each['Id']}/json")["State"]
                found.append((each["Id"], int(state["Pid"])))
        return found


@pytest.fixture(scope="session")
def engine() -> Iterator[TestEngine]:
    """A container engine and an image with Python."""
    if named := os.environ.get("RATCHET_TEST_ENGINE"):
        yield TestEngine(named, os.environ["RATCHET_TEST_IMAGE"])
        return
    with OwnEngine() as started:
        yield started


class OwnEngine:
    """Podman's service on a socket of its own."""

    def __enter__(self) -> TestEngine:
        tools = ("podman", "runc", "debootstrap")
        if lacking := [tool for tool in tools if shutil.which(tool) is None]:
            pytest.skip(f"no {lacking[0]} here: apt install {' '.join(tools)}")
        if os.geteuid() != 0:
            pytest.skip("the tests' own container engine needs root; name another by RATCHET_TEST_ENGINE")
        self._folder = Path(tempfile.mkdtemp(prefix="ratchet-engine-"))
        kept = home_directory() / "test-engine"
        kept.mkdir(parents=True, exist_ok=True)
        podman = ["podman", "--root", str(kept / "storage"), "--runroot", str(kept / "run")]
        # What removes a container after its end may come after ours: its settings stay where they are.
        environment = {**os.environ, "CONTAINERS_CONF": str(_configuration(kept))}
        with (kept / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if subprocess.run([*podman, "image", "exists", _NAME], env=environment).returncode != 0:
                made = subprocess.run([HERE / "image.sh"], capture_output=True, text=True)
                if made.returncode != 0:
                    pytest.skip(f"the image for the tests cannot be made: {made.stderr[-300:]}")
                path = made.stdout.strip()
                subprocess.run([*podman, "import", path, _NAME], env=environment, check=True)
        socket = self._folder / "engine.sock"
        with (self._folder / "log").open("wb") as log:
            self._service = subprocess.Popen(
                [*podman, "system", "service", "--time=0", f"unix://{socket}"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        assert wait_until(socket.is_socket, 30), (self._folder / "log").read_text()
        return TestEngine(str(socket), _NAME, self._service)

    def __exit__(self, *_: object) -> None:
        self._service.terminate()
        self._service.wait()
        shutil.rmtree(self._folder)


def _configuration(folder: Path) -> Path:
    """Settings with which podman runs here: without systemd, and without the right to raise limits."""
    limits = []
    for name, most in (("nofile", 16384), ("nproc", 32768)):
        hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
        number = most if hard == resource.RLIM_INFINITY else min(most, hard // 2)
        limits.append(f'"{name}={number}:{number}"')
    path = folder / "containers.conf"
    path.write_text(
        f"[containers]\ndefault_ulimits = [{', '.join(limits)}]\n"
        '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
    )
    return path
