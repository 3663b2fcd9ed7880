"""How loaded this machine is, as far as that decides how long a program must be waited for."""

from __future__ import annotations

import os
import time
from pathlib import Path

_QUIET = 2.0
_PER_RIVAL = 4.0
_LOOKS = 5
_BETWEEN_S = 0.01


def patience(load_file: Path = Path("/proc/loadavg")) -> float:
    """How many times its wall limit a program may take now, for the machine's sake and not its own.

    2 where nothing else wants the cores; 4 more for each other process per core that
    is running or waiting to. What a program may use up of CPU time is not stretched.
    """
    rivals = 0
    for _ in range(_LOOKS):
        rivals = max(rivals, _running(load_file) - 1)
        time.sleep(_BETWEEN_S)
    return _QUIET + _PER_RIVAL * rivals / len(os.sched_getaffinity(0))


def _running(load_file: Path) -> int:
    """Processes that run or wait for a core, this one included; 1 where the system does not say."""
    try:
        return int(load_file.read_text().split()[3].partition("/")[0])
    except (OSError, ValueError, IndexError):
        return 1
