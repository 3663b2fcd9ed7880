"""C: gcc. A function of a program cannot be asked from outside: C does not say how long an array is."""

from __future__ import annotations

from collections.abc import Sequence

from ratchet.sandbox.languages import Build, Command, Language, Toolchain, first_line, register, tool
from ratchet.sandbox.languages._texts import beside_system
from ratchet.sandbox.types import Limits

PROGRAM = "program"
"""What the compilers call what they make."""
ERRORS = "-fmax-errors=30"


def compiler(*names: str) -> Toolchain:
    """A compiler of GCC's family, by the names it may have; raises Missing."""
    path = tool(*names)
    return Toolchain(first_line(path, "--version"), {"compiler": path}, beside_system(path))


@register
class C(Language):
    name = "c"
    title = "C"
    extensions = (".c",)
    debian = ("gcc", "libc6-dev")

    def find(self) -> Toolchain:
        return compiler("gcc", "cc")

    def build(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Build:
        sources = [name for name in files if name.endswith(self.extensions)]
        options = ("-std=gnu17", "-O2", "-pipe", "-w", ERRORS, "-pthread")
        argv = (tools.tools["compiler"], *options, "-o", PROGRAM, *sources, "-lm")
        return Build(Command(argv), (PROGRAM,))

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        return Command((f"./{PROGRAM}",))

    def ran_out_of_memory(self, stderr: str) -> bool:
        return "Cannot allocate memory" in stderr
