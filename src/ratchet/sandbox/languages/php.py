"""PHP: programs and functions under the command line's interpreter, without any php.ini."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ratchet.sandbox.languages import (
    Command,
    Language,
    Missing,
    Toolchain,
    driver,
    first_line,
    register,
    tool,
)
from ratchet.sandbox.languages._split import before, named
from ratchet.sandbox.types import Limits, Program

_DRIVER = "ratchet.php"
_CANDIDATE = "candidate.php"
# Without php.ini no module is loaded by itself; these are what programs use.
_EXTENSIONS = ("bcmath", "calendar", "ctype", "gmp", "iconv", "intl", "mbstring", "posix", "tokenizer")
_SETTINGS = {
    "display_errors": "stderr",
    "error_reporting": "-1",
    "html_errors": "0",
    "log_errors": "0",
    "memory_limit": "-1",  # the sandbox's limit counts
    "max_execution_time": "0",
    "zend.assertions": "1",
}
_OPENED = re.compile(r"<\?(?:php\b|=)")
_CLOSED = re.compile(r"\?>\s*\Z")


@register
class Php(Language):
    name = "php"
    title = "PHP"
    extensions = (".php",)
    debian = ("php-cli",)

    def find(self) -> Toolchain:
        path = tool("php")
        folder = first_line(path, "-n", "-r", "echo PHP_EXTENSION_DIR;")
        if not folder:
            raise Missing(f"{path} does not say where its extensions are")
        modules = {name: Path(folder, f"{name}.so") for name in _EXTENSIONS}
        there = {name: str(module) for name, module in modules.items() if module.exists()}
        readable = (folder,) if there and not folder.startswith("/usr/") else ()
        return Toolchain(first_line(path, "-n", "-v"), {"php": path, **there}, readable)

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        modules = [("extension", path) for name, path in tools.tools.items() if name != "php"]
        settings = [*_SETTINGS.items(), *modules]
        flags = [part for name, value in settings for part in ("-d", f"{name}={value}")]
        return Command((tools.tools["php"], "-n", *flags, "-f", files[0], "--"))

    def ran_out_of_memory(self, stderr: str) -> bool:
        return "Out of memory" in stderr or "Allowed memory size of " in stderr

    def together(self, source: str, test: str) -> str:
        return f"{_text(source)}\n{_continued(test)}"

    def candidate(self, source: str, entry_point: str) -> Program:
        name = named(entry_point)
        text = (
            f"<?php\nrequire __DIR__ . '/{_DRIVER}';\nRatchetCalls::open();\n"
            f"require __DIR__ . '/{_CANDIDATE}';\nRatchetCalls::serve('{name}');\n"
        )
        return Program(text, self.name, files={**driver(_DRIVER), _CANDIDATE: _text(source)})

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        name = named(entry_point)
        helpers = _text(before(declaration, rf"^[ \t]*function[ \t]+&?{name}[ \t]*\("))
        stub = (
            f"require_once __DIR__ . '/{_DRIVER}';\nRatchetCalls::open();\n"
            f"function {name}(...$arguments) {{ return RatchetCalls::ask('{name}', $arguments); }}\n"
        )
        return Program(f"{helpers}\n{stub}{_continued(test)}", self.name, files=driver(_DRIVER))


def _text(source: str) -> str:
    """A text that is PHP from its first to its last line, so that another can follow."""
    return _CLOSED.sub("", source) if _OPENED.search(source) else f"<?php\n{source}"


def _continued(test: str) -> str:
    return re.sub(r"\A\s*<\?php\b", "", test, count=1)
