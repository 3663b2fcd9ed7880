"""Finding the program in what a model wrote, by SandboxFusion's rules.

It imports the standard library alone and is one file: a request may bring a text of
its own for this (`custom_extract_logic`), which is run in the sandbox behind this one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

FENCED, INCOMPLETE, HEURISTIC = 30, 20, 10
"""How much a block counts; the first of the most counted, in the language that is wanted, is the program."""

_NAMED = {
    "python": "python Python py Python3 python3 PY",
    "cpp": "cpp c++ C++ Cpp CPP",
    "nodejs": "javascript Javascript JavaScript JS js",
    "go": "go Go",
    "java": "java Java",
    "php": "php PHP",
    "csharp": "csharp c# C#",
    "bash": "bash Bash BASH sh shell",
    "typescript": "typescript",
    "rust": "rust Rust rs",
    "sql": "sql SQL Sql",
    "lua": "lua Lua",
    "perl": "perl Perl PERL",
    "R": "R r",
    "ruby": "ruby Ruby",
    "swift": "swift",
    "c": "c C",
}
_LANGUAGE_OF = {name: language for language, names in _NAMED.items() for name in names.split()}
_WHOLE = re.compile(r"```([^\n]*)\n(.*?)\n\s*```", re.DOTALL)
_OPEN = re.compile(r"```([^\n]*)\n(.*)", re.DOTALL)
_KINDS = {FENCED: "fenced", INCOMPLETE: "incomplete_fenced", HEURISTIC: "heuristic"}


@dataclass(frozen=True)
class CodeBlock:
    """A piece of code; more `priority` counts more, and what a request adds may have any."""

    priority: int
    language: str
    code: str


def extract_fenced_code(completion: str) -> list[CodeBlock]:
    """The blocks between fences of three backticks, in order."""
    return [
        CodeBlock(FENCED, _LANGUAGE_OF.get(name.strip(), ""), code)
        for name, code in _WHOLE.findall(completion)
    ]


def extract_incomplete_fenced_code(completion: str) -> list[CodeBlock]:
    """What follows the first fence, whether it is closed or not."""
    return [
        CodeBlock(INCOMPLETE, _LANGUAGE_OF.get(name.strip(), ""), code)
        for name, code in _OPEN.findall(completion)
    ]


def extract_heuristic_code(completion: str, language: str = "") -> list[CodeBlock]:
    """Python's functions and classes with the imports above them; for Bash all that is not blank."""
    lines = [line for line in completion.split("\n") if line.strip()]
    if language == "bash":
        return [CodeBlock(HEURISTIC, "bash", "\n".join(lines) + "\n")]
    if language == "python":
        return [CodeBlock(HEURISTIC, "python", code) for code in _python(lines)]
    return []


def _python(lines: Sequence[str]) -> list[str]:
    found = []
    start = place = 0
    while place < len(lines):
        if re.match(r"def .|class .", lines[place]):
            end = place + 1
            while end < len(lines) and lines[end][0].isspace():
                end += 1
            if end > place + 1:
                found.append("".join(f"{line}\n" for line in lines[start:end]))
            start = place = end
        elif re.match(r"(?:import|from|#).", lines[place]):
            place += 1
        else:
            place += 1
            start = place
    return found


def extract(completion: str, language: str, more: Sequence[CodeBlock] = ()) -> tuple[str, str]:
    """The program, and how it was found: "fenced", "incomplete_fenced", "heuristic", "custom" or "empty"."""
    blocks = [
        *extract_fenced_code(completion),
        *extract_heuristic_code(completion, language),
        *extract_incomplete_fenced_code(completion),
        *more,
    ]
    if not blocks:
        return "", "empty"
    most = max(block.priority for block in blocks)
    best = [block for block in blocks if block.priority == most]
    block = next((block for block in best if block.language == language), best[0])
    added = any(block is one for one in more)
    return block.code, "custom" if added else _KINDS[block.priority]
