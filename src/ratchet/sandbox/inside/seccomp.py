"""Two seccomp filters, assembled by hand: one for a whole slot, one for each program.

What neither zygote, init nor program ever needs is refused once, in the zygote.
Only what the set-up of a program still needs is refused anew in each program: a
short filter, since each is checked and compiled when it is installed. Refused
calls fail with EPERM, so that programs see an ordinary error.
"""

from __future__ import annotations

import errno
import socket
from enum import StrEnum

from . import syscalls
from .bpf import (
    ALLOW,
    AND,
    ARCHITECTURE_AT,
    AT_LEAST,
    EQUAL,
    KILL_PROCESS,
    LOAD,
    NUMBER_AT,
    RETURN,
    Leaf,
    Op,
    argument,
    assemble,
    only,
    op,
    refused,
    returns,
    search,
    unless,
)

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Numbers as (x86_64, aarch64); None: the machine does not have the call.
Numbers = dict[str, tuple[int | None, int | None]]

OTHERS: Numbers = {
    # Other processes: their memory, descriptors and pages.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
}
KERNEL: Numbers = {
    # Doors into the kernel that hostile code has gone through, and that no program here needs.
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "vmsplice": (278, 75),
    "remap_file_pages": (216, 234),
    "modify_ldt": (154, None),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
    "uselib": (134, None),
    "ustat": (136, None),
    "sysfs": (139, None),
    "_sysctl": (156, None),
    "nfsservctl": (180, 42),
    "lookup_dcookie": (212, 18),
    # The page cache shows what others read.
    "cachestat": (451, 451),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    # Its contexts are counted for the whole machine: one program could use them up.
    "io_setup": (206, 0),
}
MACHINE: Numbers = {
    # What belongs to the machine.
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
    "acct": (163, 89),
    "iopl": (172, None),
    "ioperm": (173, None),
    "personality": (135, 92),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "ioprio_set": (251, 30),
}
FILES: Numbers = {
    # Roots and mounts by ways that the set-up of a program does not take, and files without a path.
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "statmount": (457, 457),
    "listmount": (458, 458),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # Marks on files that may outlive the program.
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}
SHARED: Numbers = {
    # Memory, messages and locks that belong to the IPC namespace and outlive who made them.
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "memfd_secret": (447, 447),
}
UNCOUNTED: Numbers = {
    # Files without a name are memory that only a memory cgroup counts.
    "memfd_create": (319, 279),
}
SET_UP: Numbers = {
    # What the set-up of a program needs, and the program does not.
    "mount": (165, 40),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "setns": (308, 268),
}
LOOKED_AT: Numbers = {
    # What is refused by its arguments.
    "clone": (56, 220),
    "clone3": (435, 435),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "ioctl": (16, 29),
    "prlimit64": (302, 261),
    "unshare": (272, 97),
}

CEILING = 470
"""The first number that was not yet given to a call when these tables were written (Linux 6.18)."""

CLONE_PARENT = 0x00008000
_NAMESPACES = (
    syscalls.CLONE_NEWNS
    | syscalls.CLONE_NEWCGROUP
    | syscalls.CLONE_NEWUTS
    | syscalls.CLONE_NEWIPC
    | syscalls.CLONE_NEWUSER
    | syscalls.CLONE_NEWPID
    | syscalls.CLONE_NEWNET
    | syscalls.CLONE_NEWTIME
)
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_SIOC = (0x890B, 0x89FF)
"""Requests about routes and network interfaces, from SIOCADDRT on."""
_AF_INET6 = 10
"""Not socket.AF_INET6: a Python built without IPv6 lacks the name, and the kernel has the family."""
_TYPE_BITS = 0xF
_X32_BIT = 0x40000000


class Sockets(StrEnum):
    """Which sockets programs may make."""

    UNIX = "unix"
    """AF_UNIX alone."""
    LOOPBACK = "loopback"
    """Also TCP and UDP, in a network namespace that has nothing but a loopback."""
    ANY = "any"
    """What the kernel permits: where programs share this machine's network anyway."""


def slot_filter(*, sockets: Sockets = Sockets.UNIX, memory_counted: bool = False) -> bytes:
    """Foreign architectures kill; what neither zygote, init nor program ever needs is refused.

    `memory_counted`: a memory cgroup counts what programs hold, so that they may
    have files without a name. clone3 takes its flags by pointer, which no filter
    can read; told ENOSYS, C libraries fall back on clone. No user namespace can be
    made any more, and no process made a sibling of its parent.
    """
    plain = OTHERS | KERNEL | MACHINE | FILES | SHARED | ({} if memory_counted else UNCOUNTED)
    leaves = {number: returns(refused()) for number in _numbers(plain)}
    looked_at = {
        "clone": unless(0, syscalls.CLONE_NEWUSER | CLONE_PARENT),
        "clone3": returns(refused(errno.ENOSYS)),
        "unshare": unless(0, syscalls.CLONE_NEWUSER),
        "ioctl": _ioctl(),
        # Limits of another process are as good as a signal to it.
        "prlimit64": only(0, 0),
    }
    if sockets is not Sockets.ANY:
        looked_at["socket"] = _socket(sockets)
        looked_at["socketpair"] = only(0, int(socket.AF_UNIX))
    leaves |= {_number(LOOKED_AT, name): leaf for name, leaf in looked_at.items()}
    return assemble([*_foreign(), *search(leaves, CEILING)])


def program_filter() -> bytes:
    """No mounts, and no new namespaces of any kind; on top of the slot's filter."""
    leaves = {number: returns(refused()) for number in _numbers(SET_UP)}
    leaves[_number(LOOKED_AT, "clone")] = unless(0, _NAMESPACES)
    return assemble(search(leaves))


def _which() -> int:
    name = syscalls.machine()
    if name not in _ARCHITECTURE:
        raise syscalls.WallError(f"there is no seccomp table for a {name} machine")
    return list(_ARCHITECTURE).index(name)


def _numbers(table: Numbers) -> list[int]:
    which = _which()
    return [number for pair in table.values() if (number := pair[which]) is not None]


def _number(table: Numbers, name: str) -> int:
    number = table[name][_which()]
    assert number is not None, f"every machine here has {name}"
    return number


def _foreign() -> list[Op]:
    """Another architecture's calls have other numbers: no table here is about them."""
    code = [
        op(LOAD, ARCHITECTURE_AT),
        op(EQUAL, _ARCHITECTURE[syscalls.machine()], 1, 0),
        op(RETURN, KILL_PROCESS),
    ]
    if syscalls.machine() == "x86_64":
        code += [op(LOAD, NUMBER_AT), op(AT_LEAST, _X32_BIT, 0, 1), op(RETURN, KILL_PROCESS)]
    return code


def _ioctl() -> Leaf:
    """No typing into a terminal, and nothing about network interfaces."""
    return (
        argument(1),
        op(EQUAL, _TIOCSTI, 4, 0),
        op(EQUAL, _TIOCLINUX, 3, 0),
        op(AT_LEAST, _SIOC[1] + 1, 1, 0),
        op(AT_LEAST, _SIOC[0], 1, 0),
        op(RETURN, ALLOW),
        op(RETURN, refused()),
    )


def _socket(sockets: Sockets) -> Leaf:
    if sockets is Sockets.UNIX:
        return only(0, int(socket.AF_UNIX))
    return (
        argument(0),
        op(EQUAL, int(socket.AF_UNIX), 6, 0),
        op(EQUAL, int(socket.AF_INET), 1, 0),
        op(EQUAL, _AF_INET6, 0, 5),
        argument(1),
        op(AND, _TYPE_BITS),
        op(EQUAL, int(socket.SOCK_STREAM), 1, 0),
        op(EQUAL, int(socket.SOCK_DGRAM), 0, 1),
        op(RETURN, ALLOW),
        op(RETURN, refused()),
    )
