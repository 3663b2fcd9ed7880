"""The reward functions, called as TRL and verl call them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from ratchet.errors import HarnessError
from ratchet.sandbox import LocalSandbox
from tests.examples.loading import load_example

pytestmark = pytest.mark.slow

TEST = "def check(candidate):\n    assert candidate(2, 3) == 5\n    assert candidate(0, 0) == 0\n"
RIGHT = "Here it is:\n```python\ndef add(a, b):\n    return a + b\n```\nIt adds."
WRONG = "```python\ndef add(a, b):\n    return 5\n```"
CHEAT = """```python
class Same:
    def __eq__(self, other): return True
def add(a, b): return Same()
```"""
TAMPERED = """```python
import os
for fd in range(3, 20):
    try: os.write(fd, b"passed")
    except OSError: pass
def add(a, b): return 5
```"""
LOOP = "```py\ndef add(a, b):\n    while True: pass\n```"
PROSE = "I would add the two numbers."
UNCLOSED = "```python\ndef add(a, b):\n    return a + b\n"
BARE = "def add(a, b):\n    return a + b\n"
TWICE = f"{WRONG}\nNo, wait.\n{RIGHT}\nRun it:\n```bash\npython add.py\n```"
EXPECTED = {
    RIGHT: 1.0,
    WRONG: 0.0,
    CHEAT: 0.0,
    TAMPERED: -1.0,
    LOOP: 0.0,
    PROSE: 0.0,
    UNCLOSED: 1.0,
    BARE: 1.0,
    TWICE: 1.0,
    "": 0.0,
}


@pytest.fixture(scope="module")
def rewards() -> Iterator[ModuleType]:
    with load_example("reward") as module:
        yield module
        module.sandbox().close()


def as_trl_asks(module: ModuleType, completions: list[Any], **columns: list[Any]) -> list[float | None]:
    """What GRPOTrainer passes: every column of the dataset, and more, by keyword."""
    number = len(completions)
    return module.reward(
        prompts=["Add two numbers."] * number,
        completions=completions,
        completion_ids=[[1, 2]] * number,
        trainer_state=None,
        **{
            "test": [TEST] * number,
            "entry_point": ["add"] * number,
            "difficulty": ["easy"] * number,
            **columns,
        },
    )


def test_what_a_completion_is_worth(rewards: ModuleType) -> None:
    assert as_trl_asks(rewards, list(EXPECTED)) == list(EXPECTED.values())


def test_completions_of_a_conversation(rewards: ModuleType) -> None:
    talks = [[{"role": "assistant", "content": reply}] for reply in (RIGHT, WRONG)]
    assert as_trl_asks(rewards, talks) == [1.0, 0.0]


def test_bare_assertions_are_a_test_too(rewards: ModuleType) -> None:
    assert as_trl_asks(rewards, [RIGHT, WRONG], test=["assert add(2, 2) == 4"] * 2) == [1.0, 0.0]


@pytest.mark.parametrize("reply", [RIGHT, WRONG, TAMPERED])
def test_as_verl_asks(rewards: ModuleType, reply: str) -> None:
    truth = {"test": TEST, "entry_point": "add"}
    for given in (truth, json.dumps(truth)):
        score = rewards.compute_score(
            data_source="humaneval",
            solution_str=reply,
            ground_truth=given,
            extra_info={"index": 3, "split": "train"},
        )
        assert score == EXPECTED[reply]


def test_a_broken_sandbox_gives_no_reward(rewards: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(LocalSandbox):
        def examine(self, *_: Any, **__: Any) -> Any:
            raise HarnessError("the sandbox broke twice on one program")

    with Broken(slots=1) as broken:
        monkeypatch.setattr(rewards, "sandbox", lambda: broken)
        assert as_trl_asks(rewards, [RIGHT, WRONG]) == [None, None]
        with pytest.raises(HarnessError):
            rewards.compute_score("humaneval", RIGHT, {"test": TEST, "entry_point": "add"})
