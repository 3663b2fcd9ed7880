"""Ruby: programs and methods, with the gems that are installed beside the interpreter."""

from __future__ import annotations

from collections.abc import Sequence

from ratchet.sandbox.languages import Command, Language, Toolchain, driver, first_line, register, tool
from ratchet.sandbox.languages._split import before, named
from ratchet.sandbox.types import Limits, Program

_DRIVER = "ratchet.rb"
_CANDIDATE = "candidate.rb"


@register
class Ruby(Language):
    name = "ruby"
    title = "Ruby"
    aliases = ("rb",)
    extensions = (".rb",)
    debian = ("ruby",)

    def find(self) -> Toolchain:
        path = tool("ruby")
        return Toolchain(first_line(path, "--version"), {"ruby": path})

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        return Command((tools.tools["ruby"], files[0]))

    def ran_out_of_memory(self, stderr: str) -> bool:
        return "(NoMemoryError)" in stderr or "[FATAL] failed to allocate memory" in stderr

    def candidate(self, source: str, entry_point: str) -> Program:
        name = named(entry_point, r"[A-Za-z_]\w*[?!]?")
        text = (
            f"require_relative '{_DRIVER}'\nRatchetCalls.open\n"
            f"load './{_CANDIDATE}'\nRatchetCalls.serve {{ |*arguments| {name}(*arguments) }}\n"
        )
        return Program(text, self.name, files={**driver(_DRIVER), _CANDIDATE: source})

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        name = named(entry_point, r"[A-Za-z_]\w*[?!]?")
        helpers = before(declaration, rf"^[ \t]*def[ \t]+(?:self\.)?{name}(?!\w)")
        stub = (
            f"require_relative '{_DRIVER}'\nRatchetCalls.open\n"
            f"def {name}(*arguments) = RatchetCalls.ask('{name}', arguments)\n"
        )
        return Program(f"{helpers}\n{stub}{test}", self.name, files=driver(_DRIVER))
