"""Python programs as answers: what a text defines, what it lacks, and what of it is no part of an answer."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import textwrap
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from ratchet.problems.parsing import parse

_BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}
_SETTINGS = frozenset({"sys.setrecursionlimit", "sys.set_int_max_str_digits", "threading.stack_size"})
"""Calls that change how a program runs, and are kept."""
_BEGINS = re.compile(r"\s*(?:@|def\s|class\s|import\s|from\s|async\s+def\s)|[A-Za-z_]\w*\s*(?::[^=]+)?=[^=]")
_MOST_CHARACTERS = 200_000
_MOST_PARSED = 1_000_000
"""Characters that are put to the parser in search of the parts of one text: a model can write in circles."""

Statement = ast.stmt


def module_of(text: str) -> ast.Module | None:
    """Its syntax tree; None where it is no Python."""
    try:
        found = parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return found if isinstance(found, ast.Module) else None


def pieces(text: str) -> list[str]:
    """The parts of a text that are Python, each as long as it goes; all of it where it is all Python.

    Parts begin at lines that look like code, so that no sentence of prose becomes one.
    """
    text = textwrap.dedent(text[:_MOST_CHARACTERS])
    plain = without_prompts(text)
    for whole in (plain, text) if plain != text else (text,):
        if whole.strip() and module_of(whole) is not None:
            return [whole]
    lines = plain.split("\n")
    found: list[str] = []
    at, left = 0, _MOST_PARSED
    while at < len(lines) and left > 0:
        if _BEGINS.match(lines[at]):
            length, parsed = _length(lines[at:], left)
            left -= parsed
            if length:
                found.append(textwrap.dedent("\n".join(lines[at : at + length])))
                at += length
                continue
        at += 1
    return found


def _length(lines: list[str], most: int) -> tuple[int, int]:
    """How many of the lines, from the first, are Python: found by cutting where the parser stumbles.

    And how many characters were parsed for it, which are hardly more than `most`.
    """
    indent = len(lines[0]) - len(lines[0].lstrip())
    length = next(
        (i for i, line in enumerate(lines) if line.strip() and len(line) - len(line.lstrip()) < indent),
        len(lines),
    )
    parsed = 0
    while length > 0 and parsed <= most:
        block = textwrap.dedent("\n".join(lines[:length]))
        parsed += len(block)
        try:
            parse(block)
            return length, parsed
        except SyntaxError as error:
            length = min(length - 1, max((error.lineno or length) - 1, 0))
        except (ValueError, RecursionError, MemoryError):
            break
    return 0, parsed


def without_prompts(text: str) -> str:
    """The code of an interactive session, without the interpreter's prompts and answers."""
    lines = text.split("\n")
    typed = [line[4:] for line in lines if re.match(r"(?:>>>|\.\.\.)(?: |$)", line)]
    if not typed or not any(re.match(r">>> *(?:def|class|import|from|@)", line) for line in lines):
        return text
    return "\n".join(typed) + "\n"


def defines(text: str, name: str) -> int:
    """0: it does not define the function or class `name` at its top level; 1: as a stub only; 2: it does.

    A text that returns outside of a function is the body of one, and what it assigns is a local of that.
    """
    module = module_of(text)
    body = module.body if module else []
    if any(_returns(statement) for statement in body):
        return 0
    found = 0
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if statement.name == name:
                found = 1 if _is_stub(statement) else 2
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            made = isinstance(statement.value, ast.Lambda | ast.Name | ast.Attribute | ast.Call)
            found = 2 if made and name in _Facts.of(statement).bound else found
        elif isinstance(statement, ast.If | ast.Try) and name in _Facts.of(statement).bound:
            found = 2
    return found


def _returns(node: ast.AST) -> bool:
    """Whether it returns, or yields, outside of the functions within it."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return False
    if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
        return True
    return any(map(_returns, ast.iter_child_nodes(node)))


def _is_stub(definition: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return all(
        isinstance(part, ast.Pass)
        or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
        or (
            isinstance(part, ast.Raise) and part.exc is not None and "NotImplemented" in ast.unparse(part.exc)
        )
        for part in definition.body
    )


def returns(text: str, name: str) -> bool:
    """Whether the function `name` gives something back."""
    module = module_of(text)
    return any(
        isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
        and statement.name == name
        and any(isinstance(part, ast.Return | ast.Yield | ast.YieldFrom) for part in ast.walk(statement))
        for statement in (module.body if module else [])
    )


@dataclass(slots=True)
class _Facts:
    """What a statement at the top level binds, changes, and reads of the module's names."""

    bound: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, statement: Statement) -> _Facts:
        facts = cls()
        try:
            table = symtable.symtable(ast.unparse(statement), "answer", "exec")
        except (SyntaxError, ValueError, RecursionError):
            facts.read = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            return facts
        for symbol in table.get_symbols():
            if symbol.is_assigned() or symbol.is_imported():
                facts.bound.add(symbol.get_name())
            if symbol.is_referenced():
                facts.read.add(symbol.get_name())
        for inner in _tables(table):
            facts.read |= {s.get_name() for s in inner.get_symbols() if s.is_global() and s.is_referenced()}
        facts.changed = set(_changed(statement))
        return facts


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _tables(child)


def _changed(statement: Statement) -> Iterator[str]:
    """The names whose objects it changes in place: `memo[0] = 1`, `primes.append(2)`."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    for node in ast.walk(statement):
        target: ast.expr | None = None
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            target = node.value
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            target = node.value.func if isinstance(node.value.func, ast.Attribute) else None
        while isinstance(target, ast.Subscript | ast.Attribute):
            target = target.value
        if isinstance(target, ast.Name):
            yield target.id


def pruned(text: str, entry: str, used: Set[str] = frozenset()) -> str:
    """The program without what `entry` does not need: prints, tests, main guards, unused imports and helpers.

    Functions and classes of the names `used` stay: the problem's tests may work with them. What is
    kept stays as it was written, and in its order; all of it where it does not parse.
    """
    module = module_of(text)
    if module is None or not defines(text, entry):
        return text
    body = module.body
    facts = [_Facts.of(statement) for statement in body]
    keep = {i for i, statement in enumerate(body) if _always(statement)}
    keep |= {i for i, statement in enumerate(body) if getattr(statement, "name", None) in used}
    wanted = {entry}.union(*(facts[i].read for i in keep))
    while True:
        more = {
            i
            for i, statement in enumerate(body)
            if i not in keep and not _is_main(statement) and wanted & (facts[i].bound | facts[i].changed)
        }
        if not more:
            break
        keep |= more
        wanted = wanted.union(*(facts[i].read for i in more))
    return _of_statements(text, body, keep)


def _always(statement: Statement) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "__future__" or any(alias.name == "*" for alias in statement.names)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return ast.unparse(statement.value.func) in _SETTINGS
    return False


def _is_main(statement: Statement) -> bool:
    return isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)


def _of_statements(text: str, body: Sequence[Statement], keep: set[int]) -> str:
    lines = text.split("\n")
    gone: set[int] = set()
    kept: set[int] = set()
    for i, statement in enumerate(body):
        decorators = getattr(statement, "decorator_list", [])
        start = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
        (kept if i in keep else gone).update(range(start, (statement.end_lineno or start) + 1))
    if gone & kept:
        return "\n".join(ast.unparse(statement) for i, statement in enumerate(body) if i in keep) + "\n"
    return "\n".join(line for i, line in enumerate(lines, 1) if i not in gone).strip("\n") + "\n"


def lacking(text: str) -> set[str]:
    """The names that a program reads and nobody binds."""
    module = module_of(text)
    facts = [_Facts.of(statement) for statement in module.body] if module else []
    bound = set(_BUILTINS).union(*(each.bound for each in facts))
    return set[str]().union(*(each.read for each in facts)) - bound


def completed(text: str, sources: Sequence[str], entry: str) -> str:
    """The program with what it lacks put before it, as the first of `sources` that has it defines it.

    `entry` itself is never taken from there.
    """
    pool: list[tuple[Statement, _Facts]] = []
    for source in sources:
        module = module_of(source)
        for statement in module.body if module else []:
            facts = _Facts.of(statement)
            if entry not in facts.bound and not _is_main(statement):
                pool.append((statement, facts))
    taken: list[int] = []
    missing = lacking(text)
    while missing:
        found = [
            next((i for i, (_, facts) in enumerate(pool) if name in facts.bound), None)
            for name in sorted(missing)
        ]
        new = [i for i in dict.fromkeys(found) if i is not None and i not in taken]
        if not new:
            break
        taken += new
        have = set[str]().union(*(pool[i][1].bound for i in taken))
        missing = (missing | set[str]().union(*(pool[i][1].read for i in new))) - have - _BUILTINS
    if missing:
        taken += [i for i, (statement, _) in enumerate(pool) if _always(statement) and _is_star(statement)]
    if not taken:
        return text
    order = sorted(set(taken), key=lambda i: (not isinstance(pool[i][0], ast.Import | ast.ImportFrom), i))
    before = "\n".join(ast.unparse(pool[i][0]) for i in order) + "\n"
    return _behind_future(text, before)


def _is_star(statement: Statement) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module != "__future__"


def _behind_future(text: str, more: str) -> str:
    """`more` before the text, but behind its imports of `__future__`, which must come first."""
    module = module_of(text)
    ends = [
        statement.end_lineno or 0
        for statement in (module.body if module else [])
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
    ]
    lines = text.split("\n")
    at = max(ends, default=0)
    return "\n".join([*lines[:at], more + "\n".join(lines[at:])]) if at else more + "\n" + text
