"""Java: a JDK's javac and java, with assertions on.

A program's heap may be as large as its memory limit; what the JVM needs itself comes on top. Its file is
called after its public class, or after the one that has `main`. MultiPL-E's tests import the library
org.javatuples, which no JDK has; a small stand-in lies beside them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ratchet.sandbox.languages import Build, Command, Language, Missing, Toolchain, first_line, register, tool
from ratchet.sandbox.languages._classes import closers, code, drivers, method, refuse_unknown
from ratchet.sandbox.languages._split import named
from ratchet.sandbox.languages._texts import beside_system, outside_blocks
from ratchet.sandbox.types import Limits, Program

OVERHEAD_BYTES = 256 << 20
"""What a JVM needs besides its heap: classes, compiled code, its threads' stacks."""
THREADS = 24
_DRIVER = "ratchetwire/"
_TUPLES = "org/javatuples/"
_PACKAGE = re.compile(r"^[ \t]*package\s+(\w+(?:\.\w+)*)\s*;", re.MULTILINE)
_TYPE = re.compile(r"\b(?:class|interface|enum|record)\s+(\w+)")
_PUBLIC = re.compile(r"\bpublic\b[\w \t\n]*\Z")
_MODIFIERS_LENGTH = 200
_NAME_LENGTH = 100
"""Bytes; a file's name has 255 of them, and the class files' are longer."""
_MAIN = re.compile(r"\bvoid\s+main\s*\(")
_IMPORT = re.compile(r"^[ \t]*import\s+(?:static\s+)?[\w.]+(?:\.\*)?\s*;", re.MULTILINE)
_TUPLES_IMPORT = re.compile(r"^[ \t]*import\s+org\.javatuples\.(?:\*|\w+)\s*;", re.MULTILINE)
_SMALL = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-XX:-UsePerfData")
_KNOWN = frozenset(
    [
        "void",
        "boolean",
        "char",
        "byte",
        "short",
        "int",
        "long",
        "float",
        "double",
        "extends",
        "super",
        "java",
        "util",
        "lang",
        "math",
        "org",
        "javatuples",
        "Boolean",
        "Character",
        "Byte",
        "Short",
        "Integer",
        "Long",
        "Float",
        "Double",
        "Void",
        "Number",
        "Object",
        "String",
        "CharSequence",
        "Comparable",
        "BigInteger",
        "BigDecimal",
        "Optional",
        "Iterable",
        "Collection",
        "List",
        "ArrayList",
        "LinkedList",
        "Vector",
        "Stack",
        "Queue",
        "Deque",
        "ArrayDeque",
        "PriorityQueue",
        "Set",
        "HashSet",
        "LinkedHashSet",
        "SortedSet",
        "NavigableSet",
        "TreeSet",
        "Map",
        "HashMap",
        "LinkedHashMap",
        "SortedMap",
        "NavigableMap",
        "TreeMap",
        "Unit",
        "Pair",
        "Triplet",
        "Quartet",
        "Quintet",
        "Sextet",
        "Septet",
        "Octet",
        "Ennead",
        "Decade",
    ]
) | {chr(letter) for letter in range(ord("A"), ord("Z") + 1)}


@register
class Java(Language):
    name = "java"
    title = "Java"
    aliases = ("jdk", "openjdk")
    extensions = (".java",)
    debian = ("default-jdk-headless",)

    def find(self) -> Toolchain:
        compiler = os.path.realpath(tool("javac"))
        home = Path(compiler).parent.parent
        java = str(home / "bin" / "java")
        if not os.access(java, os.X_OK):
            raise Missing(f"there is no java beside {compiler}")
        tools = {"javac": compiler, "java": java}
        return Toolchain(
            first_line(compiler, "-version"), tools, (*beside_system(compiler), *_settings(home))
        )

    def file_name(self, source: str) -> str:
        text = code(source)
        package = _PACKAGE.search(text)
        path = f"{package[1].replace('.', '/')}/{_entered(text)}" if package else _entered(text)
        return f"{path if len(path.encode()) <= _NAME_LENGTH else 'Main'}.java"

    def build(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Build:
        sources = [name for name in files if name.endswith(".java")]
        heap = max(64, limits.memory_bytes - OVERHEAD_BYTES >> 20)
        machine = [f"-J{flag}" for flag in (*_SMALL, f"-Xmx{heap}m")]
        argv = (
            tools.tools["javac"],
            *machine,
            "-proc:none",
            "-nowarn",
            "-encoding",
            "UTF-8",
            "-d",
            ".",
            *sources,
        )
        return Build(Command(argv), ("*.class",))

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        entered = files[0].removesuffix(".java").replace("/", ".")
        heap = max(8, limits.memory_bytes >> 20)
        flags = (*_SMALL, f"-Xmx{heap}m", "-XX:ReservedCodeCacheSize=48m", "-XX:ActiveProcessorCount=2")
        encoding = ("-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", "-Dstderr.encoding=UTF-8")
        return Command((tools.tools["java"], *flags, *encoding, "-ea", "-cp", ".", entered))

    def adapted(self, limits: Limits) -> Limits:
        return replace(
            limits, memory_bytes=limits.memory_bytes + OVERHEAD_BYTES, processes=limits.processes + THREADS
        )

    def ran_out_of_memory(self, stderr: str) -> bool:
        return (
            "java.lang.OutOfMemoryError" in stderr
            or "There is insufficient memory for the Java Runtime" in stderr
        )

    def together(self, source: str, test: str) -> str:
        return _with_tuples(_imports_first(_not_public(source, test), test))

    def candidate(self, source: str, entry_point: str) -> Program:
        own = {self.file_name(source): source}
        driver = drivers("java", ".java")
        entry = driver.pop(f"{_DRIVER}Candidate.java")
        files = own | driver if _names_tuples(source) else own | _without_tuples(driver)
        return Program(entry, self.name, files=files, arguments=(named(entry_point),))

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        found = method(declaration, named(entry_point))
        refuse_unknown(found, _KNOWN)
        asked = f"new Object(){{}}.getClass().getEnclosingMethod(), new Object[] {{{', '.join(found.names)}}}"
        stub = f"{'' if found.returns == 'void' else 'return '}ratchetwire.Examiner.ask({asked});"
        closed = f"{declaration[: found.body]}\n{stub}\n{closers(found, test)}\n"
        text = _imports_first(_not_public(closed, test), test)
        driver = drivers("java", ".java")
        return Program(text, self.name, files=driver if _names_tuples(text) else _without_tuples(driver))


def _settings(home: Path) -> tuple[str, ...]:
    """The folders in /etc that Debian keeps a JDK's settings in."""
    linked = [home / "lib" / "jvm.cfg", *home.glob("conf/*")]
    real = [os.path.realpath(path) for path in linked if path.is_symlink()]
    return tuple(dict.fromkeys("/".join(path.split("/")[:3]) for path in real if path.startswith("/etc/")))


@dataclass(frozen=True, slots=True)
class _Type:
    name: str
    start: int
    public: int | None
    """Where the word stands."""


def _types(text: str) -> list[_Type]:
    """The classes, interfaces and the like that a text has outside of all others."""
    found = []
    for match in outside_blocks(text, _TYPE):
        at = max(0, match.start() - _MODIFIERS_LENGTH)
        public = _PUBLIC.search(text[at : match.start()])
        found.append(_Type(match[1], match.start(), at + public.start() if public else None))
    return found


def _entered(text: str) -> str:
    """The name of the class that is entered: the public one, the one with `main`, or the first."""
    found = _types(text)
    main = _MAIN.search(text)
    ahead = [each for each in found if main is not None and each.start < main.start()]
    chosen = [each for each in found if each.public is not None] or ahead[-1:] or found
    return chosen[0].name if chosen else "Main"


def _not_public(source: str, test: str) -> str:
    """A text whose classes are not public if the test has the class that is entered: a file has one."""
    if _MAIN.search(code(test)) is None or not _types(code(test)):
        return source
    parts, at = [], 0
    for each in _types(code(source)):
        if each.public is not None:
            parts.append(source[at : each.public])
            at = each.public + len("public")
    return "".join([*parts, source[at:]])


def _imports_first(source: str, test: str) -> str:
    """Both texts as one, with the test's imports where Java wants them."""
    imports = _IMPORT.findall(code(test))
    if not imports:
        return f"{source}\n{test}"
    package = _PACKAGE.search(code(source))
    at = package.end() if package else 0
    return f"{source[:at]}{''.join(line.strip() for line in imports)}{source[at:]}\n{_IMPORT.sub('', test)}"


def _names_tuples(text: str) -> bool:
    return "org.javatuples" in text


def _without_tuples(files: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in files.items() if not name.startswith(_TUPLES)}


def _with_tuples(text: str) -> str:
    """A text that imports org.javatuples, with the stand-in's classes at its end instead."""
    if not _names_tuples(text):
        return text
    own = {each.name for each in _types(code(text))}
    parts = [_TUPLES_IMPORT.sub("", text)]
    for name, source in drivers("java", ".java").items():
        if name.startswith(_TUPLES) and Path(name).stem not in own:
            source = re.sub(r"^package .*|^import .*", "", source, flags=re.MULTILINE)
            source = re.sub(
                r"\b(Iterator|List|ArrayList|Arrays|Collections)(?=[<.])", r"java.util.\1", source
            )
            parts.append(re.sub(r"^public ", "", source, flags=re.MULTILINE))
    return "\n".join(parts)
