"""Perl: programs, and subroutines that are asked in list or in scalar context."""

from __future__ import annotations

from collections.abc import Sequence

from ratchet.sandbox.languages import Command, Language, Toolchain, driver, first_line, register, tool
from ratchet.sandbox.languages._split import before, named
from ratchet.sandbox.types import Limits, Program

_DRIVER = "ratchet.pl"
_CANDIDATE = "candidate.pl"


@register
class Perl(Language):
    name = "perl"
    title = "Perl"
    aliases = ("pl",)
    extensions = (".pl",)
    debian = ("perl", "libtest-deep-perl")

    def find(self) -> Toolchain:
        path = tool("perl")
        return Toolchain(first_line(path, "-e", 'print "perl $^V"'), {"perl": path})

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        # Hashes in the same order each time, so that a verdict can be repeated.
        return Command((tools.tools["perl"], files[0]), {"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"})

    def ran_out_of_memory(self, stderr: str) -> bool:
        return "Out of memory" in stderr

    def candidate(self, source: str, entry_point: str) -> Program:
        name = named(entry_point)
        text = (
            f"require './{_DRIVER}';\nRatchetCalls::open_pipes();\n"
            f"RatchetCalls::load('./{_CANDIDATE}');\nRatchetCalls::serve('{name}');\n"
        )
        return Program(text, self.name, files={**driver(_DRIVER), _CANDIDATE: source})

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        name = named(entry_point)
        helpers = before(declaration, rf"^[ \t]*sub[ \t]+{name}\b")
        stub = (
            f"BEGIN {{ require './{_DRIVER}'; RatchetCalls::open_pipes(); }}\n"
            f"sub {name} {{ return RatchetCalls::ask('{name}', wantarray, @_); }}\n"
        )
        return Program(f"{helpers}\n{stub}{test}", self.name, files=driver(_DRIVER))
