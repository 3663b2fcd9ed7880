"""Control groups: where they are found, what they hold, and that none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ratchet.sandbox.backends import cgroup_files, cgroups

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="cgroups are Linux's")

MIB = 1 << 20

HYBRID = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
"""
DOCKER_V1 = """\
35 31 0:32 /docker/ab12 /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory
39 31 0:36 /docker/ab12 /sys/fs/cgroup/pids ro,relatime - cgroup cgroup rw,pids
"""
V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"


@pytest.mark.parametrize(
    ("mountinfo", "own", "v2", "v1"),
    [
        (
            HYBRID,
            "8:pids:/\n4:memory:/a/b c\n2:cpu,cpuacct:/x\n1:name=systemd:/\n0::/u\n",
            "/sys/fs/cgroup/unified/u",
            {
                "cpuacct": "/sys/fs/cgroup/cpu,cpuacct/x",
                "memory": "/sys/fs/cgroup/memory/a/b c",
                "pids": "/sys/fs/cgroup/pids",
            },
        ),
        (
            DOCKER_V1,
            "8:pids:/docker/ab12\n4:memory:/docker/ab12/inner\n",
            None,
            {"memory": "/sys/fs/cgroup/memory/inner", "pids": "/sys/fs/cgroup/pids"},
        ),
        (DOCKER_V1, "8:pids:/docker/other\n4:memory:/\n", None, {}),
        (V2, "0::/user.slice/user-1000.slice/session-2.scope\n",
         "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope", {}),
        (V2, "0::/\n", "/sys/fs/cgroup", {}),
        (V2, "0::/../other\n", None, {}),
        (V2.replace("/sys/fs/cgroup", "/mnt/with\\040space"), "0::/a\n", "/mnt/with space/a", {}),
        ("", "0::/\n", None, {}),
    ],
)  # fmt: skip
def test_where_they_are(mountinfo: str, own: str, v2: str | None, v1: dict[str, str]) -> None:
    found = cgroups.mounts(mountinfo, own)
    assert found.v2 == (Path(v2) if v2 else None)
    assert found.v1 == {name: Path(path) for name, path in v1.items()}


# Version 2's choice of a place, on folders that look like the kernel's


def tree(folder: Path, controllers: str = "cpu memory pids", enabled: str = "", procs: str = "") -> Path:
    folder.mkdir()
    (folder / "cgroup.type").write_text("domain\n")
    (folder / "cgroup.controllers").write_text(controllers)
    (folder / "cgroup.subtree_control").write_text(enabled)
    (folder / "cgroup.procs").write_text(procs)
    return folder


def places(own: Path, top: Path) -> tuple[list[Path], list[str]]:
    reasons: list[str] = []
    seen = cgroups.Mounts(own, top, {})
    return [homes[""] for homes in cgroups._candidates(seen, "home", reasons)], reasons


def test_the_nearest_group_that_is_divided_already(tmp_path: Path) -> None:
    top = tree(tmp_path / "top", enabled="cpu memory pids")
    middle = tree(top / "user", enabled="memory pids")
    own = tree(middle / "session", procs="1 2")
    assert places(own, top)[0] == [middle / "home", top / "home"]


def test_a_group_that_was_handed_over_is_divided(tmp_path: Path) -> None:
    """A container's whole tree: its processes go one step down first."""
    top = tree(tmp_path / "top", procs="7\n8\n")
    outside = tree(top / "ratchet-outside")
    assert places(top, top)[0] == [top / "home"]
    assert (outside / "cgroup.procs").read_text() == "8"  # the kernel's file would hold both
    assert (top / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_without_controllers_there_is_no_place(tmp_path: Path) -> None:
    top = tree(tmp_path / "top", controllers="cpu hugetlb pids")
    found, reasons = places(top, top)
    assert found == []
    assert reasons[0] == f"cgroup v2 has no controller memory at {top}"


def test_the_files_of_version_2(tmp_path: Path) -> None:
    """What is read from them, by the kernel's documentation; a real group is in the tests below."""
    texts = {
        "cgroup.procs": "",
        "memory.max": "max\n",
        "memory.swap.max": "max\n",
        "memory.current": "5242880\n",
        "memory.peak": "9437184\n",
        "memory.stat": "anon 1048576\nfile 4096\nkernel 65536\nslab 1\n",
        "memory.events": "low 0\nhigh 0\nmax 5\noom 2\noom_kill 1\noom_group_kill 0\n",
        "pids.max": "max\n",
        "pids.current": "3\n",
        "pids.events": "max 12\n",
        "cpu.stat": "usage_usec 1500000\nuser_usec 1\nsystem_usec 2\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    files = cgroup_files.Version2(tmp_path)
    assert (files.peak(), files.held()) == (9 * MIB, MIB + 65536)
    assert (files.oom_kills(), files.processes(), files.refused(), files.cpu_s()) == (1, 3, 12, 1.5)
    files.limit_memory(123456789)
    files.limit_processes(4200)
    assert (tmp_path / "memory.max").read_text() == "123456789"
    assert (tmp_path / "pids.max").read_text() == "4200"
    assert (tmp_path / "memory.swap.max").read_text() == "0"
    assert len(files.doors) == 1
    files.close()
    (tmp_path / "memory.stat").write_text("anon 100\nkernel_stack 1\npagetables 2\nslab 4\npercpu 8\n")
    (tmp_path / "memory.peak").unlink()
    older = cgroup_files.Version2(tmp_path)
    assert older.held() == 115
    assert older.peak() is None
    assert older.reset_peak() is False
    older.close()


def test_version_2s_kill_and_removal_for_real() -> None:
    """In the tree that is mounted without controllers beside version 1, or alone."""
    seen = cgroups.mounts(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text())
    if seen.v2 is None:
        pytest.skip("CGROUP V2 NOT TESTED: it is not mounted")
    folder = seen.v2 / f"ratchet-test-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"CGROUP V2 NOT TESTED: {error}")
    (folder / "below").mkdir()
    processes = [subprocess.Popen(["sleep", "60"]) for _ in range(3)]
    for process, place in zip(processes, (folder, folder, folder / "below"), strict=True):
        (place / "cgroup.procs").write_text(str(process.pid))
    assert "populated 1" in (folder / "cgroup.events").read_text()
    assert cgroup_files.table((folder / "cpu.stat").read_bytes())["usage_usec"] >= 0
    assert cgroup_files.remove(folder)
    assert not folder.exists()
    assert [process.wait(5) for process in processes] == [-signal.SIGKILL] * 3


# For real, in whichever version there is


@pytest.fixture(scope="module")
def groups() -> Iterator[cgroups.Groups]:
    with cgroups.find() as found:
        if found.kind == "none":
            pytest.skip(f"CGROUPS NOT TESTED: {found.reason}; {found.advice}")
        yield found
    assert not any(home.exists() for home in found.homes.values())


@pytest.fixture
def group(groups: cgroups.Groups) -> Iterator[cgroups.Group]:
    made = groups.group()
    assert made is not None
    yield made
    assert made.close()


def in_group(group: cgroups.Group, *programs: Callable[[], object]) -> list[int]:
    """A stand-in for a zygote joins by the doors and forks the programs; their exit codes."""
    reading, writing = os.pipe()
    zygote = os.fork()
    if zygote == 0:
        for door in group.doors:
            os.write(door, b"0")
        for program in programs:
            pid = os.fork()
            if pid == 0:
                Path("/proc/self/oom_score_adj").write_text("1000")
                try:
                    program()
                except MemoryError:
                    os._exit(9)
                except BaseException:
                    os._exit(8)
                os._exit(0)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.write(writing, b"%d\n" % code)
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        codes = [int(line) for line in pipe.read().split()]
    assert os.waitstatus_to_exitcode(os.waitpid(zygote, 0)[1]) == 0, "the zygote did not live"
    return codes


def child(what: Callable[[], object]) -> int:
    pid = os.fork()
    if pid == 0:
        what()
        os._exit(0)
    return pid


def end(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def hold(size: int) -> Callable[[], bytearray]:
    def program() -> bytearray:
        held = bytearray(size)
        held[::4096] = b"x" * len(held[::4096])
        return held

    return program


def test_memory_is_held_to_the_byte_or_nearly(group: cgroups.Group) -> None:
    group.begin(64 * MIB, 50)
    assert in_group(group, hold(48 * MIB), hold(96 * MIB), hold(48 * MIB)) == [0, -signal.SIGKILL, 0]
    seen = group.seen()
    assert seen.oom_kills == 1
    assert seen.peak_memory is not None
    assert 60 * MIB < seen.peak_memory <= 64 * MIB
    group.begin(64 * MIB, 50)
    assert in_group(group, hold(16 * MIB)) == [0]
    seen = group.seen()
    assert seen.oom_kills == 0
    if seen.peak_memory is not None:
        assert 16 * MIB <= seen.peak_memory < 30 * MIB  # not the one before's


def test_memory_of_a_family_is_one_sum(group: cgroups.Group) -> None:
    def family() -> None:
        children = [child(lambda: (hold(30 * MIB)(), time.sleep(20))) for _ in range(4)]
        killed = [os.wait()[0] for _ in range(2)]  # of four, two: the other two fit
        end(*set(children) - set(killed))

    group.begin(80 * MIB, 50)
    assert in_group(group, family) == [0]
    assert group.seen().oom_kills == 2


def test_files_in_memory_count(group: cgroups.Group) -> None:
    def program() -> None:
        fd = os.memfd_create("x")
        for _ in range(96):
            os.write(fd, bytes(MIB))

    group.begin(64 * MIB, 50)
    assert in_group(group, program) == [-signal.SIGKILL]
    assert group.seen().oom_kills >= 1


def test_processes_are_counted(group: cgroups.Group) -> None:
    def bomb() -> None:
        made: list[int] = []
        try:
            while len(made) < 64:
                made.append(child(lambda: time.sleep(20)))
        except BlockingIOError:
            end(*made)
            os._exit(len(made))

    group.begin(256 * MIB, 10)
    # The stand-in joined after `begin`: it is one of the ten.
    assert in_group(group, bomb) == [8]
    assert group.seen().refused_processes == 1


def test_cpu_time(group: cgroups.Group) -> None:
    def spin() -> None:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass

    group.begin(256 * MIB, 50)
    in_group(group, spin)
    seen = group.seen().cpu_s
    if seen is None:
        pytest.skip("CPU TIME NOT TESTED: cpuacct is not mounted")
    assert 0.19 < seen < 0.4


def test_kill_ends_all(group: cgroups.Group) -> None:
    processes = [subprocess.Popen(["sleep", "60"]) for _ in range(5)]
    for process in processes:
        group.attach(process.pid)
    group.kill()
    assert [process.wait(5) for process in processes] == [-signal.SIGKILL] * 5


def test_closing_kills_what_is_left(groups: cgroups.Groups) -> None:
    group = groups.group()
    assert group is not None
    process = subprocess.Popen(["sleep", "60"])
    group.attach(process.pid)
    assert group.close()
    assert process.wait(5) == -signal.SIGKILL


ORPHAN = """
import os, signal, subprocess, sys
from ratchet.sandbox.backends import cgroups
groups = cgroups.find()
group = groups.group()
process = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
group.attach(process.pid)
print(process.pid, *groups.homes.values(), sep="\\n", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_supervisors_groups_are_swept(groups: cgroups.Groups) -> None:
    done = subprocess.run([sys.executable, "-c", ORPHAN], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid, *homes = done.stdout.splitlines()
    assert all(Path(home).exists() for home in homes)
    with cgroups.find() as found:
        assert found.kind == groups.kind
        assert not any(Path(home).exists() for home in homes)
        assert all(home.exists() for home in groups.homes.values())  # the living one's stay
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text():
            return
        time.sleep(0.02)
    pytest.fail("what ran in them is alive")


def test_a_fork_lets_go(groups: cgroups.Groups) -> None:
    group = groups.group()
    assert group is not None
    pid = os.fork()
    if pid == 0:
        group.forget()
        os._exit(0)
    os.waitpid(pid, 0)
    group.begin(64 * MIB, 10)
    assert group.close()


def test_without_the_right_there_are_none_and_it_says_why() -> None:
    if os.getuid() != 0:
        pytest.skip("ORDINARY USER NOT TESTED: the whole suite runs as one")
    script = (
        "import os; os.setgroups([]); os.setresgid(1234, 1234, 1234); os.setresuid(1234, 1234, 1234)\n"
        "found = cgroups.find(); print(found.kind, found.group()); print(found.reason); print(found.advice)"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"from ratchet.sandbox.backends import cgroups\n{script}"],
        capture_output=True,
        text=True,
        check=False,
    )
    kind, reason, advice = done.stdout.splitlines()
    assert kind == "none None", done.stderr
    assert "Permission denied" in reason
    assert "systemd-run --user --scope -p Delegate=yes" in advice
