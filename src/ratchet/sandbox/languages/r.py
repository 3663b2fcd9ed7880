"""R: scripts and functions under Rscript, without anybody's profile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ratchet.sandbox.languages import Command, Language, Toolchain, driver, first_line, register, tool
from ratchet.sandbox.languages._split import before, named
from ratchet.sandbox.types import Limits, Program

_DRIVER = "ratchet.R"
_CANDIDATE = "candidate.R"
_NAME = r"[A-Za-z.][\w.]*"


@register
class R(Language):
    name = "r"
    title = "R"
    aliases = ("rscript",)
    extensions = (".R", ".r")
    debian = ("r-base-core",)

    def find(self) -> Toolchain:
        path = tool("Rscript")
        # Debian keeps there what R's own folder links to.
        readable = tuple(folder for folder in ("/etc/R",) if Path(folder).is_dir())
        return Toolchain(first_line(path, "--version"), {"Rscript": path}, readable)

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        return Command((tools.tools["Rscript"], "--vanilla", files[0]))

    def ran_out_of_memory(self, stderr: str) -> bool:
        return "cannot allocate" in stderr or "memory exhausted" in stderr

    def candidate(self, source: str, entry_point: str) -> Program:
        name = named(entry_point, _NAME)
        text = (
            f"source('{_DRIVER}')\nratchet$open()\n"
            f"source('{_CANDIDATE}', encoding = 'UTF-8')\nratchet$serve('{name}')\n"
        )
        return Program(text, self.name, files={**driver(_DRIVER), _CANDIDATE: source})

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        name = named(entry_point, _NAME)
        helpers = before(declaration, rf"^[ \t]*{re.escape(name)}[ \t]*(?:<-|=)[ \t]*function\b")
        stub = (
            f"source('{_DRIVER}')\nratchet$open()\n{name} <- function(...) ratchet$ask('{name}', list(...))\n"
        )
        return Program(f"{helpers}\n{stub}{test}", self.name, files=driver(_DRIVER))
