"""C++: g++ with C++17, and a driver that finds a function's types out by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ratchet.sandbox.languages import (
    Build,
    Command,
    Language,
    Missing,
    Toolchain,
    Unsplittable,
    driver,
    first_line,
    register,
)
from ratchet.sandbox.languages._texts import Head, closed, code_of, heads, open_block, split_at_commas
from ratchet.sandbox.languages.c import ERRORS, PROGRAM, compiler
from ratchet.sandbox.types import Limits, Program

_DRIVER = "ratchet.hpp"
_DRIVERS = (_DRIVER, "ratchet_values.hpp")
_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_LAST_NAME = re.compile(r"([A-Za-z_]\w*)\s*((?:\[[^\]]*\]\s*)*)\Z", re.ASCII)
_LONGEST_NAME = 300
"""Characters at the end of a parameter that are looked at: a hostile text may be one long name."""
_TYPE_WORDS = frozenset(
    ("void", "bool", "char", "short", "int", "long", "signed", "unsigned", "float", "double", "auto", "const")
)
_CONTENTS_UNKNOWN = re.compile(r"\b(?:tuple|make_tuple|pair|make_pair|optional|nullopt|set)\b")
"""What the driver does not find in an `any`."""


@register
class Cpp(Language):
    name = "cpp"
    title = "C++"
    aliases = ("c++", "cc", "cxx", "g++")
    extensions = (".cpp", ".cc", ".cxx", ".c++")
    debian = ("g++",)

    def find(self) -> Toolchain:
        found = compiler("g++")
        tools = dict(found.tools)
        try:
            crypto = first_line(tools["compiler"], "-print-file-name=libcrypto.so")
        except Missing:
            crypto = ""
        if crypto.startswith("/"):
            tools["crypto"] = crypto
        return Toolchain(found.version, tools, found.readable)

    def build(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Build:
        sources = [name for name in files if name.endswith(self.extensions)]
        options = ("-std=gnu++17", "-O2", "-pipe", "-w", ERRORS, "-pthread")
        # With as-needed a program is bound to the library only if it uses it.
        libraries = ("-Wl,--as-needed", "-lcrypto") if "crypto" in tools.tools else ()
        argv = (tools.tools["compiler"], *options, "-o", PROGRAM, *sources, *libraries)
        return Build(Command(argv), (PROGRAM,))

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        return Command((f"./{PROGRAM}",))

    def ran_out_of_memory(self, stderr: str) -> bool:
        return "std::bad_alloc" in stderr

    def candidate(self, source: str, entry_point: str) -> Program:
        _checked(entry_point)
        code = code_of(source, "cpp")
        defined = [head for head in heads(code, entry_point) if code[head.end :].lstrip().startswith("{")]
        calls = [_call(head, number) for number, head in enumerate(defined)]
        known = [call for call in calls if call is not None]
        # Overloads have no common address, so each is called through a function of its own.
        functions = [f"ratchet_call_{number}" for number, call in enumerate(calls) if call is not None]
        served = ", ".join(functions) or f"&::{entry_point}"
        text = (
            f"{_top(source)}#define main ratchet_replaced_main\n#line 1\n{source}\n#undef main\n"
            f"{''.join(known)}signed main() {{ return ratchet::serve({served}); }}\n"
        )
        return Program(text, self.name, files=driver(*_DRIVERS))

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        _checked(entry_point)
        code = code_of(declaration, "cpp")
        opening = open_block(code)
        found = [head for head in heads(code, entry_point) if head.end <= opening]
        if not found:
            raise Unsplittable(f"the declaration does not end within {entry_point}")
        parameters = _parameters(found[-1])
        if None in parameters:
            raise Unsplittable("a parameter of the function has no name")
        head = code[found[-1].start :]
        if re.search(r"\bany\b", head) and _CONTENTS_UNKNOWN.search(code_of(test, "cpp")):
            raise Unsplittable("it is given or returns an `any` with something in it that cannot be sent")
        names = [name for name in parameters if name is not None]
        types = "".join(f", decltype({name})" for name in names)
        arguments = "".join(f", {name}" for name in names)
        call = f"decltype(::{entry_point}({', '.join(names)})){types}"
        text = (
            f"{_top(declaration + test)}#line 1\n{declaration[: opening + 1]}\n"
            f'return ratchet::ask<{call}>("{entry_point}"{arguments});\n'
            f"{'' if closed(test) else '}'}\n{test}\n"
        )
        return Program(text, self.name, files=driver(*_DRIVERS))


def _top(text: str) -> str:
    speaks_of_any = re.search(r"\bany\b", text) is not None
    switch = "#define RATCHET_WITH_ANY\n" if speaks_of_any else ""
    return f'{switch}#include "{_DRIVER}"\n'


def _checked(entry_point: str) -> None:
    if _NAME.match(entry_point) is None:
        raise Unsplittable(f"{entry_point!r} is no name of a function")


def _parameters(head: Head) -> list[str | None]:
    """The names of a function's parameters; None for one without a name."""
    if head.parameters.strip() == "void":
        return []
    names: list[str | None] = []
    for parameter in split_at_commas(head.parameters):
        declared = parameter.partition("=")[0].strip()
        found = _LAST_NAME.search(declared[-_LONGEST_NAME:])
        named = found is not None and found[1] not in _TYPE_WORDS and declared != found[0]
        names.append(found[1] if found is not None and named else None)
    return names


def _call(head: Head, number: int) -> str | None:
    """A function with the same parameters that calls it; None if a parameter has no name."""
    parameters = _parameters(head)
    if None in parameters:
        return None
    declared = ", ".join(part.partition("=")[0] for part in split_at_commas(head.parameters))
    passed = ", ".join(f"static_cast<decltype({name}) &&>({name})" for name in parameters)
    return f"static decltype(auto) ratchet_call_{number}({declared}) {{ return ::{head.name}({passed}); }}\n"
