"""A test of the public problem, in the words of the private prompt.

The published tests are those of the public problems: they call the function by its public name,
and name columns as the public prompt does. A prompt and its private form have the same words in
the same order, and where two of them differ, the test has to say the second one too.
"""

from __future__ import annotations

import io
import re
import token
import tokenize
from collections.abc import Mapping

from ratchet.problems.syntax import unbound_names

_WORD = re.compile(r"\w+")


def changed_words(public: str, private: str) -> dict[str, str]:
    """Public word -> private word, for the words in which two forms of a prompt differ.

    Of a word that was changed in several ways the last counts: it stands in code, as a prompt
    says first what is wanted. Raises ValueError where the forms do not have equally many words.
    """
    pairs = zip(_WORD.findall(public), _WORD.findall(private), strict=True)
    return {old: new for old, new in pairs if old != new}


def renamed_test(test: str, words: Mapping[str, str]) -> str:
    """The test with these `words` changed where they name something of the program.

    That is in names that the test does not define itself, and in texts, which may name columns;
    not in attributes, nor in keywords of calls: these are of the public library.
    A test that is no Python stays as it is; no program can pass it.
    """
    free = unbound_names(test)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(test).readline))
    except (tokenize.TokenError, SyntaxError):
        return test
    lines = test.splitlines(keepends=True)
    for before, here, after in reversed(list(zip([tokens[0], *tokens], tokens, tokens[1:], strict=False))):
        text = here.string
        if here.type == token.STRING:
            text = _WORD.sub(lambda word: words.get(word[0], word[0]), text)
        elif here.type == token.NAME and text in free and before.string != "." and after.string != "=":
            text = words.get(text, text)
        if text != here.string:
            (row, start), (_, end) = here.start, here.end
            line = lines[row - 1]
            # No text of more than one line holds a word that was changed.
            lines[row - 1] = line[:start] + text + line[end:]
    return "".join(lines)
