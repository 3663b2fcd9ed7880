"""A warm interpreter behind its walls: it forks programs, ends them in time, and never reads one.

It is told what to start by messages on the control socket: limits, and descriptors.
Each program reads its own source from its own descriptor, so nothing that one
program held is in the memory that the next one is forked from.

A program that is only asked for answers is one fork, process 1 of its own pid
namespace. A script gets a warden as process 1 (see `warden`), so that signals,
orphans and exit codes are what they are everywhere else. In both cases the end of
process 1 is the end of everything that the program started.

After each fork, the first write to a page is a copy, for the zygote too. So the loop
in `serve` is one function with what it needs at hand: prepared calls into the C
library and fixed records. Written in the usual way it wrote to 230 pages for each
program, which was a sixth of the whole cost of a verdict.
"""

from __future__ import annotations

import ctypes
import gc
import json
import math
import os
import random
import resource
import signal
import socket
import sys
import time
import traceback
from typing import Any, NoReturn

from . import entry, jail, orders, root, seccomp, syscalls, usage, warden, warm

_MAX_ROLES = 8
_MAX_DESCRIPTORS = 8
_PATIENCE_S = 0.2
"""How long a warden may take to end its program and to count what it used, before it is killed."""
_PATIENCE_TO_KEEP_S = 30.0
"""The same, where it has to write down what the program left."""
_LOOK_S = 0.05
"""How often the memory of a program is looked at, where nothing else limits the sum."""

_OWN = 900
"""The zygote's own descriptors stand from here on: those it is handed then arrive as 0, 1, 2, ..."""
_COMPLAINTS, _PID_NAMESPACE, _REPORTS, _REPORTING, _RULES, _PIDFDS = range(_OWN + 1, _OWN + 7)


def main(control_fd: int) -> NoReturn:
    """Set up the zygote as the first message says, then serve until the supervisor is gone."""
    os.environ.pop("LD_BIND_NOW", None)
    _reset_signals()
    control = socket.socket(fileno=control_fd)
    message, doors, _, _ = socket.recv_fds(control, orders.MAX_MESSAGE, _MAX_DESCRIPTORS)
    spec = json.loads(message)
    try:
        zygote = _Zygote(spec, list(doors))
    except (syscalls.WallError, OSError) as error:
        control.send(json.dumps({"failed": str(error)}).encode())
        os._exit(3)
    control.send(json.dumps({"ready": True}).encode())
    _move_descriptors(control.detach())
    try:
        zygote.serve()
    except BaseException:
        os.write(_COMPLAINTS, traceback.format_exc().encode())
    os._exit(4)


class _Plan:
    """How programs under one set of limits are started."""

    __slots__ = ("all_memory_bytes", "calls", "cpu_s", "first_look", "limits", "wall_s")

    def __init__(self, limits: dict[str, Any]) -> None:
        self.limits = limits
        self.wall_s: float = limits["wall_s"]
        self.cpu_s: float = limits["cpu_s"]
        self.all_memory_bytes: int = limits["all_memory_bytes"]
        self.first_look = max(int(min(self.wall_s, _LOOK_S) * 1000) + 1, 1)
        self.calls: dict[tuple[int, int], tuple[list[jail.Call], list[jail.Call]]] = {}
        """The calls before and after a warden's fork, by descriptors and processes beside it."""


class _Role:
    """One program that runs now, known by its first process."""

    __slots__ = (
        "alone",
        "deadline",
        "ended_by",
        "folder",
        "id",
        "kill_at",
        "look_at",
        "patience_s",
        "pid",
        "plan",
        "standing",
    )

    def __init__(
        self, number: int, pid: int, plan: _Plan, alone: bool, standing: bool, folder: str, patience_s: float
    ) -> None:
        now = time.monotonic()
        self.id = number
        self.pid = pid
        self.plan = plan
        self.alone = alone
        self.standing = standing
        self.folder = folder
        self.patience_s = patience_s
        self.deadline = now + plan.wall_s
        self.look_at = now + _LOOK_S
        self.ended_by = orders.BY_ITSELF
        self.kill_at = 0.0

    def wake(self) -> float:
        """When it must be looked at again."""
        if self.kill_at:
            return self.kill_at
        if self.standing:
            return math.inf
        return min(self.deadline, self.look_at) if self.alone else self.deadline

    def end(self, why: int) -> int:
        """Kill it, or tell its warden to, which is killed itself soon after; milliseconds until then."""
        if not self.kill_at:
            self.ended_by = why
            self.kill_at = time.monotonic() + self.patience_s
            _kill(self.pid, _SIGKILL if self.alone else _END)
        return int(self.patience_s * 1000) + 1

    def look(self, now: float, others: set[int]) -> None:
        """End it if it is over a limit."""
        if self.kill_at:
            if now >= self.kill_at:
                self.kill_at = now + self.patience_s
                os.kill(self.pid, signal.SIGKILL)
        elif not self.standing:
            if now >= self.deadline:
                self.end(orders.BY_DEADLINE)
            elif self.alone and now >= self.look_at:
                family = usage.pids(others)
                left = self.plan.cpu_s - usage.cpu_s(family)
                self.look_at = now + min(_LOOK_S, max(left / (os.cpu_count() or 1), 0.005))
                if left <= 0:
                    self.end(orders.BY_CPU)
                elif usage.holds_over(self.plan.all_memory_bytes, family):
                    self.end(orders.BY_MEMORY)


class _Zygote:
    def __init__(self, spec: dict[str, Any], doors: list[int]) -> None:
        self.full = spec["walls"] == "full"
        self.roles: list[_Role] = []
        self.plans: dict[int, _Plan] = {}
        self.pollfds = (_PollFd * (1 + _MAX_ROLES))()
        os.umask(0o022)
        _limit_descriptors()
        warm.preload(spec["import_path"])
        if self.full:
            root.enter(spec)
            if spec["loopback"]:
                root.loopback_up()
            root.open_box()
        warm.load(spec["modules"])
        if self.full:
            root.close_box()
            syscalls.drop_bounding_set()
            syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1, "no_new_privs is refused")
            jail.prepare(_RULES, network=spec["loopback"])
            sockets = seccomp.Sockets.LOOPBACK if spec["loopback"] else seccomp.Sockets.UNIX
            code = seccomp.slot_filter(sockets=sockets, memory_counted=False)
            syscalls.SeccompFilter(code).install()
            entry.stand_in("/work", "/tmp")
        else:
            syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1, "PR_SET_CHILD_SUBREAPER is refused")
        # Wardens inherit this: a program can signal its init, but to no effect.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        entry.settle()
        random.seed(spec["seed"])
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed(spec["seed"] % (1 << 32))
        gc.disable()
        gc.collect()
        jail.call("malloc_trim")(0)
        gc.freeze()
        self.tasks = len(os.listdir("/proc/self/task"))
        self.idle_bytes = usage.private_bytes()
        """What a fork holds before its program does anything, which is granted on top of its limit."""
        root.join_cgroup(doors)  # last: what it holds by now is not counted there

    def serve(self) -> NoReturn:
        """Obey messages, watch programs, report their ends."""
        pollfds, roles, plans, full = self.pollfds, self.roles, self.plans, self.full
        pollfds[0].fd, pollfds[0].events = _OWN, _POLLIN
        poll, receive, send, close = _poll, _receive, _send, _close
        status, usage, status_at, usage_at = _status, _usage, _status_at, _usage_at
        unpack, pack = orders.ORDER.unpack_from, orders.REPORT.pack
        wait = -1
        while True:
            if poll(pollfds, 1 + len(roles), wait) == 0:
                wait = self._look()
                continue
            if pollfds[0].revents:
                size = receive(_OWN, _message_at, 0)
                if size <= 0:  # the supervisor is gone, and all goes with it
                    if not full:
                        warden.sweep(set())
                        warden.remove_folders([role.folder for role in roles])
                    os._exit(0)
                _message.control_length = _CONTROL_SIZE
                number, what, mode, plan, count = unpack(_buffer)
                if what == orders.END:
                    for role in roles:
                        if role.id == number:
                            wait = role.end(orders.BY_ORDER)
                elif what == orders.PLAN:
                    plans[plan] = _Plan(json.loads(_buffer[orders.ORDER.size : size]))
                else:
                    wait = self._start(number, mode, plans[plan], count, what == orders.STAND)
            i = len(roles)
            while i:
                if pollfds[i].revents:
                    role = roles.pop(i - 1)
                    close(pollfds[i].fd)
                    _wait4(role.pid, status_at, 0, usage_at)
                    cpu = (usage.user_s + usage.system_s) * 1_000_000 + usage.user_us + usage.system_us
                    report = pack(role.id, role.ended_by, status.value, cpu, usage.max_kb)
                    if status.value or not role.alone:
                        report += self._heard_of(role)
                    if send(_OWN, report, len(report), 0) < 0:
                        os._exit(0)
                    for k in range(i, len(roles) + 1):
                        pollfds[k].fd = pollfds[k + 1].fd
                        pollfds[k].revents = pollfds[k + 1].revents
                    wait = self._look() if roles and not roles[0].standing else -1
                i -= 1

    def _start(self, number: int, mode: int, plan: _Plan, count: int, standing: bool) -> int:
        """Fork a program; milliseconds until it must be looked at."""
        roles, full = self.roles, self.full
        wardened = mode in orders.WARDENED
        alone = full and not wardened
        others = len(roles) + (not alone)
        calls = plan.calls.get((count, others))
        if calls is None:
            # They count against the same user: the zygote, its parent, the inits, and the programs beside it.
            counted = plan.limits | {"trusted_processes": 1 + self.tasks + others}
            counted["memory_bytes"] += self.idle_bytes
            before = [*jail.victim(count), *jail.mounts(plan.limits)] if alone else jail.mounts(plan.limits)
            calls = plan.calls[count, others] = before, jail.walls(counted, count, full=full)
        before, after = calls
        folder = "" if full else warden.private_folder()
        if full and _unshare(syscalls.CLONE_NEWPID) < 0:
            raise syscalls.WallError("a new pid namespace is refused")
        pid = _fork()
        if pid == 0:
            if alone:
                _become(before, after, mode, number)
            report = warden.Report(number, _REPORTING)
            task = warden.Task(before, after, orders.MODES[mode], plan.limits, count, report, folder)
            warden.main(task, full=full)
        if pid < 0:
            raise OSError("fork is refused")
        if full:
            _setns(_PID_NAMESPACE, syscalls.CLONE_NEWPID)
        _close_range(0, count - 1, 0)
        opened = os.pidfd_open(pid)
        patience_s = _PATIENCE_TO_KEEP_S if wardened and count == orders.KEPT else _PATIENCE_S
        roles.append(_Role(number, pid, plan, alone, standing, folder, patience_s))
        place = self.pollfds[len(roles)]
        # Neither examiners nor programs follow one another before the end of the last one was told.
        place.fd = fd = _PIDFDS + (number & 7) + (8 if standing else 0)
        place.events = _POLLIN
        place.revents = 0
        _dup3(opened, fd, _CLOEXEC)
        _close(opened)
        return -1 if standing else plan.first_look

    def _look(self) -> int:
        """End what is over its limits; milliseconds until something must be looked at again."""
        now = time.monotonic()
        for role in self.roles:
            role.look(now, {os.getpid()} | {other.pid for other in self.roles if other is not role})
        wake = min((role.wake() for role in self.roles), default=math.inf)
        return -1 if wake == math.inf else max(int((wake - time.monotonic()) * 1000) + 1, 1)

    def _heard_of(self, role: _Role) -> bytes:
        """After a program's end: what it or its warden wrote about it. Without walls, ends what is left."""
        if role.folder:
            warden.sweep({other.pid for other in self.roles})
            warden.remove_folders([role.folder])
        read = _read(_REPORTS, ctypes.c_void_p(_part.base), len(_buffer))
        for line in _buffer[: max(read, 0)].splitlines():
            said: dict[str, Any] = json.loads(line)
            if said.pop("id") == role.id:
                return json.dumps(said).encode()
        return b""


def _become(before: list[jail.Call], after: list[jail.Call], mode: int, number: int) -> NoReturn:
    """In the fork: raise the walls and enter the program."""
    try:
        jail.make(before)
        jail.make(after)
    except BaseException as error:
        warden.Report(number, _REPORTING).send(broken=f"{type(error).__name__}: {error}"[:500])
        os._exit(1)
    gc.enable()
    try:
        _entries[mode]()
    finally:  # a program can break what its own end is made of
        _exit(1)


def _move_descriptors(control: int) -> None:
    """Leave nothing below `_OWN`, and everything where it is expected."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    namespace = os.open("/proc/self/ns/pid", os.O_RDONLY)
    places = ((2, _COMPLAINTS), (namespace, _PID_NAMESPACE), (reading, _REPORTS), (writing, _REPORTING))
    for fd, place in ((control, _OWN), *places):
        os.dup2(fd, place, inheritable=False)
    os.closerange(0, _OWN)
    os.closerange(_PIDFDS, 4096)


def _reset_signals() -> None:
    """As in an interpreter that was started by hand: a job in the background ignores ctrl-C, say."""
    for number in signal.valid_signals():
        if signal.getsignal(number) is signal.SIG_IGN and number not in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _limit_descriptors() -> None:
    """A low limit, so that closing all descriptors is quick where close_range is unknown."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))


# The C library's view of things


class _PollFd(ctypes.Structure):
    """struct pollfd."""

    _fields_ = (("fd", ctypes.c_int), ("events", ctypes.c_short), ("revents", ctypes.c_short))


class _Rusage(ctypes.Structure):
    """struct rusage, as far as it is read."""

    _fields_ = (
        ("user_s", ctypes.c_long), ("user_us", ctypes.c_long),
        ("system_s", ctypes.c_long), ("system_us", ctypes.c_long),
        ("max_kb", ctypes.c_long), ("rest", ctypes.c_long * 13),
    )  # fmt: skip


class _Message(ctypes.Structure):
    """struct msghdr."""

    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint),
        ("parts", ctypes.c_void_p), ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t), ("flags", ctypes.c_int),
    )  # fmt: skip


class _Part(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


_POLLIN = 1
_CLOEXEC = os.O_CLOEXEC
_buffer = bytearray(orders.MAX_MESSAGE)
_ancillary = ctypes.create_string_buffer(socket.CMSG_SPACE(4 * _MAX_DESCRIPTORS))
_part = _Part(ctypes.addressof((ctypes.c_char * len(_buffer)).from_buffer(_buffer)), len(_buffer))
_message = _Message(None, 0, ctypes.addressof(_part), 1, ctypes.addressof(_ancillary), len(_ancillary), 0)
_message_at = ctypes.byref(_message)
_CONTROL_SIZE = len(_ancillary)
_status, _usage = ctypes.c_int(), _Rusage()
_status_at, _usage_at = ctypes.byref(_status), ctypes.byref(_usage)
_poll, _receive, _send, _wait4 = (
    jail.call("poll"),
    jail.call("recvmsg"),
    jail.call("send"),
    jail.call("wait4"),
)
_exit = jail.call("_exit")
_fork, _unshare, _setns, _kill = (
    jail.call("fork"),
    jail.call("unshare"),
    jail.call("setns"),
    jail.call("kill"),
)
_close, _dup3, _read, _close_range = (
    jail.call("close"),
    jail.call("dup3"),
    jail.call("read"),
    jail.close_range(),
)
_entries = [entry.MODES[mode] for mode in orders.MODES]
_SIGKILL, _END = int(signal.SIGKILL), int(warden.END)
