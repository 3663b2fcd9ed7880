"""A problem as a request to a chat model."""

from __future__ import annotations

from ratchet.engines.base import Message
from ratchet.problems.types import Problem
from ratchet.sandbox.languages import LANGUAGES, resolve


def chat_messages(problem: Problem) -> list[Message]:
    """The conversation that asks for a whole program: one message of the user, with the prompt in a fence.

    It is the instruction form that EvalPlus introduced (`evalplus/provider/utility.py`), in our own
    words and for every language. `ratchet.evaluation.sanitize.program_of` reads the reply.

    Raises:
        RatchetError: the problem's language is unknown.
    """
    name = resolve(problem.language)
    title = "Python" if name == "python" else LANGUAGES[name].title
    prompt = problem.prompt.strip("\n")
    fence = "```"
    while fence in prompt:
        fence += "`"
    request = (
        f"Solve the problem below with a complete {title} program. Answer with one Markdown code block that "
        "holds all of it: the imports, every helper function, and what the problem asks for under the very "
        "name that it uses. Leave out tests and examples.\n\n"
        f"{fence}{name}\n{prompt}\n{fence}\n"
    )
    return [Message("user", request)]
