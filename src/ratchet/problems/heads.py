"""The head of the function that is to be written, in any language."""

from __future__ import annotations

import re

from ratchet.errors import RatchetError

_KEYWORDS = {
    "python": r"(?m)^def\s+(\w+)\s*\(",
    "go": r"\bfunc\s+(\w+)\s*[\[(]",
    "rust": r"\bfn\s+(\w+)\s*[<(]",
    "swift": r"\bfunc\s+(\w+)\s*[<(]",
    "php": r"\bfunction\s+&?(\w+)\s*\(",
    "javascript": r"\b(?:function|const|let|var)\s+(\w+)\s*[=(<]",
    "bash": r"(?m)^\s*(?:function\s+)?(\w+)\s*\(\)",
}
_KEYWORDS["typescript"] = _KEYWORDS["javascript"]
_BEFORE_PARAMETERS = r"([\w~]+)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)[^(){};]*\{\s*\Z"
"""Where a type stands first, as in C: the name before the last parameters and the brace that follows them."""
_LAST_COMMENT = re.compile(r"(?:/\*(?:(?!\*/).)*\*/|(?m:^)[ \t]*(?://|#)[^\n]*)\s*\Z", re.DOTALL)


def head_of(prompt: str) -> str:
    """The prompt without the comments that its function's body begins with: up to and with its brace.

    Raises RatchetError where it does not end with a brace then.
    """
    text = prompt.rstrip()
    while comment := _LAST_COMMENT.search(text):
        text = text[: comment.start()].rstrip()
    if not text.endswith("{"):
        raise RatchetError(f"the prompt {prompt[-60:]!r} does not end within a function.")
    return f"{text}\n"


def name_in(declaration: str, language: str) -> str:
    """The name of the last function that the declaration begins.

    Raises RatchetError where it begins none.
    """
    if language in _KEYWORDS:
        names = re.findall(_KEYWORDS[language], declaration)
    else:
        names = re.findall(_BEFORE_PARAMETERS, declaration)
    if not names:
        raise RatchetError(f"no function of {language} begins in {declaration[-60:]!r}.")
    return str(names[-1])
