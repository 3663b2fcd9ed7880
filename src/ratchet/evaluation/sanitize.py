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
from ratchet.problems.types import PredictionOracle, Problem, RenamedOracle
from ratchet.sandbox.languages import resolve

_MAIN = re.compile(
    r"\n[ \t]*(?:(?:int|void|auto)\s+main\s*\(|func main\(|(?:pub )?fn main\(|public static void main\b)"
)
_INCLUDES = re.compile(r"\s*(?:#\s*include|import|using|use|package|require)\b")
_MOST_PARTS = 20
"""Of a reply without fences, paragraphs that are tried as a function's body."""
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
    if isinstance(problem.oracle, PredictionOracle):
        return _assertion(text), False
    if resolve(problem.language) != "python":
        return _foreign(text, parts, problem)
    entry = _entry_of(problem)
    return _function(text, parts, problem, entry) if entry else _script(text, parts, problem)


def _entry_of(problem: Problem) -> str:
    """What the answer is to define; empty where it is a script, or where the benchmark itself defines it."""
    oracle = problem.oracle.oracle if isinstance(problem.oracle, RenamedOracle) else problem.oracle
    entry = str(getattr(oracle, "entry_point", "") or "")
    return "" if programs.defines(problem.closing, entry) else entry


def _before(problem: Problem) -> str:
    """What stands before a completion in the program."""
    return problem.setup + (problem.prompt if problem.prompt_in_program else "")


def _assertion(text: str) -> str:
    """The assertion that CRUXEval asks for: between its tags, else the last line that is one."""
    _, tag, tagged = text.rpartition("[ANSWER]")
    answer, closed, _ = tagged.partition("[/ANSWER]")
    if tag and closed:
        return f"{answer.strip()}\n"
    bare = [line.strip().strip("`") for line in (tagged if tag else text).split("\n")]
    lines = [line for line in bare if line.startswith("assert ")]
    return f"{lines[-1]}\n" if lines else text


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
            return _finished(piece, context, entry, problem), True
    for body in _bodies(parts, problem, entry):
        whole = _before(problem) + body + problem.closing
        alone = programs.pruned(whole, entry, _used(problem))
        if alone.strip() == whole.strip() and not programs.lacking(alone):
            return body, False
        return programs.completed(alone, context, entry), True
    for piece in (*reversed(inline), *(piece for source in sources for piece in reversed(source))):
        if programs.defines(piece, entry):
            return _finished(piece, context, entry, problem), True
    longest = max((block.text for block in parts.blocks), key=len, default=text)
    return longest, re.search(rf"\b(?:def|class)\s+{re.escape(entry)}\b", longest) is not None


def _finished(piece: str, context: list[str], entry: str, problem: Problem) -> str:
    return programs.completed(programs.pruned(piece, entry, _used(problem)), context, entry)


def _used(problem: Problem) -> set[str]:
    """The words of the problem's tests, which may name a class of the answer's own (`Pair` in MBPP 601)."""
    return set(re.findall(r"\w+", str(getattr(problem.oracle, "test", ""))))


def _given(problem: Problem) -> list[str]:
    """What stands before the answer, as texts that parse: the prompt's own imports and helpers."""
    before = _before(problem)
    for text in (before, before + "\n    pass\n", before.rstrip() + "\n    pass\n"):
        if programs.module_of(text) is not None:
            return [text]
    return programs.pieces(before)


def _bodies(parts: markdown.Reply, problem: Problem, entry: str) -> Iterator[str]:
    """Bodies that go on from the prompt, likeliest first: those that return something."""
    texts = [block.text for block in reversed(parts.blocks) if ">>>" not in block.text]
    candidates = [body for text in texts for body in _continuations(text, problem)]
    if not parts.blocks:
        candidates += [body for text in _beginnings(parts.prose) for body in _continuations(text, problem)]
    short = [code for code in parts.inline if code.startswith(("return ", "yield "))]
    candidates += [body for code in short for body in _continuations(code, problem)]
    whole = [(_before(problem) + body + problem.closing, body) for body in candidates]
    fitting = [(text, body) for text, body in whole if programs.defines(text, entry) == 2]
    yield from (body for text, body in fitting if programs.returns(text, entry))
    yield from (body for _, body in fitting)


def _continuations(text: str, problem: Problem) -> list[str]:
    """The shapes of the text with which prompt, text and closing are a program, likeliest first.

    They differ in where the first line goes on (in the prompt's open line, or in one of its own), and in
    indentation: models strip the first line's, or all, and repeat the line that the prompt breaks off in.
    """
    prompt, text = problem.prompt if problem.prompt_in_program else "", text.strip("\n")
    first, _, rest = text.partition("\n")
    after = f"\n{rest}" if rest else ""
    open_line = prompt.rpartition("\n")[2]
    shapes: list[str] = []
    known = [line for line in prompt.split("\n") if line.strip()]
    if known and rest and not open_line and first.strip() == known[-1].strip():
        shapes.append(rest)
    if open_line.strip() and first.strip().startswith(open_line.strip()):
        going_on = first.strip().removeprefix(open_line.strip())
        shapes.append((going_on.lstrip() if open_line[-1].isspace() else going_on) + after)
    if open_line:
        space = "" if open_line[-1].isspace() else " "
        shapes += [space + text.lstrip(), text.lstrip()]
    start = "\n" if open_line.strip() else ""
    shapes.append(start + text)
    for indent in _indents(problem):
        alone = textwrap.indent(textwrap.dedent(rest), indent)
        shapes.append(start + textwrap.indent(textwrap.dedent(text), indent))
        shapes += [f"{start}{indent}{first.lstrip()}{after}", f"{start}{indent}{first.lstrip()}\n{alone}"]
    ends = ("", "\n") if problem.closing else ("\n",)
    found = [shape + end for shape in shapes for end in ends]
    before = _before(problem)
    return [body for body in found if programs.module_of(before + body + problem.closing) is not None]


def _indents(problem: Problem) -> list[str]:
    """The indentations that what follows on the prompt may have."""
    lines = [line for line in problem.prompt.split("\n") if line.strip()]
    last = lines[-1] if lines else ""
    found = [_indent_of(last) + ("    " if last.rstrip().endswith(":") else "")]
    found += [_indent_of(line) for line in problem.closing.split("\n") if line.strip()][:1]
    heads = re.findall(r"^([ \t]*)(?:async[ \t]+)?(?:def|class)\b", problem.prompt, re.MULTILINE)
    found += [head + unit for head in heads[-1:] for unit in ("    ", "\t")]
    return list(dict.fromkeys(found))


def _indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _beginnings(prose: str) -> list[str]:
    """The text, its indented parts, and all before each of its blank lines: prose may follow on code."""
    parts = re.findall(r"^(?:[ \t]+\S.*\n?|[ \t]*\n)+", prose, re.MULTILINE)
    indented = [part for part in parts if part.strip()][:_MOST_PARTS]
    blank = [match.start() for match in re.finditer(r"\n[ \t]*(?=\n)", prose)][:_MOST_PARTS]
    return [prose, *indented, *(prose[:end] for end in reversed(blank))]


# Python, where the prompt is a script that goes on


def _script(text: str, parts: markdown.Reply, problem: Problem) -> tuple[str, bool]:
    code = max((block.text for block in parts.blocks), key=len, default="")
    if not problem.prompt_in_program:
        # The last block is the answer: so does LiveCodeBench, which asks for one alone, read it.
        code = parts.blocks[-1].text if parts.blocks else text
        return textwrap.dedent(code).strip("\n") + "\n", False
    code = code or "\n".join(programs.pieces(text)) or text
    code = programs.without_prompts(textwrap.dedent(code)).strip("\n") + "\n"
    repeated = _repeated(code, problem.prompt)
    if repeated is not None:
        imports, rest = repeated
        if not imports:
            return rest, False
        return imports + problem.setup + problem.prompt + rest + problem.closing, True
    shapes = _continuations(code, problem)
    return (shapes[0] if shapes else code), False


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
        if _is_defined(code, entry):
            return _with_includes(code, problem), True
        return _stopped(code, problem), False
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


def _is_defined(code: str, entry: str) -> bool:
    """Whether the code has a head of the function, and not only calls of it."""
    name = re.escape(entry)
    heads = (
        rf"^[^\n=().;]*\b{name}\s*(?:<[^<>]*>\s*)?\([^;{{}}]*\)[^;{{}}()]*\{{",
        rf"^[ \t]*(?:local\s+)?(?:function|def|sub|func|fn)\s+{name}\b",
        rf"^[ \t]*(?:const|let|var)\s+{name}\s*=|^{name}\s*<-\s*function",
    )
    found = (re.search(head, code, re.MULTILINE) for head in heads if entry)
    return any(match and not re.match(r"\s*(?:return|else|new)\b", match[0]) for match in found)


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
