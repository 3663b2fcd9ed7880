"""Lua: programs and functions, local ones too."""

from __future__ import annotations

from collections.abc import Sequence

from ratchet.sandbox.languages import Command, Language, Toolchain, driver, first_line, register, tool
from ratchet.sandbox.languages._split import before, named
from ratchet.sandbox.types import Limits, Program

_DRIVER = "ratchet.lua"
_CANDIDATE = "candidate.lua"


@register
class Lua(Language):
    name = "lua"
    title = "Lua"
    extensions = (".lua",)
    debian = ("lua5.4", "lua-unit")

    def find(self) -> Toolchain:
        # From 5.3 on there are whole numbers, and utf8.
        path = tool("lua5.4", "lua5.3", "lua")
        return Toolchain(first_line(path, "-v"), {"lua": path})

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        return Command((tools.tools["lua"], files[0]))

    def ran_out_of_memory(self, stderr: str) -> bool:
        return "not enough memory" in stderr

    def candidate(self, source: str, entry_point: str) -> Program:
        name = named(entry_point)
        text = f'require("ratchet").serve("{_CANDIDATE}", "{name}")\n'
        return Program(text, self.name, files={**driver(_DRIVER), _CANDIDATE: source})

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        name = named(entry_point)
        helpers = before(
            declaration,
            rf"^[ \t]*(?:local[ \t]+)?(?:function[ \t]+{name}[ \t]*\(|{name}[ \t]*=[ \t]*function\b)",
        )
        stub = f'function {name}(...) return require("ratchet").ask("{name}", ...) end\n'
        return Program(f"{helpers}\n{stub}{test}", self.name, files=driver(_DRIVER))
