"""A problem as a request to a chat model."""

from __future__ import annotations

from ratchet.engines.base import Message
from ratchet.problems.types import Problem
from ratchet.sandbox.languages import LANGUAGES, resolve

_GAP = "<MISSING>"


def chat_messages(problem: Problem) -> list[Message]:
    """The conversation that asks for a whole program: one message of the user, with the prompt in a fence.

    It is the instruction form that EvalPlus introduced (`evalplus/provider/utility.py`), in our own
    words and for every language; a prompt that is a request already (`Problem.prompt_in_program`
    is false) is sent as it is. `ratchet.evaluation.sanitize.program_of` reads the reply.

    Raises:
        RatchetError: the problem's language is unknown.
    """
    if not problem.prompt_in_program:
        return [Message("user", problem.prompt.strip())]
    name = resolve(problem.language)
    title = "Python" if name == "python" else LANGUAGES[name].title
    gap = f"{_GAP}{problem.suffix}" if problem.suffix else ""
    code = f"{problem.prompt}{gap}".strip("\n")
    fence = "```"
    while fence in code:
        fence += "`"
    where = f", where {_GAP} stands for what is missing" if gap else ""
    request = (
        f"Solve the problem below with a complete {title} program{where}. Answer with one Markdown code "
        "block that holds all of it: the imports, every helper function, and what the problem asks for under "
        "the very name that it uses. Leave out tests and examples.\n\n"
        f"{fence}{name}\n{code}\n{fence}\n"
    )
    return [Message("user", request)]
