"""The examiner's program: HumanEval's test text, made ready to run apart from the candidate."""

from __future__ import annotations

from ratchet.problems.types import CheckOracle

_TEMPLATE = """\
def __run__(text):
    lines = [line for line in text.splitlines() if line.strip()] or [""]
    indent = lines[-1][: len(lines[-1]) - len(lines[-1].lstrip())]
    for ending in ("", indent + "    pass", indent + "pass"):
        try:
            code = compile(text + "\\n" + ending + "\\n", "prompt.py", "exec", dont_inherit=True)
        except SyntaxError:
            continue
        exec(code, globals())
        return


__run__({preamble!r})
{entry_point} = __candidate__
{test}
check(__candidate__)
"""


def exam_text(oracle: CheckOracle) -> str:
    """The source of the examiner: the preamble, then `test`, then `check(candidate)`.

    Tests may use helper functions that the prompt defines (HumanEval/32, 38 and
    50 do), so the preamble is run first. A prompt ends inside the function that
    is to be written; it is closed with `pass` where it does not compile as it
    is, and left out where that does not help. Whatever it made of the entry
    point's name is then put back to the candidate, which the sandbox provides
    under `__candidate__` too.
    """
    return _TEMPLATE.format(entry_point=oracle.entry_point, preamble=oracle.preamble, test=oracle.test)
