"""Swift: swiftc, whose toolchain comes from swift.org or, since Debian 13, from Debian itself.

A function of a program cannot be asked from outside yet: there is no driver.
"""

from __future__ import annotations

from collections.abc import Sequence

from ratchet.sandbox.languages import Build, Command, Language, Toolchain, first_line, register, tool
from ratchet.sandbox.languages._texts import beside_system
from ratchet.sandbox.languages.c import PROGRAM
from ratchet.sandbox.types import Limits


@register
class Swift(Language):
    name = "swift"
    title = "Swift"
    extensions = (".swift",)
    debian = ("swiftlang",)

    def find(self) -> Toolchain:
        compiler = tool("swiftc")
        return Toolchain(first_line(compiler, "--version"), {"swiftc": compiler}, beside_system(compiler))

    def build(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Build:
        # Statements outside of functions may stand in the file main.swift alone.
        sources = [name for name in files if name.endswith(self.extensions)]
        options = ("-Onone", "-suppress-warnings", "-static-stdlib", "-module-cache-path", "/tmp/modules")
        return Build(Command((tools.tools["swiftc"], *options, "-o", PROGRAM, *sources)), (PROGRAM,))

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        return Command((f"./{PROGRAM}",))
