"""The examiner's program: HumanEval's test text, made ready to run apart from the candidate."""

from __future__ import annotations

from functools import lru_cache

from ratchet.problems.types import CheckOracle


@lru_cache(maxsize=1024)
def exam_text(oracle: CheckOracle) -> str:
    """The source of the examiner: the preamble, then `test`, then `check(candidate)` unless it is a script.

    Tests may use helper functions that the prompt defines (HumanEval/32, 38 and
    50 do), so the preamble is run first. A prompt ends inside the function that
    is to be written; it is closed with `pass` where it does not compile as it
    is, and left out where that does not help. Whatever it made of the entry
    point's name is then put back to the candidate, which the sandbox provides
    under `__candidate__` too.
    """
    if oracle.script and not oracle.preamble:
        return oracle.test
    parts = [_closed(oracle.preamble), f"{oracle.entry_point} = __candidate__", oracle.test]
    return "\n".join(parts if oracle.script else [*parts, "check(__candidate__)"]) + "\n"


def _closed(preamble: str) -> str:
    """The preamble, so that it can be followed by other text; empty where it cannot be closed."""
    lines = [line for line in preamble.splitlines() if line.strip()] or [""]
    indent = lines[-1][: len(lines[-1]) - len(lines[-1].lstrip())]
    for ending in ("", f"{indent}    pass", f"{indent}pass"):
        text = f"{preamble}\n{ending}\n"
        try:
            compile(text, "prompt.py", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return text
    return ""
