"""Rust: rustc by itself, without cargo and without crates; arithmetic is checked, as in a debug build."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ratchet.sandbox.languages import (
    Build,
    Command,
    Language,
    Toolchain,
    Unsplittable,
    driver,
    first_line,
    register,
    tool,
)
from ratchet.sandbox.languages._texts import (
    beside_system,
    blanked,
    closed,
    code_of,
    matching,
    open_block,
    outside_blocks,
    replaced,
    split_at_commas,
)
from ratchet.sandbox.languages.c import PROGRAM
from ratchet.sandbox.types import Limits, Program

_DRIVER = "ratchet.rs"
_DRIVERS = (_DRIVER, "ratchet_values.rs")
_MODULE = f'\n#[path = "{_DRIVER}"]\nmod ratchet_driver;\n'
_TESTS = "// rustc --test\n"
"""What the text begins with of which the tests are to be run."""
_TESTS_FILE = "tests.rs"
_TEST = re.compile(r"#\s*\[\s*test\s*\]")
_MAIN = re.compile(r"\bfn\s+main\b")
_USE = re.compile(r"\b(?:pub\s+)?use\s+(?:::)?([a-z_]\w*)\b[^;]{0,500};")
_WORD = re.compile(r"\w+")
_AT_HAND = frozenset(("std", "core", "alloc", "crate", "self", "super"))
_PARAMETER = re.compile(r"(?:mut\s+)?([A-Za-z_]\w*)\s*:", re.ASCII)


@register
class Rust(Language):
    name = "rust"
    title = "Rust"
    aliases = ("rs",)
    extensions = (".rs",)
    debian = ("rustc", "gcc", "libc6-dev")

    def find(self) -> Toolchain:
        # What is found first may be rustup's, which chooses a toolchain by files in the home directory.
        root = first_line(tool("rustc"), "--print", "sysroot")
        compiler = str(Path(root) / "bin" / "rustc")
        tools = {"compiler": compiler, "linker": tool("cc", "gcc", "clang")}
        return Toolchain(first_line(compiler, "--version"), tools, beside_system(*tools.values()))

    def file_name(self, source: str) -> str:
        if source.startswith(_TESTS):
            return _TESTS_FILE
        code = code_of(source, "rust")
        only_tests = _TEST.search(code) is not None and next(outside_blocks(code, _MAIN), None) is None
        return _TESTS_FILE if only_tests else "main.rs"

    def build(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Build:
        checks = ("-Coverflow-checks=yes", "-Cdebug-assertions=yes")
        quiet = ("--cap-lints=allow", "--color=never")
        options = ("--edition=2021", "-Copt-level=2", *checks, *quiet, f"-Clinker={tools.tools['linker']}")
        tests = ("--test",) if files[0] == _TESTS_FILE else ()
        argv = (tools.tools["compiler"], *options, *tests, "--crate-name", PROGRAM, "-o", PROGRAM, files[0])
        return Build(Command(argv), (PROGRAM,))

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        return Command((f"./{PROGRAM}",), {"RUST_TEST_THREADS": "1"})

    def ran_out_of_memory(self, stderr: str) -> bool:
        return "memory allocation of" in stderr

    def together(self, source: str, test: str) -> str:
        whole = without_unused_crates(f"{source}\n{test}")
        return f"{_TESTS}{whole}" if _has_test(test) else whole

    def candidate(self, source: str, entry_point: str) -> Program:
        name = _checked(entry_point)
        text = without_unused_crates(_without_main(source))
        served = f"fn main() {{ ratchet_driver::serve({name}); }}\n"
        return Program(f"{text}{_MODULE}{served}", self.name, files=driver(*_DRIVERS))

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        name = _checked(entry_point)
        if not _has_test(test) and next(outside_blocks(code_of(test, "rust"), _MAIN), None) is None:
            raise Unsplittable("its tests are neither functions marked #[test] nor a main function")
        code = code_of(declaration, "rust")
        opening = open_block(code)
        arguments = "".join(f"&{parameter}, " for parameter in _parameters(code[:opening], name))
        stub = f'ratchet_driver::ask("{name}", &[{arguments}])\n{"" if closed(test) else "}"}'
        start = declaration[: opening + 1]
        if _has_test(test):
            start = _without_main(start)
        text = without_unused_crates(f"{start}\n{stub}\n{test}")
        marker = _TESTS if _has_test(test) else ""
        return Program(f"{marker}{text}{_MODULE}", self.name, files=driver(*_DRIVERS))


def without_unused_crates(text: str) -> str:
    """The text without each `use` of a crate of which it makes no other use: there are no crates here."""
    code = code_of(text, "rust")
    uses = list(outside_blocks(code, _USE))
    edges = [0, *(edge for use in uses for edge in use.span()), len(code)]
    rest = " ".join(code[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))
    words = set(_WORD.findall(rest))
    unused = []
    for use in uses:
        mentioned = set(_WORD.findall(use[0])) - {"use", "pub", "as", "_"}
        if use[1] not in _AT_HAND and "*" not in use[0] and not mentioned & words:
            unused.append(use.span())
    return blanked(text, unused)


def _checked(entry_point: str) -> str:
    if re.fullmatch(r"[A-Za-z_]\w*", entry_point, re.ASCII) is None:
        raise Unsplittable(f"{entry_point!r} is no name of a function")
    return entry_point


def _has_test(text: str) -> bool:
    return _TEST.search(code_of(text, "rust")) is not None


def _without_main(text: str) -> str:
    """The text with another name for its main function, if it has one."""
    mains = outside_blocks(code_of(text, "rust"), _MAIN)
    return replaced(text, ((*main.span(), "fn ratchet_replaced_main") for main in mains))


def _parameters(code: str, name: str) -> list[str]:
    """The names of the parameters of the last function in the code; raises Unsplittable."""
    found = list(outside_blocks(code, re.compile(rf"\bfn\s+{name}\s*(?=[<(])")))
    if not found:
        raise Unsplittable(f"the declaration does not end within {name}")
    at = found[-1].end()
    if code[at] == "<":
        at = code.find("(", matching(code, at))
    closing = matching(code, at) if at >= 0 else -1
    if closing < 0:
        raise Unsplittable(f"the head of {name} cannot be read")
    names = []
    for parameter in split_at_commas(code[at + 1 : closing]):
        named = _PARAMETER.match(parameter)
        if named is None:
            raise Unsplittable("a parameter of the function has no simple name")
        names.append(named[1])
    return names
