"""Where a completion of CodeGen's is cut, by the two rules that its authors published.

Both know a line's beginning as regular expressions do: the start of the text, or what
follows a line feed.
"""

from __future__ import annotations

import re

END_OF_TEXT = "<|endoftext|>"

_PRINT = re.compile(r"^print", re.MULTILINE)
_DEF = re.compile(r"^def", re.MULTILINE)
_TURN_ENDS = re.compile(rf"^#|^'''|^\"\"\"|\n\n\n|{re.escape(END_OF_TEXT)}", re.MULTILINE)
_HUB_ENDS = re.compile(r"\n\n^#|^'''|\n\n\n", re.MULTILINE)


def truncate_turn(completion: str) -> str:
    """What is kept of a turn's completion by `truncate` of CodeGen's mtpb_sample.py.

    It is cut before the second line that begins with `print`; what is left, before the
    second that begins with `def`; what is left of that, before the first of: a line that
    begins with `#`, with three quotes of either kind, three line feeds, the end-of-text token.

    The sampler puts an empty line after what is kept. A completion that was stopped at one
    of these (a stop string "\\n#") has lost the line feed before it, and is not cut the same.
    """
    return _cut(completion, _TURN_ENDS)


def truncate_hub(completion: str) -> str:
    """What is kept by the tokenizer's `truncate_before_pattern`, as CodeGen's README has it.

    After the second `print` and `def`, as `truncate_turn`, it is cut before the first of: an empty
    line with a comment line after it, a line that begins with three single quotes, three line feeds.
    """
    return _cut(completion, _HUB_ENDS)


def _cut(text: str, ends: re.Pattern[str]) -> str:
    for repeated in (_PRINT, _DEF):
        starts = [found.start() for found in repeated.finditer(text)]
        if len(starts) > 1:
            text = text[: starts[1]]
    found = ends.search(text)
    return text if found is None else text[: found.start()]
