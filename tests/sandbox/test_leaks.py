# ruff: noqa: E501 - programs on one line each read as a table
"""What one program did is nothing to the next in the same slot, be they candidates, examiners or scripts.

`leaks/snapshot.txt` defines `snapshot()`, which tells all that a process can see of
its state: files, limits, signals, descriptors, modules, hooks, contexts. It is
asked in a fresh slot, and again after each program of `leaks/poisons.txt`, which
changes something of that, in each role that a program can have.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ratchet.sandbox import Limits, LocalSandbox, Program

FOLDER = Path(__file__).parent / "leaks"
SNAPSHOT = (FOLDER / "snapshot.txt").read_text()
POISONS = {
    name: source
    for name, _, source in (
        part.partition("\n")
        for part in (FOLDER / "poisons.txt").read_text().removeprefix("=== ").split("\n=== ")
    )
}
LIMITS = Limits(wall_s=6, disk_bytes=8 << 20, memory_bytes=300 << 20)
"""For all of them: other limits could mean another process."""
PLAIN = Program("def f(x): return x")
PASSES = Program("f(1)")

Snapshots = dict[str, dict[str, Any]]


TELL = f"{SNAPSHOT}\nimport json, sys\n"


def seen_by_script(one: LocalSandbox) -> Snapshots:
    """What a script sees."""
    run = one.run(Program(f"{TELL}print(json.dumps(snapshot()))"), LIMITS)
    assert run.exit_code == 0, run
    return {"script": json.loads(run.stdout)}


def seen_by_called(one: LocalSandbox) -> Snapshots:
    """What a candidate sees that is called."""
    [called] = one.call(Program(f"{SNAPSHOT}\ndef f(): return snapshot()"), "f", [()], LIMITS).results
    assert called.raised is None, called
    return {"called": called.value}


def seen_by_examined(one: LocalSandbox) -> Snapshots:
    """What a candidate that is examined and its examiner see."""
    candidate = Program(f"{TELL}def f(theirs): print(json.dumps([snapshot(), theirs])); return 1")
    exam = one.examine(candidate, "f", Program(f"{SNAPSHOT}\nassert f(snapshot()) == 1"), LIMITS)
    assert exam.passed, exam
    mine, theirs = json.loads(exam.candidate.stdout)
    return {"examined": mine, "examiner": theirs}


LOOKS = (seen_by_script, seen_by_called, seen_by_examined)


def look(one: LocalSandbox) -> Snapshots:
    """What all of them see."""
    return {role: seen for look in LOOKS for role, seen in look(one).items()}


def differences(before: Snapshots, after: Snapshots) -> list[str]:
    """What changed, one line each."""
    return [
        f"{role}: {key}: {_brief(old.get(key))} became {_brief(after[role].get(key))}"
        for role, old in before.items()
        if role in after
        for key in sorted(old.keys() | after[role].keys())
        if old.get(key) != after[role].get(key)
    ]


def _brief(value: object) -> str:
    return repr(value)[:300]


def changed(before: Snapshots, after: Snapshots) -> list[str]:
    """`differences`, with long lists told by what came and went."""
    for role, old in before.items():
        for key, value in old.items() if role in after else ():
            new = after[role].get(key)
            if isinstance(value, list) and isinstance(new, list) and len(value) > 8 and value != new:
                gone = [item for item in value if item not in new]
                came = [item for item in new if item not in value]
                before[role] = {**before[role], key: gone}
                after[role] = {**after[role], key: came or (None if gone else "another order")}
    return differences(before, after)


def as_script(one: LocalSandbox, source: str) -> None:
    one.run(Program(source), LIMITS)


def as_called(one: LocalSandbox, source: str) -> None:
    one.call(Program(f"def f(x):\n    return x\n{source}"), "f", [(1,)], LIMITS)


def as_candidate(one: LocalSandbox, source: str) -> None:
    one.examine(Program(f"def f(x):\n    return x\n{source}"), "f", PASSES, LIMITS)


def as_examiner(one: LocalSandbox, source: str) -> None:
    one.examine(PLAIN, "f", Program(f"{source}\nassert f(1) == 1\n"), LIMITS)


ROLES = {"script": as_script, "called": as_called, "candidate": as_candidate, "examiner": as_examiner}


class Fresh:
    """A slot, and what is seen in it before anything happened."""

    one: LocalSandbox
    before: Snapshots

    def __init__(self) -> None:
        self.one = LocalSandbox(slots=1)
        self.before = self._settled()

    def renew(self) -> None:
        """Another slot in its place."""
        self.one.close()
        self.one = LocalSandbox(slots=1)
        self.before = self._settled()

    def _settled(self) -> Snapshots:
        look(self.one)  # what the first of all programs warms is no leak
        return look(self.one)


@pytest.fixture(scope="module")
def fresh() -> Iterator[Fresh]:
    """One slot that all poisons share."""
    made = Fresh()
    yield made
    made.one.close()


def assert_unchanged(fresh: Fresh, after: str, look: Callable[[LocalSandbox], Snapshots] = look) -> None:
    """Compare what is seen now; a slot that was changed is given up, so that only the first is blamed."""
    found = changed(dict(fresh.before), look(fresh.one))
    if found:
        fresh.renew()
    assert not found, f"{after}:\n" + "\n".join(found)


@pytest.mark.parametrize("name", POISONS)
def test_nothing_is_left_of_a_program_in_any_role(fresh: Fresh, name: str) -> None:
    """In all roles, one after the other; which one is the last differs from poison to poison."""
    first = list(POISONS).index(name) % len(ROLES)
    for role in [*ROLES][first:] + [*ROLES][:first]:
        ROLES[role](fresh.one, POISONS[name])
    assert_unchanged(fresh, "after all roles")


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_seen_by_whoever_comes_next(fresh: Fresh, role: str) -> None:
    """The same, looked at after each single role, by the others in turn."""
    for number, (name, source) in enumerate(POISONS.items()):
        ROLES[role](fresh.one, source)
        assert_unchanged(fresh, f"after {name}", LOOKS[(number + len(role)) % len(LOOKS)])


@pytest.mark.slow
def test_the_snapshot_sees_what_the_poisons_do() -> None:
    """Within one process, most of them change what is seen: else the tests above would prove nothing."""
    blind = []
    with LocalSandbox(slots=1) as one:
        for name, source in POISONS.items():
            text = (
                f"{SNAPSHOT}\nimport json, os, sys\nwrite, dumps = os.write, json.dumps\nold = dumps(snapshot())\n"
                f"space = {{'__name__': 'x'}}\ntry:\n    exec({source!r}, space)\n    new = dumps(snapshot())\n"
                "except BaseException as error:\n    new = repr(error)\n"
                "write(2, b'SAME' if old == new else b'CHANGED')\nos._exit(0)\n"
            )
            if "CHANGED" not in one.run(Program(text), Limits(wall_s=5)).stderr:
                blind.append(name)
    assert len(blind) <= len(POISONS) // 4, blind


MARK = "LEFT_" + "BEHIND"
SEARCH = """
import re
def found():
    for line in open('/proc/self/maps'):
        low, high = (int(v, 16) for v in line.split()[0].split('-'))
        if 'rw' in line and '[v' not in line:
            try:
                with open('/proc/self/mem', 'rb', 0) as memory:
                    memory.seek(low)
                    data = memory.read(high - low)
            except OSError:
                continue
            if re.search(b'LEFT[_]BEHIN[D]', data):
                return True
    return False
"""


@pytest.mark.parametrize("role", ROLES)
def test_no_memory_of_one_program_is_in_the_next(role: str) -> None:
    """Neither its text nor its data: candidates must not read each other, nor the tests."""
    poison = f"held = ['{MARK}' * 100 for _ in range(100)]\n"
    with LocalSandbox(slots=1) as one:
        ROLES[role](one, poison)
        assert one.run(Program(f"{SEARCH}\nprint(found())"), LIMITS).stdout == "False\n"
        seen = one.call(Program(f"{SEARCH}\ndef f(): return found()"), "f", [()], LIMITS)
        assert [result.value for result in seen.results] == [False], seen
        exam = one.examine(
            Program(f"{SEARCH}\ndef f(): return found()"),
            "f",
            Program(f"'{MARK}'\nassert f() is False"),
            LIMITS,
        )
        assert exam.passed, exam


def test_the_search_finds_what_is_there() -> None:
    with LocalSandbox(slots=1) as one:
        source = f"held = '{MARK}' * 100\n{SEARCH}\nprint(found())"
        assert one.run(Program(source), LIMITS).stdout == "True\n"


DRAWS = "import os, random, secrets, uuid\ndef draw(): return [random.random(), uuid.uuid4().hex, os.urandom(8).hex()]\n"


@pytest.mark.parametrize("role", ROLES)
def test_seeds_are_the_same_and_secrets_new_each_time(role: str) -> None:
    with LocalSandbox(slots=1) as one:
        drawn = []
        for _ in range(3):
            ROLES[role](one, "import random\nrandom.seed(7)\n")
            ROLES[role](one, "import random\nrandom.random()\n")
            drawn.append(one.run(Program(f"{DRAWS}print(draw())"), LIMITS).stdout)
            [called] = one.call(Program(f"{DRAWS}def f(): return draw()"), "f", [()], LIMITS).results
            drawn.append(str(called.value))
            exam = one.examine(Program("def f(x): print(x)"), "f", Program(f"{DRAWS}f(draw())"), LIMITS)
            drawn.append(exam.candidate.stdout)
        values = [text.strip("[]\n").split(", ") for text in drawn]
        assert len({first for first, *_ in values}) == 1, drawn
        secrets = [secret for _, *more in values for secret in more]
        assert len(set(secrets)) == len(secrets) == 18, drawn


def test_a_helper_of_the_same_name_size_and_time_is_the_new_one() -> None:
    source = "import os, helper\nos.utime('helper.py', (1, 1))\nimport py_compile; py_compile.compile('helper.py')\nprint(helper.X)"
    with LocalSandbox(slots=1) as one:
        for number in (1, 2, 3):
            outcome = one.run(Program(source, files={"helper.py": f"X = {number}"}), LIMITS)
            assert outcome.stdout == f"{number}\n", outcome


def test_files_of_one_program_are_not_given_to_the_next() -> None:
    with LocalSandbox(slots=1) as one:
        one.run(Program("pass", files={"data/x.txt": "x", "helper.py": "X = 1"}), LIMITS)
        assert one.run(Program("import os; print(os.listdir('.'))"), LIMITS).stdout == "['program.py']\n"
        exam = one.examine(
            Program("def f(): return 1", files={"c.txt": "c"}),
            "f",
            Program(
                "import os\nassert f() == 1 and 'e.txt' in os.listdir('.') and 'c.txt' not in os.listdir('.')",
                files={"e.txt": "e"},
            ),
            LIMITS,
        )
        assert exam.passed, exam
        exam = one.examine(
            PLAIN, "f", Program("import os\nassert f(1) and 'e.txt' not in os.listdir('.')"), LIMITS
        )
        assert exam.passed, exam


SENT = {
    "a pattern": "import re\ndef f(x): return re.compile('left')",
    "an exception of its own": "def f(x): raise type('Left', (ValueError,), {})('left')",
    "an array": "import numpy\ndef f(x): return numpy.zeros(3)",
    "a frame": "import pandas\ndef f(x): return pandas.DataFrame({'left': [1]})",
    "a zone": "import zoneinfo, datetime\ndef f(x): return datetime.datetime.now(datetime.timezone.utc)",
    "a great deal": "def f(x): return ['x' * 1000 + str(i) for i in range(10_000)]",
    "a decimal": "from decimal import Decimal\ndef f(x): return Decimal(1) / 3",
}


@pytest.mark.parametrize("name", SENT)
def test_what_a_candidate_sends_leaves_nothing_in_its_examiner(fresh: Fresh, name: str) -> None:
    """But for modules of the libraries, which reading some values takes."""
    text = "try:\n    f(1)\nexcept ValueError:\n    pass"
    for _ in range(2):
        fresh.one.examine(Program(SENT[name]), "f", Program(text), LIMITS)
    after = look(fresh.one)
    fresh.before["examiner"]["modules"] = after["examiner"]["modules"]
    assert not changed(dict(fresh.before), after)


def test_slots_do_not_see_each_other() -> None:
    """Two programs at the same time: neither finds the other's files, sockets, processes or memory."""
    mark = "LEFT_" + "BEHIND"
    busy = f"""
import os, socket, time
held = '{mark}' * 100
open('/tmp/left', 'w').write(held); open('/dev/shm/left', 'w').write(held)
line = socket.socket(socket.AF_UNIX); line.bind('\\0left'); line.listen()
print('there', flush=True)
time.sleep(1.2)
"""
    curious = f"""
{SEARCH}
import os, socket, time
time.sleep(0.4)
print(os.path.exists('/tmp/left'), os.path.exists('/dev/shm/left'), found())
try: socket.socket(socket.AF_UNIX).connect('\\0left'); print('connected')
except OSError: print('refused')
print(len([name for name in os.listdir('/proc') if name.isdigit()]) <= 2)
"""
    with LocalSandbox(slots=2) as two:
        barrier = threading.Barrier(2)

        def run(source: str) -> str:
            barrier.wait()
            return two.run(Program(source), LIMITS).stdout

        with ThreadPoolExecutor(2) as pool:
            outputs = list(pool.map(run, [busy, curious]))
    assert outputs == ["there\n", "False False False\nrefused\nTrue\n"]
