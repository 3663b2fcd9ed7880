"""Programs of each language for one suite of tests: a file per language, with one `SAMPLES`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SplitSample:
    """A function that is asked from another process: f(n) is the list of the first n squares, from 0 on."""

    declaration: str
    """All that stands before the function's body."""
    right: str
    """The body, and what closes it."""
    wrong: str
    """One that is right for n = 3 alone."""
    test: str
    """Asserts for n = 0, 3 and 5, in the language's own way (that of HumanEval-X or MultiPL-E)."""
    forged: tuple[str, ...] = ()
    """Bodies (with what follows them) without a right answer that would pass in one process with the test."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What each language shows. `language` is its name in the registry."""

    language: str
    hello: str
    """Prints "hello"."""
    add: str
    """Reads a line with two whole numbers, and prints their sum."""
    subtract: str
    """The same, wrongly: prints their difference."""
    compile_error: str
    """Does not compile; in a language without that step it does not parse."""
    runtime_error: str
    """Ends by an uncaught exception (or what there is of that kind), with exit code other than 0."""
    forever: str
    """Computes without end."""
    memory: str
    """Takes memory, and writes to it, without end."""
    flood: str
    """Reads a whole number n, writes n times "x" in large pieces, and ends with exit code 0."""
    unicode: str
    """Reads a line, and prints "Grüße, LINE 🙂"."""
    child: str
    """Starts `sleep 60` without waiting for it, prints "started", and ends with exit code 0."""
    forever_to_compile: str | None = None
    """Keeps the compiler busy for 5 seconds at least; None where nobody knows such a program."""
    split: SplitSample | None = None
