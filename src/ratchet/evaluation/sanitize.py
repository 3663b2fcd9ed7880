"""A chat model's reply -> the program that it means.

    text, standalone = program_of(reply, problem)
    Sample(problem.id, 0, text, standalone)

It does what EvalPlus's sanitizer does (`evalplus/sanitize.py`: the longest run of lines that parses, then
what the entry point needs of it), with four differences. Fences are read first; of several answers the
last counts, which is the one a reply ends up with; a function body alone continues the prompt; and
what the prompt itself brought along (imports, helper functions) is put back where a program lacks it.
For languages other than Python it takes the code block and the place where it goes on from the prompt.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from ratchet.errors import RatchetError
from ratchet.evaluation import markdown, programs
from ratchet.problems.types import Problem
from ratchet.sandbox.languages import resolve

_MAIN = re.compile(
    r"\n[ \t]*(?:(?:int|void|auto)\s+main\s*\(|func main\(|(?:pub )?fn main\(|public static void main\b)"
)
_INCLUDES = re.compile(r"\s*(?:#\s*include|import|using|use|package|require)\b")
_COMMENT = re.compile(r"\s*(?:#(?!\s*include)|//|/\*|\*|--|$)")


def program_of(reply: str, problem: Problem) -> tuple[str, bool]:
    """What is to be judged of a reply, and whether it is a whole program (`Sample.standalone`).

    Where it is not, it continues the problem's prompt. There is always a result: of a reply without
    a program it is whatever stands there, which no test will take for right.

    Raises:
        RatchetError: the problem's language is unknown.
    """
    text = markdown.said(reply)
    parts = markdown.read(text)
    if resolve(problem.language) != "python":
        return _foreign(text, parts, problem)
    entry = str(getattr(problem.oracle, "entry_point", "") or "")
    return _function(text, parts, problem, entry) if entry else _script(text, parts, problem)


# Python, where a function is asked for


def _function(text: str, parts: markdown.Reply, problem: Problem, entry: str) -> tuple[str, bool]:
    fenced = [piece for block in parts.blocks for piece in programs.pieces(block.text)]
    wide = programs.pieces(parts.whole)
    joined = "\n".join(block.text for block in parts.blocks)
    loose = programs.pieces(parts.prose)
    inline = [f"{code}\n" for code in parts.inline]
    context = [*reversed(fenced), *loose, *_given(problem)]
    sources = [fenced, loose, wide, programs.pieces(joined), programs.pieces(text)]
    for piece in (piece for source in sources for piece in reversed(source)):
        if programs.defines(piece, entry) == 2:
            return _finished(piece, context, entry), True
    for body in _bodies(parts, problem, entry):
        whole = problem.setup + problem.prompt + body + problem.closing
        alone = programs.pruned(whole, entry)
        if alone.strip() == whole.strip() and not programs.lacking(alone):
            return body, False
        return programs.completed(alone, context, entry), True
    for piece in (*reversed(inline), *(piece for source in sources for piece in reversed(source))):
        if programs.defines(piece, entry):
            return _finished(piece, context, entry), True
    longest = max((block.text for block in parts.blocks), key=len, default=text)
    return longest, re.search(rf"\b(?:def|class)\s+{re.escape(entry)}\b", longest) is not None


def _finished(piece: str, context: list[str], entry: str) -> str:
    return programs.completed(programs.pruned(piece, entry), context, entry)


def _given(problem: Problem) -> list[str]:
    """What stands before the answer, as texts that parse: the prompt's own imports and helpers."""
    before = problem.setup + problem.prompt
    for text in (before, before + "\n    pass\n", before.rstrip() + "\n    pass\n"):
        if programs.module_of(text) is not None:
            return [text]
    return programs.pieces(before)


def _bodies(parts: markdown.Reply, problem: Problem, entry: str) -> Iterator[str]:
    """Bodies that go on from the prompt, likeliest first: those that return something."""
    texts = [block.text for block in reversed(parts.blocks) if ">>>" not in block.text]
    candidates = [body for text in texts for body in _indented(text, problem)]
    if not parts.blocks:
        candidates += [body for text in _beginnings(parts.prose) for body in _indented(text, problem)]
    candidates += [f"    {code}\n" for code in parts.inline if code.startswith(("return ", "yield "))]
    whole = [(problem.setup + problem.prompt + body + problem.closing, body) for body in candidates]
    fitting = [(text, body) for text, body in whole if programs.defines(text, entry) == 2]
    yield from (body for text, body in fitting if programs.returns(text, entry))
    yield from (body for _, body in fitting)


def _indented(text: str, problem: Problem) -> list[str]:
    """The text as the body of the function in whose head, or docstring, the prompt ends."""
    heads = re.findall(r"^([ \t]*)(?:async[ \t]+)?(?:def|class)\b", problem.prompt, re.MULTILINE)
    indent = (heads[-1] if heads else "") + "    "
    text = text.strip("\n") + "\n"
    start = "" if problem.prompt.endswith("\n") or not problem.prompt else "\n"
    first, _, rest = text.partition("\n")
    known = [line for line in problem.prompt.split("\n") if line.strip()]
    shapes = [
        text,
        textwrap.indent(textwrap.dedent(text), indent),
        f"{indent}{first.lstrip()}\n{rest}",
        f"{indent}{first.lstrip()}\n{textwrap.indent(textwrap.dedent(rest), indent)}",
    ]
    if known and first.strip() == known[-1].strip():
        shapes.append(rest)
    found = [start + shape for shape in shapes]
    return [body for body in found if programs.module_of(problem.setup + problem.prompt + body) is not None]


def _beginnings(prose: str) -> list[str]:
    """The text, its indented parts, and all before each of its blank lines: prose may follow on code."""
    lines = prose.split("\n")
    found = [prose]
    at = 0
    while at < len(lines):
        if lines[at].startswith((" ", "\t")) and lines[at].strip():
            end = at
            while end < len(lines) and (lines[end].startswith((" ", "\t")) or not lines[end].strip()):
                end += 1
            found.append("\n".join(lines[at:end]))
            at = end
        else:
            at += 1
    blank = [i for i, line in enumerate(lines) if i and not line.strip()]
    return found + ["\n".join(lines[:end]) for end in reversed(blank)]


# Python, where the prompt is a script that goes on


def _script(text: str, parts: markdown.Reply, problem: Problem) -> tuple[str, bool]:
    code = max((block.text for block in parts.blocks), key=len, default="") or "\n".join(
        programs.pieces(text)
    )
    code = programs.without_prompts(textwrap.dedent(code or text)).strip("\n") + "\n"
    before = problem.setup + problem.prompt
    repeated = _repeated(code, problem.prompt)
    if repeated is not None:
        imports, rest = repeated
        if not imports:
            return rest, False
        return imports + before + rest + problem.closing, True
    prompt_open = problem.prompt and not problem.prompt.endswith("\n")
    shapes = ["\n" + code, " " + code.lstrip(), code] if prompt_open else [code]
    heads = re.findall(r"^([ \t]*)\S.*:[ \t]*$", problem.prompt, re.MULTILINE)
    shapes += [textwrap.indent(code, head + "    ") for head in heads[-1:]]
    for shape in shapes:
        if programs.module_of(before + shape + problem.closing) is not None:
            return shape, False
    return code, False


def _repeated(code: str, prompt: str) -> tuple[str, str] | None:
    """Where the code says the prompt's last line again: the imports that it adds, and what follows.

    None where it does not.
    """
    known = [line for line in prompt.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    if not known:
        return None
    last = known[-1].strip()
    is_open = prompt.rstrip(" ").endswith(known[-1].rstrip())
    lines = code.split("\n")
    for number, line in enumerate(lines):
        said = line.strip()
        if said == last or (is_open and said.startswith(last)):
            had = {each.strip() for each in prompt.split("\n")}
            added = [each for each in lines[:number] if _INCLUDES.match(each) or each.startswith("from ")]
            imports = "".join(f"{each}\n" for each in added if each.strip() not in had)
            following = "\n".join(lines[number + 1 :])
            return imports, f"{said.removeprefix(last)}\n{following}" if is_open else following
    return None


# Other languages


def _foreign(text: str, parts: markdown.Reply, problem: Problem) -> tuple[str, bool]:
    """The code block's text from behind the function's head, or all of it where it brings more along."""
    entry = str(getattr(problem.oracle, "entry_point", "") or "")
    code = _block_of(parts, resolve(problem.language), entry) or text
    code = code.strip("\n") + "\n"
    place = _find(code, _head(problem.prompt, entry))
    if place is None:
        defined = entry and re.search(rf"\b{re.escape(entry)}\b[^\n]*[{{(]", code)
        return (_with_includes(code, problem), True) if defined else (_stopped(code, problem), False)
    start, end = place
    said = {"".join(line.split()) for line in (problem.setup + problem.prompt).split("\n")}
    added = [
        line
        for line in code[:start].split("\n")
        if "".join(line.split()) not in said and not _COMMENT.match(line)
    ]
    if added:
        return _with_includes(code, problem), True
    return _stopped(code[end:], problem), False


def _block_of(parts: markdown.Reply, language: str, entry: str) -> str:
    """The last block in that language that speaks of `entry`; else the longest."""

    def rank(numbered: tuple[int, markdown.Block]) -> tuple[bool, int, int]:
        number, block = numbered
        try:
            known = resolve(block.language) == language if block.language else None
        except RatchetError:
            known = None
        speaks = re.search(rf"\b{re.escape(entry)}\b", block.text) is not None if entry else True
        return speaks, 1 if known is None else 2 * known, number if speaks else len(block.text)

    return max(enumerate(parts.blocks), key=rank)[1].text if parts.blocks else ""


def _head(prompt: str, entry: str) -> str:
    """The line of the prompt in which the function's body is opened; its last line where none does."""
    lines = [line for line in prompt.split("\n") if line.strip() and not _COMMENT.match(line)]
    opening = [line for line in lines if entry and entry in line and line.rstrip().endswith(("{", "("))]
    return (opening or lines or [""])[-1]


def _find(code: str, head: str) -> tuple[int, int] | None:
    """Where the line `head` stands in the code, whatever its spaces."""
    wanted = "".join(head.split())
    if not wanted:
        return None
    places = [i for i, character in enumerate(code) if not character.isspace()]
    at = "".join(code[i] for i in places).find(wanted)
    return None if at < 0 else (places[at], places[at + len(wanted) - 1] + 1)


def _with_includes(code: str, problem: Problem) -> str:
    """The whole program, with what the problem's setup and prompt include and it does not."""
    said = {"".join(line.split()) for line in code.split("\n")}
    given = [line for line in (problem.setup + problem.prompt).split("\n") if _INCLUDES.match(line)]
    missing = [line for line in given if "".join(line.split()) not in said]
    main = _MAIN.search(code)
    code = code[: main.start()] + "\n" if main and main.start() else code
    return "".join(f"{line}\n" for line in missing) + code


def _stopped(text: str, problem: Problem) -> str:
    """The completion, cut where the benchmark cuts it and before a main function of its own."""
    cuts = [at for stop in problem.stop if (at := text.find(stop)) >= 0]
    main = _MAIN.search(text)
    cuts += [main.start() + 1] if main else []
    return text[: min(cuts)] if cuts else text
