"""A thin process that judges tasks in one way, when it is told to.

    python driver.py WAY SPEC    (SPEC: JSON; see `driving.Driver`)

It imports nothing that its way does not need, since some ways fork it. Requests
and answers are lines of JSON on its standard input and output, which it moves
away first: programs that inherit it find /dev/null there.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path


def main(way: str, spec_text: str) -> None:
    """Prepare the way, then judge what is asked for, until nobody asks."""
    spec = json.loads(spec_text)
    os.sched_setaffinity(0, {spec["core"]})
    requests, answers = (os.fdopen(os.dup(fd), mode) for fd, mode in ((0, "r"), (1, "w")))
    nothing = os.open("/dev/null", os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    sys.path += spec["path"]
    tasks = import_module("parts.tasks").read_tasks(Path(spec["file"]))

    def say(**facts: object) -> None:
        answers.write(json.dumps(facts) + "\n")
        answers.flush()

    try:
        module = import_module(f"parts.ways.{way}")
    except ImportError as error:
        say(left_out=str(error))
        return
    with module.ready(tasks, spec) as judge:
        say(ready=True)
        for line in requests:
            wanted = json.loads(line)
            seconds, passed = [], []
            begun = time.perf_counter()
            for number in wanted:
                started = time.perf_counter()
                passed.append(judge(tasks[number]))
                seconds.append(time.perf_counter() - started)
            say(seconds=seconds, passed=passed, all_seconds=time.perf_counter() - begun)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
