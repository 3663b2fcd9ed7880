"""A small assembler of seccomp programs: from actions by system call number to a search tree.

A linear chain of comparisons costs twice: the kernel walks it once for each call
number when the filter is installed (to learn which calls are always allowed), and
again for every call whose arguments matter. A tree needs seven steps, not sixty.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping, Sequence
from typing import TypeAlias

LOAD = 0x20
"""A = the 32-bit word at k of struct seccomp_data."""
AND = 0x54
"""A &= k."""
EQUAL = 0x15
"""Jump if A == k."""
AT_LEAST = 0x35
"""Jump if A >= k."""
ALWAYS = 0x05
"""Jump k further."""
RETURN = 0x06
"""End with the action k."""

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000

NUMBER_AT, ARCHITECTURE_AT = 0, 4
_FARTHEST = 255
"""A conditional jump's reach."""

Op: TypeAlias = tuple[int, int, int, int]
"""Code, k, and how many instructions to skip if true and if false."""
Leaf: TypeAlias = tuple[Op, ...]
"""What is done with one system call: it jumps only within itself, and always returns."""


def op(code: int, k: int, yes: int = 0, no: int = 0) -> Op:
    """One instruction."""
    return code, k, yes, no


def returns(action: int) -> Leaf:
    """The leaf that ends with `action`."""
    return (op(RETURN, action),)


def refused(number: int = errno.EPERM) -> int:
    """The action: the call is not made and fails with the error `number`."""
    return 0x00050000 | number


def argument(index: int) -> Op:
    """Load the lower half of an argument; all that are looked at here are 32 bits wide to the kernel."""
    return op(LOAD, 16 + 8 * index)


def unless(index: int, bits: int) -> Leaf:
    """Refuse the call if its argument has any of `bits`."""
    return (
        argument(index),
        op(AND, bits),
        op(EQUAL, 0, 1, 0),
        op(RETURN, refused()),
        op(RETURN, ALLOW),
    )


def only(index: int, *values: int) -> Leaf:
    """Allow the call if its argument is one of `values`."""
    tests = [op(EQUAL, value, len(values) - i, 0) for i, value in enumerate(values)]
    return (argument(index), *tests, op(RETURN, refused()), op(RETURN, ALLOW))


def search(leaves: Mapping[int, Leaf], ceiling: int | None = None) -> list[Op]:
    """Load the number and go to its leaf; what has none is allowed.

    From `ceiling` on a call does not exist (ENOSYS): calls that were unknown when
    the table was written must not be a way around it.
    """
    allowed, unknown = returns(ALLOW), returns(refused(errno.ENOSYS))
    starts: list[tuple[int, Leaf]] = [(0, allowed)]
    for number in sorted(leaves):
        starts += [(number, leaves[number]), (number + 1, allowed)]
    if ceiling is not None:
        starts.append((ceiling, unknown))
    merged: list[tuple[int, Leaf]] = []
    for start, leaf in starts:
        if merged and merged[-1][0] == start:
            merged.pop()
        if not merged or merged[-1][1] != leaf:
            merged.append((start, leaf))
    return [op(LOAD, NUMBER_AT), *_tree(merged)]


def _tree(ranges: Sequence[tuple[int, Leaf]]) -> list[Op]:
    if len(ranges) == 1:
        return list(ranges[0][1])
    middle = len(ranges) // 2
    low, high = _tree(ranges[:middle]), _tree(ranges[middle:])
    start = ranges[middle][0]
    if len(low) <= _FARTHEST:
        return [op(AT_LEAST, start, len(low), 0), *low, *high]
    return [op(AT_LEAST, start, 0, 1), op(ALWAYS, len(low)), *low, *high]


def assemble(code: Sequence[Op]) -> bytes:
    """The instructions as the kernel takes them: struct sock_filter, eight bytes each."""
    return b"".join(struct.pack("=HBBI", name, yes, no, k) for name, k, yes, no in code)
