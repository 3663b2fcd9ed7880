"""A slot's warm interpreter: it forks programs, ends them in time, and never reads one.

It is told of a job by one message on the control socket: limits, and descriptors
for each role (one process tree of the job: a program alone, or candidate and
examiner). Each role's process reads its own source from its own descriptor, so
nothing that one program held is in the memory that the next one is forked from.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import signal
import socket
import time
from typing import Any

from . import root, syscalls, warden, warm

_MAX_MESSAGE = 1 << 16
_MAX_DESCRIPTORS = 16
_PATIENCE_S = 0.2
"""How long an init may take to end its program and to count what it used, before it is killed."""


def main(control_fd: int) -> None:
    """Set up the slot as the first message says, then serve jobs until the supervisor is gone."""
    control = socket.socket(fileno=control_fd)
    spec = json.loads(control.recv(_MAX_MESSAGE))
    try:
        slot = _Slot(control, spec)
    except (syscalls.WallError, OSError) as error:
        control.send(json.dumps({"failed": str(error)}).encode())
        os._exit(3)
    control.send(json.dumps({"ready": os.getpid()}).encode())
    slot.serve()


class _Slot:
    """The zygote's side of a slot."""

    def __init__(self, control: socket.socket, spec: dict[str, Any]) -> None:
        self.control = control
        self.full = spec["walls"] == "full"
        self.folders: list[str] = []
        """The private folders of the job at hand, where there are no namespaces."""
        os.umask(0o022)
        _limit_descriptors()
        warm.preload(spec["import_path"])
        if self.full:
            root.enter(spec)
            syscalls.drop_bounding_set()
            syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1, "no_new_privs is refused")
            warden.prepare()
            self.pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        else:
            syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1, "PR_SET_CHILD_SUBREAPER is refused")
        # The kernel's choice when memory runs out shall be a program, never a bystander.
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        # Wardens inherit this: a program can signal its init, but to no effect.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        self.report_read, self.report_write = os.pipe()
        os.set_blocking(self.report_read, False)
        gc.collect()
        gc.freeze()

    def serve(self) -> None:
        """One job after the other; returns never."""
        while True:
            message, descriptors, _, _ = socket.recv_fds(self.control, _MAX_MESSAGE, _MAX_DESCRIPTORS)
            if not message:
                os._exit(0)
            job = json.loads(message)
            if "dismiss" in job:
                continue  # it crossed with the end of its job
            self.control.send(json.dumps(self._run(job, descriptors)).encode())

    def _run(self, job: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        deadline = time.monotonic() + job["limits"]["wall_s"]
        roles = [_Role(i, self.full) for i in range(len(job["roles"]))]
        rest = list(descriptors)
        for role, wanted in zip(roles, job["roles"], strict=True):
            own, rest = rest[: wanted["descriptors"]], rest[wanted["descriptors"] :]
            folder = "" if self.full else warden.private_folder()
            self.folders.append(folder)
            role.pid = self._fork(warden.Task(job, role.index, own, self.report_write, folder))
            role.pidfd = os.pidfd_open(role.pid)
        for fd in descriptors:
            os.close(fd)
        self._watch(job, roles, deadline)
        if not self.full:
            self._sweep()
        self._collect(job["id"], roles)
        return {"id": job["id"], "roles": [role.told() for role in roles]}

    def _fork(self, task: warden.Task) -> int:
        if self.full:
            syscalls.unshare(syscalls.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            warden.main(task, full=self.full)
        if self.full:
            syscalls.setns(self.pid_namespace, syscalls.CLONE_NEWPID)
        return pid

    def _watch(self, job: dict[str, Any], roles: list[_Role], deadline: float) -> None:
        """Wait for the roles' ends; the lead's end, a dismissal or the deadline ends the others."""
        poll = select.poll()
        poll.register(self.control.fileno(), select.POLLIN)
        running = {}
        for role in roles:
            poll.register(role.pidfd, select.POLLIN)
            running[role.pidfd] = role
        while running:
            now = time.monotonic()
            for role in running.values():
                if now >= deadline:
                    role.end("deadline")
                elif role.ended_by is not None:
                    role.end(role.ended_by)
            wakes = [role.kill_at for role in running.values() if role.kill_at is not None]
            wake = min(wakes, default=deadline)
            for fd, _ in poll.poll(max(wake - now, 0.001) * 1000):
                if fd == self.control.fileno():
                    self._obey(job, running)
                elif fd in running:
                    role = running.pop(fd)
                    poll.unregister(fd)
                    role.reap()
                    if role.index == job["lead"]:
                        for other in running.values():
                            other.end("dismissed")

    def _obey(self, job: dict[str, Any], running: dict[int, _Role]) -> None:
        message = self.control.recv(_MAX_MESSAGE)
        if not message:  # the supervisor is gone, and all goes with it
            if not self.full:
                self._sweep()
            os._exit(0)
        if json.loads(message).get("dismiss") == job["id"]:
            for role in running.values():
                role.end("dismissed")

    def _sweep(self) -> None:
        """What the end of namespaces does elsewhere: kill all that is left, and remove its folders."""
        warden.sweep()
        warden.remove_folders(self.folders)
        self.folders.clear()

    def _collect(self, job_id: int, roles: list[_Role]) -> None:
        try:
            lines = os.read(self.report_read, 1 << 16).splitlines()
        except BlockingIOError:
            return
        for line in lines:
            report = json.loads(line)
            if report["job"] == job_id:
                roles[report["role"]].report = report


class _Role:
    """One process tree of the job at hand, known by its init."""

    def __init__(self, index: int, full: bool) -> None:
        self.index = index
        self.full = full
        self.pid = 0
        self.pidfd = -1
        self.ended_by: str | None = None
        self.kill_at: float | None = None
        self.status = 0
        self.usage: resource.struct_rusage | None = None
        self.report: dict[str, Any] | None = None

    def end(self, why: str) -> None:
        """Tell the init to end everything in its namespace; soon after, and if told again, kill it."""
        now = time.monotonic()
        if self.kill_at is None:
            self.ended_by = why
            self.kill_at = now + _PATIENCE_S
            signal.pidfd_send_signal(self.pidfd, warden.END)
        elif now >= self.kill_at:
            self.kill_at = now + _PATIENCE_S
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def reap(self) -> None:
        """Wait for the init: once this returns nothing of the tree is alive."""
        _, self.status, self.usage = os.wait4(self.pid, 0)
        os.close(self.pidfd)

    def told(self) -> dict[str, Any]:
        """What the supervisor is told."""
        usage = self.usage
        assert usage is not None
        answer: dict[str, Any] = {
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_memory": usage.ru_maxrss * 1024,
            "ended_by": self.ended_by,
            "init": os.waitstatus_to_exitcode(self.status),
        }
        if self.ended_by is None and (self.report is not None or not self.full):
            answer["code"] = -signal.SIGKILL  # without walls a program can kill its warden
        return answer | (self.report or {})


def _limit_descriptors() -> None:
    """A low limit, so that closing all descriptors is quick where close_range is unknown."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
