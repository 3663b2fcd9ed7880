"""What programs leave in files: taken when nothing of them is alive, and nothing but that."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from ratchet.sandbox import Limits, LocalSandbox, Outcome, Program, Status, Walls

LIMITS = Limits(wall_s=5, disk_bytes=4 << 20)


def left(sandbox: LocalSandbox, source: str, *patterns: str, limits: Limits = LIMITS) -> dict[str, bytes]:
    seen = sandbox.run(Program(source), limits, fetch=patterns)
    assert seen.status is Status.OK, seen
    return dict(seen.files)


def test_files_that_match(sandbox: LocalSandbox) -> None:
    source = """
import os
os.makedirs("a/b")
for name in ("x.txt", "a/y.txt", "a/b/z.bin", "other"):
    open(name, "wb").write(name.encode() * 3)
"""
    assert left(sandbox, source, "*.txt", "a/b/*") == {
        "x.txt": b"x.txt" * 3,
        "a/y.txt": b"a/y.txt" * 3,
        "a/b/z.bin": b"a/b/z.bin" * 3,
    }
    assert left(sandbox, source, "nothing") == {}
    assert left(sandbox, source) == {}


@pytest.mark.parametrize("walls", list(Walls))
def test_links_pipes_and_devices_are_left(walls: Walls) -> None:
    source = """
import os, socket
open("real", "w").write("x")
os.symlink("/etc/passwd", "link")
os.symlink("/", "folder")
os.mkfifo("pipe")
socket.socket(socket.AF_UNIX).bind("socket")
"""
    with LocalSandbox(slots=1, walls=walls) as one:
        files = left(one, source, "*")
    assert files == {"program.py": source.encode(), "real": b"x"}


def test_sizes(sandbox: LocalSandbox) -> None:
    source = """
open("empty", "w")
open("large", "wb").write(bytes(3 << 20))
with open("sparse", "wb") as file: file.truncate(1 << 22)
with open("z-huge", "wb") as file:
    try: file.truncate(1 << 40)
    except OSError: file.truncate(1 << 21)
"""
    files = left(sandbox, source, "*")
    assert files["empty"] == b""
    assert files["large"] == bytes(3 << 20)
    assert set(files) == {"empty", "large", "program.py"}, (
        "there is no room for the others beside the large one"
    )
    assert sum(map(len, files.values())) <= LIMITS.disk_bytes


def test_names_of_any_kind(sandbox: LocalSandbox) -> None:
    source = r"""
for name in ("Grüße 🙂", "a\nb", b"\xff\xfe", "x" * 91, "[", "y" * 200):
    open(name, "w").write("1")
"""
    files = left(sandbox, source, "*")
    assert set(files) - {"program.py"} == {
        "Grüße 🙂",
        "a\nb",
        os.fsdecode(b"\xff\xfe"),
        "x" * 91,
        "[",
        "y" * 200,
    }


def test_what_a_daemon_writes_is_whole(sandbox: LocalSandbox) -> None:
    """It is ended before its files are read."""
    source = """
import os, time
if os.fork() == 0:
    os.setsid()
    while True:
        with open("log", "a") as file: file.write("line\\n")
time.sleep(0.3)
"""
    log = left(sandbox, source, "log")["log"]
    assert log
    assert set(log.split()) == {b"line"}


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("raise ValueError", Status.ERROR),
        ("import time; time.sleep(60)", Status.TIMEOUT),
        ("while True: pass", Status.TIMEOUT),
        ("import os; os.kill(os.getpid(), 11)", Status.CRASHED),
        ("x = [bytes(1 << 20) for _ in range(10**6)]", Status.MEMORY),
    ],
)
def test_however_it_ends(sandbox: LocalSandbox, source: str, status: Status) -> None:
    first = "open('note', 'w').write('here')\n"
    limits = replace(LIMITS, wall_s=1, memory_bytes=128 << 20)
    seen: Outcome = sandbox.run(Program(first + source), limits, fetch=["note"])
    assert (seen.status, dict(seen.files)) == (status, {"note": b"here"})


def test_the_file_it_is_written_to_is_not_the_programs(sandbox: LocalSandbox) -> None:
    source = """
import os
for fd in range(3, 256):
    for place in ("self", "1"):
        try: os.write(os.open(f"/proc/{place}/fd/{fd}", os.O_WRONLY), b"=forged")
        except OSError: pass
    try: os.write(fd, b"=forged")
    except OSError: pass
open("real", "w").write("x")
"""
    assert left(sandbox, source, "real") == {"real": b"x"}


def test_many_files(sandbox: LocalSandbox) -> None:
    source = "for i in range(700): open(f'f{i}', 'w').write(str(i))"
    files = left(sandbox, source, "f*")
    assert files == {f"f{i}": str(i).encode() for i in range(700)}


def test_no_descriptor_is_left_open(sandbox: LocalSandbox) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        left(sandbox, "open('a', 'w')", "a")
    assert len(os.listdir("/proc/self/fd")) <= before + 1
