"""Problems as requests to a chat model."""

from __future__ import annotations

from ratchet.engines import Message
from ratchet.evaluation.chat import chat_messages
from ratchet.evaluation.markdown import read
from ratchet.problems import CheckOracle, NativeOracle, Problem


def test_the_prompt_stands_in_a_fence_of_its_language() -> None:
    problem = Problem("p", "\ndef f(x):\n", CheckOracle("f", "pass"))
    [message] = chat_messages(problem)
    assert message.role == "user"
    [block] = read(message.content).blocks
    assert (block.language, block.text) == ("python", "def f(x):")
    assert "Python" in message.content


def test_a_prompt_that_holds_fences_is_not_cut_by_them() -> None:
    prompt = 'def f(x):\n    """\n    ```\n    f(1)\n    ```\n    """\n'
    [message] = chat_messages(Problem("p", prompt, CheckOracle("f", "pass")))
    [block] = read(message.content).blocks
    assert block.text == prompt.strip("\n")


def test_another_language_is_called_by_its_title() -> None:
    problem = Problem("p", "int f(int x) {\n", NativeOracle("f", "int f(int x) {", ""), language="cpp")
    [message] = chat_messages(problem)
    assert "C++" in message.content
    assert "```cpp\nint f(int x) {\n```" in message.content


def test_a_prompt_that_is_a_request_is_sent_as_it_is() -> None:
    problem = Problem("p", "Write a program.\n", CheckOracle("f", "pass"), prompt_in_program=False)
    assert chat_messages(problem) == [Message("user", "Write a program.")]


def test_what_follows_on_the_gap_is_shown() -> None:
    problem = Problem(
        "p", "def f(x):\n", CheckOracle("f", "pass"), closing="    return x\n", suffix="    return x\n"
    )
    [message] = chat_messages(problem)
    assert "def f(x):\n<MISSING>    return x\n```" in message.content
