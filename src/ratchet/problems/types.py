"""The nouns of the problems room: what is asked, how an answer is judged, one answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Case:
    """One input/output test: `entry_point(*args)` must equal `expected`. Plain data only."""

    args: tuple[Any, ...]
    expected: Any
    after: tuple[Any, ...] | None = None
    """What `args` must be once the function has returned; None: whatever it made of them."""


@dataclass(frozen=True, slots=True)
class CallOracle:
    """Judge by calling `entry_point` on every case and comparing what comes back.

    `in_place` has the arguments sent back after each call: it is needed for `Case.after`.
    """

    entry_point: str
    cases: tuple[Case, ...]
    in_place: bool = False


@dataclass(frozen=True, slots=True)
class CheckOracle:
    """Judge by a test text that raises on a wrong answer.

    As in HumanEval `test` defines `check(candidate)`; where it is a `script`, it is
    run as it is, as MBPP's assertions are. `preamble` is code that the test may rely
    on besides the candidate: the prompt, for helper functions that it defines.
    """

    entry_point: str
    test: str
    preamble: str = ""
    script: bool = False
    in_place: bool = False
    """Whether the function is meant to change its arguments: they are then copied back to the test's."""
    handles: bool = False
    """Whether the test works with things of the candidate that are no plain data: its classes, say."""
    together: str = ""
    """Why this test cannot be kept apart from the program that it judges; empty where it can be."""


@dataclass(frozen=True, slots=True)
class ReferenceOracle:
    """Judge by what a trusted `program` answers on the same inputs, as EvalPlus does.

    `inputs` is the text of a Python literal, a list of argument lists (`inf` and `nan`
    may stand in it); it stays a text until it is needed, as it can be long. `rule`
    names how answers are compared (`ratchet.judge.closeness`), `tolerance` is the
    absolute error that the rule allows for.
    """

    entry_point: str
    inputs: str
    program: str
    rule: str = "evalplus"
    tolerance: float = 0.0
    original: int = 0
    """How many of the inputs, the first, are those of the benchmark that the others were added to."""


@dataclass(frozen=True, slots=True)
class NativeOracle:
    """Judge by a test text in the problem's own language, which ends with exit code 0 if it is content.

    `declaration` is all that stands before the function's body: imports, helper functions and
    the function's head, up to and with its opening brace. The test needs no more than that
    and a function `entry_point`.
    """

    entry_point: str
    declaration: str
    test: str
    together: str = ""
    """Why this test cannot be kept apart from the program that it judges; empty where it can be,
    as far as is known before it is tried."""


@dataclass(frozen=True, slots=True)
class VariablesOracle:
    """Judge a script by a test text that reads the `variables` it leaves, and raises on a wrong answer.

    `preamble` is code that the test relies on besides them: imports, mostly. What is no
    plain data, a generator say, the test works with over there (as `CheckOracle.handles` says).
    """

    variables: tuple[str, ...]
    test: str
    preamble: str = ""


@dataclass(frozen=True, slots=True)
class RenamedOracle:
    """Judge a completion by another `oracle`, once its private names have been put back to public ones.

    `table` is pairs of a public name and its private one, in the order in which they are put
    back. The program is then `prompt` and the completion; one that uses a public name fails.
    """

    oracle: Oracle
    prompt: str
    table: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StdioOracle:
    """Judge a script by what it prints: it is run once per case, `(stdin, stdout)`, each under all limits.

    Lines are compared without white space at their ends, and as numbers where their texts differ.
    """

    cases: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EachCallOracle:
    """As `CallOracle`, but each case has a run of its own, under all limits."""

    entry_point: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class PredictionOracle:
    """Judge an assertion about a function `f` that `program` defines, `f(INPUT) == OUTPUT` (CRUXEval).

    What was `asked` for is taken from the answer and evaluated in a jail; the rest of the answer
    counts for nothing. `output` is what `f` is to return, as a Python literal.
    """

    program: str
    asked: Literal["input", "output"]
    output: str


@dataclass(frozen=True, slots=True)
class ContextOracle:
    """Judge a piece of code by a test text that puts it into a program of its own making (DS-1000).

    `test` defines `test_execution(code)`, which passes the whole program to `exec` with its
    inputs and reads `outputs` in what it leaves, and may define `test_string(code)`.
    """

    test: str
    outputs: tuple[str, ...]
    together: str = ""
    """Why this test cannot be kept apart from the program that it judges; empty where it can be."""


@dataclass(frozen=True, slots=True)
class PrintedOracle:
    """Judge by the value that a program prints last: the first argument of its last print (MTPB).

    `rules` says how it is found and compared (`ratchet.judge.printed`). `seconds` is the paper's
    alarm, at which a program is stopped and what it has printed is judged; the strict rules
    know no other time limit than the sandbox's.
    """

    expected: Any
    rules: Literal["strict", "paper"] = "strict"
    seconds: float = 20.0


Oracle = (
    CallOracle
    | CheckOracle
    | ReferenceOracle
    | NativeOracle
    | VariablesOracle
    | RenamedOracle
    | StdioOracle
    | EachCallOracle
    | PredictionOracle
    | ContextOracle
    | PrintedOracle
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to be solved: one or more turns of prompt, and an oracle.

    `prompt` is what a completion is appended to. `turns` is the same request cut
    into steps, each to be answered after the one before (CodeGen, section 4);
    a problem that was not factored has one turn.
    """

    id: str
    prompt: str
    oracle: Oracle
    language: str = "python"
    turns: tuple[str, ...] = ()
    reference: str | None = None
    """A completion of `prompt` that is known to be right, where one is."""
    setup: str = ""
    """What goes before the prompt to make a program of it: includes that a model need not write, say."""
    closing: str = ""
    """What goes after the completion to make a program of it: the brace at which models are stopped, say."""
    stop: tuple[str, ...] = ()
    """Where a model's completion is to be cut: before the first of any of these."""
    other_references: tuple[str, ...] = ()
    """Further completions that are known to be right."""
    packages: tuple[str, ...] = ()
    """The packages of Python that program and tests need, as pip's requirements ("numpy==1.23.5")."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Texts that lie beside the program, by path, and that it may import; its tests do not have them."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What figures are also given by: its category, the number of its turns, and so on."""
    turn_rule: str = ""
    """How each turn's completion is cut, by its name in `ratchet.decode.turns`; empty: by `stop`."""
    max_tokens: int | None = None
    """The most tokens of a completion (of each turn's), where the benchmark sets that."""
    prompt_in_program: bool = True
    """Whether the program begins with the prompt; else that only asks for one, in words or by examples."""
    suffix: str = ""
    """What stands after the gap that the completion fills, for models that can see it; empty: it goes on
    from the prompt to an end of its own."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer to one problem, and where it came from.

    `completion` continues the problem's prompt; when `standalone` is true it is
    a whole program instead (EvalPlus's `solution`).
    """

    problem_id: str
    index: int
    completion: str
    standalone: bool = False
    origin: Mapping[str, Any] = field(default_factory=dict)
    """The engine, seed and sampling parameters that made it; empty if unknown."""
