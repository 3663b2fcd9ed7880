"""What supervisor and zygote say to each other: small fixed records, as every program costs one of each.

An order may be followed by JSON: the limits of a plan, which later orders name by
its number. A report may be followed by what a warden has to add.
"""

from __future__ import annotations

import struct

ORDER = struct.Struct("<IBBHB")
"""The program's number, what to do, its mode, the number of its plan, how many descriptors come along."""
REPORT = struct.Struct("<IBiQQ")
"""The program's number, what ended it, its wait status, CPU microseconds, its largest process in KiB."""

PLAN, START, STAND, END = range(4)
"""What to do: learn a plan; start a program; start one without a deadline; end one."""

MODES = ("run", "answer", "both", "oracle", "execute")
WARDENED = (MODES.index("run"), MODES.index("execute"))
"""Modes whose programs have a warden as process 1."""

KEPT = 5
"""A wardened program with this many descriptors has a file for what it leaves as the last (`inside.kept`)."""

BY_ITSELF, BY_DEADLINE, BY_ORDER, BY_CPU, BY_MEMORY = range(5)
"""What ended a program."""

MAX_MESSAGE = 1 << 16
"""Bytes of one message."""
