"""A set iterates in the receiver's process as it did in the sender's."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from ratchet.sandbox.inside import wire, wire_sets

_CHECK = """
import random, sys
sys.path.insert(0, {path!r})
from ratchet.sandbox.inside import wire, wire_sets
chance = random.Random(4)
word = lambda: "".join(chance.choices("abcdefgh", k=chance.randint(1, 4)))
same = total = 0
for _ in range(150):
    for length in (2, 3, 4, 6, 10, 18, 30, 100):
        words = [word() for _ in range(length)]
        literal = eval(repr(set(words)))
        for made in (set(words), set(frozenset(words)), literal, set(words) - set(words[:3])):
            back = wire.unpack(wire.pack(made))
            assert back == made
            same += list(back) == list(made)
            total += 1
print(same / total)
"""


def test_sets_of_words_keep_their_order() -> None:
    text = _CHECK.format(path=sys.path[0])
    ran = subprocess.run(
        [sys.executable, "-c", text], env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert float(ran.stdout) > 0.95


def test_sets_of_numbers_keep_their_order() -> None:
    chance = random.Random(1)
    same = 0
    for _ in range(400):
        made = {chance.randint(-50, 200) for _ in range(chance.randint(2, 40))}
        back = wire.unpack(wire.pack(made))
        assert back == made
        same += list(back) == list(made)
    assert same > 380


@pytest.mark.parametrize("made", [{8, 0}, {0, 8}, {16, 8, 0}, {7, 15, 23}, {32, 1, 33, 64}])
def test_small_sets_with_collisions(made: set[int]) -> None:
    assert list(wire.unpack(wire.pack(made))) == list(made)


def test_a_sender_whose_hashes_are_random_sends_words_in_one_order() -> None:
    if not sys.flags.hash_randomization:
        pytest.skip("hashes are not random here; unset PYTHONHASHSEED")
    assert wire_sets.parts_of({"b", "a", "c"}) == (0, ["a", "b", "c"])


def test_nobody_gets_a_long_table_for_nothing() -> None:
    payload = b"[" + b",".join([b'{"t":"table","v":["set",4096,[1,2]]}'] * 20_000) + b"]"
    started = time.monotonic()
    assert wire.unpack(payload)[0] == {1, 2}
    assert time.monotonic() - started < 2
