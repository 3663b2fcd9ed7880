"""Progress: bars on a terminal, few lines elsewhere, nothing when quiet; never on stdout."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from ratchet.runs import Progress
from ratchet.runs.progress import seconds_in_words

SCRIPT = """
import sys, time
from ratchet.runs import Progress

with Progress(quiet="quiet" in sys.argv) as progress:
    task = progress.task("judging [x]", total=4, unit="samples")
    other = progress.task("training")
    for i in range(4):
        time.sleep(0.3)
        task.advance()
        other.info(f"loss {i}.5")
    progress.say("a line [that] stays")
    task.finish("3 passed")
print("answer")
"""


def test_lines_where_there_is_no_terminal() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.stdout == "answer\n"
    begin, begin_other, stays, end, end_other = done.stderr.splitlines()
    assert begin == "judging [x] (4 samples) ..."
    assert begin_other == "training ..."
    assert stays == "a line [that] stays"
    assert re.fullmatch(r"judging \[x\]: 4/4 samples in [0-9.]+ s, [0-9.]+/s: 3 passed", end)
    assert re.fullmatch(r"training: in [0-9.]+ s", end_other)


def test_quiet_is_quiet() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, "quiet"], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("answer\n", "")


def test_bars_on_a_terminal() -> None:
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=slave, env=environment
    ) as process:
        os.close(slave)
        shown = b""
        # Reading a terminal whose other end is closed fails on Linux instead of ending.
        try:
            while part := os.read(master, 65536):
                shown += part
        except OSError:
            os.close(master)
        assert process.stdout is not None
        assert process.stdout.read() == b"answer\n"
    text = shown.decode()
    assert "━" in text
    assert re.search(r"[123]/4 samples", text)
    assert "left" in text
    assert re.search(r"loss [012]\.5", text)
    assert "a line [that] stays" in text
    assert "judging [x]: 4/4 samples in " in text
    assert process.returncode == 0


def test_a_line_now_and_then() -> None:
    stream = io.StringIO()
    with Progress(stream=stream, interval_s=0.05) as progress:
        task = progress.task("fetching", total=10, unit="files")
        task.advance(5)
        task.info("from here")
        time.sleep(0.4)
    lines = stream.getvalue().splitlines()
    assert len(lines) >= 4
    assert lines[-2].startswith("fetching: 5/10 files, ")
    assert lines[-2].endswith(" left, from here")
    assert lines[-1].startswith("fetching: 5/10 files in ")


def test_a_failure_says_where_it_stopped() -> None:
    stream = io.StringIO()
    with suppress(ZeroDivisionError), Progress(stream=stream) as progress:
        progress.task("judging", total=3, unit="samples").advance()
        raise ZeroDivisionError
    assert stream.getvalue().splitlines()[-1].startswith("judging: 1/3 samples in ")
    assert stream.getvalue().endswith(": stopped\n")


def test_threads_drive_tasks_together() -> None:
    stream = io.StringIO()
    with Progress(stream=stream, interval_s=0.001) as progress:
        task = progress.task("counting", total=8000)

        def work() -> None:
            own = progress.task("own", total=1000)
            for _ in range(1000):
                task.advance()
                own.advance()
            own.finish()
            own.finish()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert task.done == 8000
    ends = [line for line in stream.getvalue().splitlines() if line.startswith("own: 1,000/1,000 in ")]
    assert len(ends) == 8


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (3600, "1 h"),
    ],
)
def test_durations_as_people_say_them(seconds: float, words: str) -> None:
    assert seconds_in_words(seconds) == words
