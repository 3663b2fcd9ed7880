"""Putting Go texts together: Go wants every import at the top, once, and used."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ratchet.sandbox.languages._texts import blanked, code_of, matching, outside_blocks

TESTIFY = "github.com/stretchr/testify/"
_PACKAGE = re.compile(r"\A\s*package\s+\w+[ \t]*;?")
_IMPORT = re.compile(r"\bimport\b[ \t]*(\(?)")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_SPEC = re.compile(r"""(?:([\w.]+)[ \t]*)?(?:"([^"\n]+)"|`([^`\n]+)`)""")
_VERSION = re.compile(r"v\d+\Z")
_OFTEN_USED = (
    "math", "strings", "fmt", "strconv", "time", "bytes", "regexp", "sort", "math/rand", "crypto/md5",
)  # fmt: skip
"""What CodeGeeX's evaluation of HumanEval-X imports for a text that uses it without saying so."""


@dataclass(frozen=True, slots=True)
class Import:
    """A package that a text imports, and the name it gives to it, if it gives one."""

    path: str
    alias: str = ""

    @property
    def name(self) -> str:
        """What the text calls it."""
        *before, last = self.path.split("/")
        return self.alias or (before[-1] if before and _VERSION.match(last) else last)


@dataclass(frozen=True, slots=True)
class Part:
    """A Go text taken apart: its imports, and the rest, with spaces where they and `package` stood."""

    imports: tuple[Import, ...]
    body: str


def parted(text: str) -> Part:
    """Take a text apart."""
    code = code_of(text, "go")
    imports: list[Import] = []
    removed = [found.span() for found in [_PACKAGE.match(code)] if found is not None]
    for found in outside_blocks(code, _IMPORT):
        if removed and found.start() < removed[-1][1]:
            continue
        end = matching(code, found.end() - 1) + 1 if found[1] else text.find("\n", found.start())
        end = len(text) if end <= 0 else end
        specs = _SPEC.finditer(_COMMENT.sub(" ", text[found.start() + len("import") : end]))
        imports += [Import(spec[2] or spec[3], spec[1] or "") for spec in specs]
        removed.append((found.start(), end))
    return Part(tuple(imports), blanked(text, removed))


def composed(parts: Iterable[Part], needed: Iterable[str] = ()) -> str:
    """One text of package main, which imports what it uses.

    What is imported is what the parts import, `needed`, and a few packages that are
    often used. The lines of the first part keep their numbers.
    """
    parts = tuple(parts)
    body = "\n".join(part.body for part in parts)
    code = code_of(body, "go")
    named = dict.fromkeys(each for part in parts for each in part.imports)
    known = {each.name for each in named}
    more = [Import(path) for path in (*needed, *_OFTEN_USED)]
    named.update(
        dict.fromkeys(each for each in more if each.name not in known and not _declared(code, each.name))
    )
    used = [each for each in named if not each.path.startswith(TESTIFY) and _used(code, each)]
    imports = "; ".join(f'{each.alias} "{each.path}"'.strip() for each in used)
    return f"package main; import ({imports}); {body}"


def _used(code: str, imported: Import) -> bool:
    name = re.escape(imported.name)
    return imported.alias in ("_", ".") or re.search(rf"(?<![\w.]){name}\s*\.", code) is not None


def _declared(code: str, name: str) -> bool:
    """Whether the text gives this name to something of its own."""
    others = r"(?:,[\s\w,]{0,100})?"
    forms = (
        rf"\b(?:var|const|type|func)\s+{name}\b",
        rf"\b{name}\s*{others}:=",
        rf"[(,]\s*{name}\s*{others}[\s\[*]\w",
    )
    return any(re.search(form, code) for form in forms)
