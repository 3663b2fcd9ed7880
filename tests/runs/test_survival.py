"""A Run survives what happens to processes and disks: SIGKILL at any moment, no room, a fork."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.runs import Run

# Says on stdout what is recorded, after it is recorded; goes on from where it was.
WRITER = """
import sys
from pathlib import Path
from ratchet.runs import Run

place = Path(sys.argv[1])
begun = (place / "run.json").exists()
run = Run.open(place, kind="test") if begun else Run.create(place, kind="test", config={})
print("begun", flush=True)
for i in range(100_000):
    unit = f"unit-{i}"
    if run.get(unit) is not None:
        continue
    temporary = run.work(unit)
    (temporary / "file").write_text(unit * 50)
    run.publish(temporary, unit)
    run.record(unit, {"number": i})
    print(i, flush=True)
"""


def test_nothing_is_lost_or_doubled_by_sigkill(tmp_path: Path) -> None:
    chance = random.Random(0)
    place = tmp_path / "run"
    said: list[int] = []
    for kills in range(1, 9):
        process = subprocess.Popen([sys.executable, "-c", WRITER, place], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(chance.uniform(0.0, 0.15))
        process.kill()
        said += [int(line) for line in process.stdout.read().split("\n") if line]
        process.wait()
        process.stdout.close()
        with Run.open(place) as run:
            results = list(run.units())
            assert [result["number"] for _, result in results] == list(range(len(results)))
            # All that it said is there; and at most one unit for each kill that it did not live to say.
            assert set(said) <= set(range(len(results)))
            assert len(results) - len(said) <= kills
            for unit, _ in results:
                assert (run.artefact(unit) / "file").read_text() == unit * 50
            assert not list((place / "artefacts").glob(".*"))
    assert said
    assert len(said) == len(set(said))


def test_sigkill_while_it_is_made(tmp_path: Path) -> None:
    chance = random.Random(1)
    script = "import sys; from pathlib import Path; from ratchet.runs import Run\n"
    script += "print(flush=True); Run.create(Path(sys.argv[1]), kind='test', config={})"
    for attempt in range(6):
        place = tmp_path / str(attempt)
        process = subprocess.Popen([sys.executable, "-c", script, place], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.1))
        process.kill()
        process.wait()
        process.stdout.close()
        whole = (place / "run.json").exists()
        with Run.open(place) if whole else Run.create(place, kind="test", config={}) as run:
            run.record("one", 1)
            assert list(run.units()) == [("one", 1)]


def test_a_worker_that_outlives_its_parent_does_not_bar_the_resume(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import os, sys, time
        from pathlib import Path
        from ratchet.runs import Run

        run = Run.create(Path(sys.argv[1]), kind="test", config={})
        child = os.fork()
        if child == 0:
            os.close(1)
            time.sleep(30)
            os._exit(0)
        print(child, flush=True)
        time.sleep(30)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", script, tmp_path / "run"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        time.sleep(0.2)
        with pytest.raises(RatchetError, match="in use by another process"):
            Run.open(tmp_path / "run")
        process.kill()
        process.wait()
        os.kill(child, 0)
        Run.open(tmp_path / "run").close()
    finally:
        process.stdout.close()
        os.kill(child, signal.SIGKILL)


# A tmpfs of 2 MB, in a mount namespace of its own, is a disk that is soon full.
SMALL_DISK = ["unshare", "--user", "--map-root-user", "--mount"]
FILL = """
import subprocess, sys
from pathlib import Path
from ratchet.errors import RatchetError
from ratchet.runs import Run

disk = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], check=True)
run = Run.create(disk / "run", kind="test", config={})
written = 0
try:
    while written < 1000:
        run.record(f"unit-{written}", "x" * 10_000)
        written += 1
except RatchetError as error:
    print(error)
print(written)
assert len(list(run.units())) == written
run.close()
with Run.open(disk / "run") as run:
    assert [unit for unit, _ in run.units()] == [f"unit-{i}" for i in range(written)]
"""


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path: Path) -> None:
    if subprocess.run([*SMALL_DISK, "true"], capture_output=True).returncode != 0:
        pytest.skip("this kernel lets nobody make a mount namespace, so there is no small disk to fill")
    done = subprocess.run([*SMALL_DISK, sys.executable, "-c", FILL, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    sentence, count = done.stdout.splitlines()
    assert sentence == (
        f"the Run at {tmp_path / 'run'} cannot be written (database or disk is full): "
        "mend that and resume, what was recorded is safe."
    )
    assert 10 < int(count) < 200


def test_a_file_that_may_not_grow_is_one_sentence(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from ratchet.errors import RatchetError
        from ratchet.runs import Run

        run = Run.create(Path(sys.argv[1]), kind="test", config={})
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        written = 0
        try:
            while True:
                run.record(str(written), "x" * 10_000)
                written += 1
        except RatchetError as error:
            print(error, written, len(list(run.units())), sep="\\n")
        """
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "run"], capture_output=True, text=True)
    sentence, written, kept = done.stdout.splitlines()
    assert sentence.startswith(f"the Run at {tmp_path / 'run'} cannot be written (disk I/O error)")
    assert written == kept
    assert len(list(Run.open(tmp_path / "run").units())) == int(written)
