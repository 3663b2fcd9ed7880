"""What a program sees of its walls from inside."""

from __future__ import annotations

import json
import os
from typing import Any

from ratchet.sandbox import LocalSandbox, Program
from ratchet.sandbox.types import Limits, Status

NAMESPACES = {
    "user": "user",
    "pid": "pid",
    "mnt": "mount",
    "net": "network",
    "ipc": "IPC",
    "uts": "UTS",
    "cgroup": "cgroup",
}
"""The kernel's names, and ours."""

_LOOK = r"""
import errno, fcntl, json, os, resource, socket, sys
def text(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
def link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""
def trial(what):
    try:
        what()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    return ""
status = dict(line.split(":\t", 1) for line in text("/proc/self/status").splitlines() if ":\t" in line)
root = [line.split() for line in text("/proc/self/mountinfo").splitlines() if line.split()[4] == "/"]
print(json.dumps({
    "namespaces": {name: link("/proc/self/ns/" + name) for name in NAMES},
    "status": status,
    "root_options": root[-1][5] if root else "",
    "root_write": trial(lambda: os.close(os.open("/ratchet-doctor", os.O_CREAT | os.O_EXCL | os.O_WRONLY))),
    "root_list": sorted(os.listdir("/")),
    # Landlock rules requests to devices too, which modes and mounts do not.
    "device_request": trial(lambda: fcntl.ioctl(os.open("/dev/urandom", os.O_RDONLY), 0x80045200, bytes(4))),
    "inet": trial(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()),
    "limits": {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource)
               if name.startswith("RLIMIT_")},
}))
"""


def look(sandbox: LocalSandbox, limits: Limits) -> tuple[dict[str, Any], str]:
    """The facts that a program finds about itself, and what held its memory; raises ValueError."""
    source = f"NAMES = {tuple(NAMESPACES)!r}\n{_LOOK}"
    outcome = sandbox.run(Program(source), limits)
    if outcome.status is not Status.OK:
        raise ValueError(f"a program that looks around ended with {outcome.status}: {outcome.stderr[-300:]}")
    facts: dict[str, Any] = json.loads(outcome.stdout)
    if not facts["root_write"] and os.path.exists("/ratchet-doctor"):
        os.unlink("/ratchet-doctor")  # it went through to this machine
    return facts, str(getattr(outcome, "memory_by", "rlimit"))


def host_namespaces() -> dict[str, str]:
    """The namespaces of this process, as the kernel names them."""
    found = {}
    for name in NAMESPACES:
        try:
            found[name] = os.readlink(f"/proc/self/ns/{name}")
        except OSError:
            found[name] = "unknown"
    return found


_SEARCH = """
def search():
    # In two halves, and backwards in the text: so that the search does not find itself.
    low, high = (bytes(reversed(half)) for half in (b"@LOW@", b"@HIGH@"))
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            where, rights = line.split()[:2]
            if rights[0] != "r" or "[v" in line:
                continue
            start, end = (int(part, 16) for part in where.split("-"))
            try:
                memory.seek(start)
                text = memory.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue
            at = text.find(low)
            while at >= 0:
                if text.startswith(high, at + len(low)):
                    return "the test's text is in the candidate's memory"
                at = text.find(low, at + 1)
    return "nothing found"
"""


def split(sandbox: LocalSandbox, limits: Limits) -> str:
    """Whether the tests stay out of the candidate's process: empty if they do, else what was seen."""
    secret = os.urandom(12).hex()
    low, high = secret[:12], secret[12:]
    candidate = Program(_SEARCH.replace("@LOW@", low[::-1]).replace("@HIGH@", high[::-1]))
    test = Program(f"# {secret}\nassert search() == 'nothing found', search()")
    exam = sandbox.examine(candidate, "search", test, limits)
    return "" if exam.passed else exam.detail or exam.fault or str(exam.candidate.status)
