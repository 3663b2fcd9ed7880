"""Two seccomp filters, assembled by hand: one for a whole slot, one for each program.

A long filter costs a third of a millisecond to install (the kernel checks and
compiles it), so what the slot itself never needs is refused once, in the zygote;
only what a program's init still needs is refused anew in each program.
Refused calls fail with EPERM, so that programs see an ordinary error.
"""

from __future__ import annotations

import errno
import socket
import struct

from . import syscalls

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Numbers as (x86_64, aarch64); None: the machine does not have the call.
_SLOT: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "personality": (135, 92),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "lookup_dcookie": (212, 18),
    "fanotify_init": (300, 262),
    # Memory that no limit here counts: files without a name, System V shared memory and messages.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
}

_PROGRAM: dict[str, tuple[int | None, int | None]] = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "setns": (308, 268),
}

_CLONE = (56, 220)
_CLONE3 = (435, 435)
_SOCKET = (41, 198)

_NAMESPACE_FLAGS = (
    syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWCGROUP
    | syscalls.CLONE_NEWUTS
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUSER
    | syscalls.CLONE_NEWPID
    | syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWTIME
)

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_X32_BIT = 0x40000000


def _refuse(number: int) -> int:
    return 0x00050000 | number


_LOAD = 0x20  # A = word at k of struct seccomp_data
_AND = 0x54  # A &= k
_EQUAL = 0x15  # jump if A == k
_AT_LEAST = 0x35  # jump if A >= k
_RETURN = 0x06

_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENT_AT = 0, 4, 16


def _op(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, k)


def _which() -> int:
    name = syscalls.machine()
    if name not in _ARCHITECTURE:
        raise syscalls.WallError(f"there is no seccomp table for a {name} machine")
    return list(_ARCHITECTURE).index(name)


def slot_filter() -> bytes:
    """Foreign architectures kill; what neither zygote, init nor program ever needs is refused."""
    which = _which()
    numbers = [pair[which] for pair in _SLOT.values()]
    known = sorted(number for number in numbers if number is not None)
    code = [
        _op(_LOAD, _ARCHITECTURE_AT),
        _op(_EQUAL, _ARCHITECTURE[syscalls.machine()], 1, 0),
        _op(_RETURN, _KILL_PROCESS),
        _op(_LOAD, _NUMBER_AT),
        _op(_AT_LEAST, _X32_BIT, 0, 1),
        _op(_RETURN, _KILL_PROCESS),
    ]
    for i, number in enumerate(known):
        code.append(_op(_EQUAL, number, len(known) - i, 0))
    code += [_op(_RETURN, _ALLOW), _op(_RETURN, _refuse(errno.EPERM))]
    return b"".join(code)


def program_filter() -> bytes:
    """No mounts, no new namespaces, no sockets but AF_UNIX; clone3 does not exist.

    clone3 takes its flags by pointer, which no filter can read; told ENOSYS, C
    libraries fall back on clone.
    """
    which = _which()
    refused = [pair[which] for pair in _PROGRAM.values()]
    tail = [
        _op(_RETURN, _ALLOW),
        _op(_RETURN, _refuse(errno.EPERM)),
        _op(_RETURN, _refuse(errno.ENOSYS)),
    ]
    body: list[tuple[int, int, str]] = [(_EQUAL, number, "eperm") for number in refused if number is not None]
    body += [(_EQUAL, _CLONE3[which], "enosys")]
    code = [_op(_LOAD, _NUMBER_AT)]
    # After the plain refusals come seven lines for clone and socket, then the tail of returns.
    special = 7
    for i, (operation, k, goal) in enumerate(body):
        beyond = len(body) - i - 1 + special
        code.append(_op(operation, k, beyond + (1 if goal == "eperm" else 2), 0))
    code += [
        _op(_EQUAL, _CLONE[which], 1, 0),
        _op(_EQUAL, _SOCKET[which], 3, 5),
        _op(_LOAD, _ARGUMENT_AT),
        _op(_AND, _NAMESPACE_FLAGS),
        _op(_EQUAL, 0, 2, 3),
        _op(_LOAD, _ARGUMENT_AT),
        _op(_EQUAL, int(socket.AF_UNIX), 0, 1),
    ]
    code += tail
    return b"".join(code)
