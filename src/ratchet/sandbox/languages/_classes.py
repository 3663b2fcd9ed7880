"""Reading the text of programs whose functions are methods (Java, C#): code, the method a text ends in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ratchet.sandbox.languages import DRIVERS, Unsplittable
from ratchet.sandbox.languages._texts import code_of, matching, split_at_commas

# What the common rules for strings do not know: Java's text blocks, C#'s verbatim and raw strings.
_LONG_STRING = re.compile(r'"""(?:\\.|.)*?(?:"""|\Z)|\$?@\$?"(?:[^"]|"")*(?:"|\Z)', re.DOTALL)
_NOT_A_LINE_BREAK = re.compile(r"[^\n]")
_MODIFIERS = frozenset(
    [
        "public",
        "private",
        "protected",
        "internal",
        "static",
        "final",
        "abstract",
        "synchronized",
        "native",
        "strictfp",
        "default",
        "sealed",
        "override",
        "virtual",
        "new",
        "async",
        "unsafe",
        "extern",
        "readonly",
        "partial",
    ]
)
_LAST_NAME = re.compile(r"[A-Za-z_$][\w$]*\Z")
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_ANNOTATION = re.compile(r"@[\w.]+(?:\s*\([^()]*\))?|\[\w+(?:\([^()]*\))?\]\s+")


def code(text: str) -> str:
    """The text with spaces for its comments, strings and characters."""
    without = _LONG_STRING.sub(lambda found: _NOT_A_LINE_BREAK.sub(" ", found[0]), text)
    return code_of(without, "cpp")


@dataclass(frozen=True, slots=True)
class Method:
    """The method in whose body a declaration ends."""

    returns: str
    """Its return type."""
    types: tuple[str, ...]
    names: tuple[str, ...]
    """Of its parameters."""
    body: int
    """Behind the brace that opens its body."""
    depth: int
    """How many braces are open there."""


def method(declaration: str, name: str) -> Method:
    """The method of that name in whose body a declaration ends; raises Unsplittable."""
    text = code(declaration)
    opened: list[int] = []
    for brace in re.finditer(r"[{}]", text):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            opened.pop()
    heads = (
        list(re.finditer(rf"\b{re.escape(name)}\s*(?:<[^()]*>\s*)?\(", text[: opened[-1]])) if opened else []
    )
    closing = matching(text, heads[-1].end() - 1) if heads else -1
    if (
        closing < 0
        or re.fullmatch(r"\s*(?:(?:throws|where)\b[^{}]*)?", text[closing + 1 : opened[-1]]) is None
    ):
        raise Unsplittable(f"the declaration does not end within {name}")
    before = re.split(r"[{};]", text[: heads[-1].start()])[-1]
    returns = " ".join(word for word in _ANNOTATION.sub(" ", before).split() if word not in _MODIFIERS)
    if not returns:
        raise Unsplittable(f"{name} is a constructor")
    parameters = split_at_commas(text[heads[-1].end() : closing])
    names, types = [], []
    for parameter in parameters:
        declared = _ANNOTATION.sub(" ", parameter).partition("=")[0].strip().removeprefix("final ").strip()
        found = _LAST_NAME.search(declared)
        if found is None or not declared[: found.start()].strip():
            raise Unsplittable("a parameter of the function cannot be read")
        names.append(found[0])
        types.append(declared[: found.start()].strip())
    return Method(returns, tuple(types), tuple(names), opened[-1] + 1, len(opened))


def closers(found: Method, test: str) -> str:
    """The braces that close what is open in the method's body and that the test does not close itself."""
    depth = lowest = 0
    for brace in re.findall(r"[{}]", code(test)):
        depth += 1 if brace == "{" else -1
        lowest = min(lowest, depth)
    return "}" * max(0, found.depth + lowest)


def refuse_unknown(found: Method, known: frozenset[str]) -> None:
    """Raises Unsplittable if a type of the method has a name that is not among those."""
    words = {word for text in (found.returns, *found.types) for word in _WORD.findall(text)}
    if unknown := sorted(words - known):
        raise Unsplittable(f"no values of type {unknown[0]} can be sent")


def drivers(folder: str, extension: str) -> dict[str, str]:
    """A driver's files, by path."""
    root = DRIVERS / folder
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8")
        for path in sorted(root.rglob(f"*{extension}"))
    }
