"""TypeScript, run by node: its types are taken out, not checked; only what does not parse is an error.

Where there is a `typescript` library (that of `tsc`) it makes JavaScript of the program, in half a second;
a whole check of its types would take several. Where there is none, node 22.18 and later take the types out
themselves. MultiPL-E runs `tsc`, to which a wrong type is an error: what passes there passes here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ratchet.sandbox.languages import (
    DRIVERS,
    Build,
    Command,
    Missing,
    Toolchain,
    first_line,
    register,
    tool,
)
from ratchet.sandbox.languages._texts import beside_system
from ratchet.sandbox.languages.javascript import JavaScript, is_module, node, node_command
from ratchet.sandbox.types import Limits

_MADE = {".ts": ".js", ".mts": ".mjs", ".cts": ".cjs", ".tsx": ".js"}
_STRIPS = (22, 18)
"""The first node that takes types out by itself."""
_AWAITS = re.compile(r"^(?=\S)(?!.*\basync\b).*\bawait\b", re.MULTILINE)
"""At the top level, where only a module may."""
_VERSION = re.compile(r"v(\d+)\.(\d+)\.")


@register
class TypeScript(JavaScript):
    name = "typescript"
    title = "TypeScript"
    aliases = ("ts", "tsc")
    extensions = (".ts", ".mts", ".cts", ".tsx")
    debian = ("nodejs", "node-typescript")

    def find(self) -> Toolchain:
        found = node()
        try:
            library = _library(tool("tsc"))
        except Missing:
            version = _VERSION.search(found.version)
            if version is None or (int(version[1]), int(version[2])) < _STRIPS:
                raise Missing("no tsc was found, and node is older than 22.18") from None
            return found
        readable = (*found.readable, *beside_system(library))
        version_of = first_line(found.tools["node"], "-p", f"require({library!r}).version")
        tools = {**found.tools, "library": library}
        return Toolchain(f"typescript {version_of} on {found.version}", tools, readable)

    def file_name(self, source: str) -> str:
        # As tsc does it, a text with imports becomes a script too, so that it may also use `require`.
        return "main.mts" if is_module(source) and _AWAITS.search(source) else "main.ts"

    def build(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Build | None:
        if "library" not in tools.tools:
            return None
        sources = [name for name in files if name.endswith(self.extensions) and not name.endswith(".d.ts")]
        script = (DRIVERS / "transpile.js").read_text(encoding="utf-8")
        argv = (tools.tools["node"], "--v8-pool-size=1", "--eval", script, tools.tools["library"], *sources)
        return Build(Command(argv), tuple(_made(name) for name in sources))

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        if "library" in tools.tools:
            return node_command(tools, _made(files[0]), limits)
        return node_command(tools, files[0], limits, "--experimental-transform-types")


def _made(file: str) -> str:
    """What the file is called that is made of a TypeScript file."""
    path = Path(file)
    return str(path.with_suffix(_MADE[path.suffix]))


def _library(tsc: str) -> str:
    """The library's folder, of which the program is a part; raises Missing."""
    folder = Path(os.path.realpath(tsc)).parent.parent
    if not (folder / "lib" / "typescript.js").exists():
        raise Missing(f"{tsc} has no typescript.js beside it")
    return str(folder)
