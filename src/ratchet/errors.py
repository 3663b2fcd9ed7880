"""The one error family for what a user can mend.

Raise `RatchetError` (or a subclass) when the input, the machine's set-up or the
request is at fault: its message is one sentence that says what is wrong, where,
and what to do. The command line prints that sentence on stderr and exits with 2.
Anything else that escapes is a bug and keeps its traceback.
"""


class RatchetError(Exception):
    """Something the user can mend; `str(error)` is one sentence that says how."""


class HarnessError(Exception):
    """The machinery that runs programs broke.

    Never counted as a wrong answer: a broken sandbox says nothing about the
    program that was in it.
    """
