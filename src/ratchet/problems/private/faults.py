"""What is wrong with problems of MonkeyEval and BeatNumEval, and with their own solutions.

They are PandasEval and NumpyEval in other words, by other numbers. A problem is broken where no
answer passes that does what is asked; of the others with a fault an answer is known that passes.
Seen with pandas 1.5.3 and numpy 1.23.5, and with pandas 3.1 and numpy 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ratchet.problems.versions import Fault

Faults = dict[int, Fault]


@dataclass(frozen=True, slots=True)
class Known:
    """The faults of a benchmark, by number of the problem."""

    broken: Faults
    exceptions: Faults
    """Where only the benchmark's own solution does not pass."""
    paper_broken: Faults = field(default_factory=dict)
    """What only the authors' rules break."""
    paper_exceptions: Faults = field(default_factory=dict)
    """What only the authors' rules do not let pass."""


MONKEY = Known(
    broken={
        29: Fault("its test looks at kf, where the prompt asks for n_kf"),
        32: Fault("its check takes an argument that it is never given"),
        38: Fault("its test is no Python: it has a bracket too many"),
        43: Fault("its test wants equal counts in the order of their values", "pandas", since=(3, 0)),
        61: Fault("its test looks at merged_result, which is not what the prompt asks for"),
        62: Fault("its test is no Python: a text goes over the end of its line"),
        74: Fault("its test uses np.float, which is gone", "numpy", since=(1, 24)),
        78: Fault("its test wants a 4 in rows that have none"),
        86: Fault("its test wants floats, as adding to an empty frame once gave", "pandas", since=(1, 5)),
        92: Fault("its test wants another row than the prompt adds: name and age are exchanged"),
        97: Fault("its test wants a column of texts, where a mixed one was cut", "pandas", since=(3, 0)),
    },
    exceptions={
        0: Fault("its solution names the new column otherwise than is asked for"),
        11: Fault("its solution uses append, which is gone", "pandas", since=(2, 0)),
        15: Fault("its solution is not indented as its prompt begins"),
        18: Fault("its solution uses append, which is gone", "pandas", since=(2, 0)),
        26: Fault("its solution assigns to a copy", "pandas", since=(2, 0)),
        27: Fault("its solution puts floats into columns of integers", "pandas", since=(3, 0)),
        47: Fault("its solution takes for granted that replace reads a pattern", "pandas", since=(2, 0)),
        59: Fault("its solution uses append, which is gone", "pandas", since=(2, 0)),
    },
    paper_broken={
        11: Fault("its argument list_to_add is not put back to the public prompt's list_to_append"),
    },
    paper_exceptions={
        36: Fault("its solution has numpy's own unique, which is a public word: the keyword rule rejects it"),
        66: Fault('its solution has the value "last", a public word: the keyword rule rejects it'),
        91: Fault('its solution has the value "all", a public word: the keyword rule rejects it'),
    },
)

BEATNUM = Known(
    broken={
        12: Fault("its prompt calls tostring, which arrays have lost", "numpy", since=(2, 3)),
        25: Fault("its test gives np.vstack a map, which it does not take any more", "numpy", since=(1, 24)),
        67: Fault("its test uses np.bool, which was away for a while", "numpy", since=(1, 24), until=(2, 0)),
    },
    exceptions={
        10: Fault("its solution writes into df.values, which is now read-only", "pandas", since=(3, 0)),
        17: Fault("its solution uses in1d, which is gone", "numpy", since=(2, 4)),
        76: Fault("its solution uses float of numpy, which is gone", "numpy", since=(1, 24)),
        91: Fault("its solution names a variable that does not exist"),
        97: Fault("its solution has np, which is a public word and was not imported"),
    },
)

KNOWN = {"monkey": MONKEY, "beatnum": BEATNUM}
