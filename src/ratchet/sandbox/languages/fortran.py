"""Fortran: gfortran, free form. Files beside a program are compiled before it, in order: modules first."""

from __future__ import annotations

from collections.abc import Sequence

from ratchet.sandbox.languages import Build, Command, Language, Toolchain, register
from ratchet.sandbox.languages.c import ERRORS, PROGRAM, compiler
from ratchet.sandbox.types import Limits


@register
class Fortran(Language):
    name = "fortran"
    title = "Fortran"
    aliases = ("gfortran", "f90", "f95")
    extensions = (".f90", ".f95", ".f03", ".f08")
    debian = ("gfortran",)

    def find(self) -> Toolchain:
        return compiler("gfortran")

    def build(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Build:
        beside = [name for name in files[1:] if name.endswith(self.extensions)]
        options = ("-O2", "-pipe", "-w", ERRORS, "-ffree-line-length-none")
        argv = (tools.tools["compiler"], *options, "-o", PROGRAM, *beside, files[0])
        return Build(Command(argv), (PROGRAM,))

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        return Command((f"./{PROGRAM}",))

    def ran_out_of_memory(self, stderr: str) -> bool:
        return any(words in stderr for words in ("Error allocating", "Allocation would exceed memory limit"))
