"""JavaScript: node. A text with `import` or `export` at its top level is a module, all others are scripts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from ratchet.sandbox.languages import DRIVERS, Command, Language, Toolchain, first_line, register, tool
from ratchet.sandbox.languages._split import before, named
from ratchet.sandbox.languages._texts import beside_system
from ratchet.sandbox.types import Limits, Program

NAME = r"[A-Za-z_$][\w$]*"
OVERHEAD_BYTES = 128 << 20
"""What node needs besides its heap: its own data, its threads' stacks, compiled code."""
THREADS = 16
_DRIVER = "ratchet.cjs"
_NOT_CODE = re.compile(
    r"""//[^\n]*|/\*.*?(?:\*/|\Z)|`(?:\\.|[^`\\])*(?:`|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?""",
    re.DOTALL,
)
_MODULE = re.compile(
    r"^(?:import\s*(?:[\w$]+\s*(?:,|\bfrom\b)|[{*\"'])|export\s+(?:default|const|let|var|function|class|async|[{*]))",
    re.MULTILINE,
)
# A failed console.assert only prints: here it counts, as it does in HumanEval-X.
COUNTED = (
    "(() => { let failed = false; const report = console.assert; "
    "console.assert = (holds, ...words) => { failed ||= !holds; report(holds, ...words); }; "
    'process.on("exit", () => { if (failed) process.exitCode = process.exitCode || 1; }); })();'
)


@register
class JavaScript(Language):
    name = "javascript"
    title = "JavaScript"
    aliases: ClassVar[tuple[str, ...]] = ("js", "node", "nodejs", "ecmascript")
    extensions: ClassVar[tuple[str, ...]] = (".js", ".mjs", ".cjs")
    debian: ClassVar[tuple[str, ...]] = ("nodejs",)

    def find(self) -> Toolchain:
        return node()

    def file_name(self, source: str) -> str:
        return "main.mjs" if is_module(source) else "main.js"

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        return node_command(tools, files[0], limits)

    def adapted(self, limits: Limits) -> Limits:
        return replace(
            limits, memory_bytes=limits.memory_bytes + OVERHEAD_BYTES, processes=limits.processes + THREADS
        )

    def ran_out_of_memory(self, stderr: str) -> bool:
        return "JavaScript heap out of memory" in stderr or "Array buffer allocation failed" in stderr

    def together(self, source: str, test: str) -> str:
        return f"{COUNTED}{source}\n{test}"

    def candidate(self, source: str, entry_point: str) -> Program:
        name = named(entry_point, NAME)
        text = f"{source}\n;{_loaded(is_module(source))} ratchet_driver.serve(() => {name});\n"
        return Program(text, self.name, files=_files())

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        name = named(entry_point, NAME)
        head = (
            rf"^[ \t]*(?:export\s+(?:default\s+)?)?(?:(?:async\s+)?function\s*\*?\s*{re.escape(name)}\s*[(<]"
            rf"|(?:const|let|var)\s+{re.escape(name)}\s*[=:])"
        )
        helpers = before(declaration, head)
        loaded = _loaded(is_module(helpers + test))
        stub = f'function {name}() {{ return ratchet_driver.ask("{name}", [...arguments]); }}\n'
        text = f"{loaded} ratchet_driver.tellLast(); {COUNTED}{helpers}{stub}{test}"
        return Program(text, self.name, files=_files())


def node() -> Toolchain:
    """Node; raises Missing."""
    path = tool("node", "nodejs")
    return Toolchain(f"node {first_line(path, '--version')}", {"node": path}, beside_system(path))


def node_command(tools: Toolchain, file: str, limits: Limits, *flags: str) -> Command:
    """How node runs a file. Its heap may be as large as the limit; `JavaScript.adapted` grants the rest."""
    heap = max(8, limits.memory_bytes >> 20)
    argv = (tools.tools["node"], f"--max-old-space-size={heap}", "--v8-pool-size=1", *flags, file)
    return Command(argv, {"UV_THREADPOOL_SIZE": "2", "NODE_NO_WARNINGS": "1"})


def is_module(source: str) -> bool:
    """Whether a text is an ECMAScript module."""
    return _MODULE.search(_NOT_CODE.sub(_blank, source)) is not None


def _blank(found: re.Match[str]) -> str:
    text = found[0]
    return (
        text[0] + " " * (len(text) - 2) + text[-1] if text[0] in "\"'" and len(text) > 1 else " " * len(text)
    )


def _loaded(module: bool) -> str:
    """Names the driver's exports, in front of or behind a text of either kind."""
    return (
        f'import ratchet_driver from "./{_DRIVER}";'
        if module
        else f'var ratchet_driver = require("./{_DRIVER}");'
    )


def _files() -> dict[str, str]:
    return {_DRIVER: (DRIVERS / "ratchet.js").read_text(encoding="utf-8")}
