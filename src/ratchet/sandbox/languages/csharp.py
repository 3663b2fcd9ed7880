"""C#: Mono's compiler and runtime. The .NET SDK is not used: its compiler wants a project and a home."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ratchet.sandbox.languages import Build, Command, Language, Toolchain, first_line, register, tool
from ratchet.sandbox.languages._classes import closers, code, drivers, method, refuse_unknown
from ratchet.sandbox.languages._split import named
from ratchet.sandbox.types import Limits, Program

OVERHEAD_BYTES = 128 << 20
"""What Mono needs besides a program's objects: its code, its threads' stacks."""
THREADS = 8
_PROGRAM = "program.exe"
_EXAMINER, _CANDIDATE = "RatchetWire/Examiner.cs", "RatchetWire/Candidate.cs"
_ASSERT = re.compile(r"\b(?:System\.Diagnostics\.)?(?:Debug|Trace)\.Assert\s*\(")
_USING = re.compile(r"^[ \t]*using\s+[\w.=<> \t]+;", re.MULTILINE)
# In one text with the program, a failed assertion has to end it: by itself Mono says nothing of it.
_FAILING = """
static class RatchetAssert {
    public static void That(bool holds, params object[] words) {
        if (holds) return;
        System.Console.Error.WriteLine("an assertion failed " + string.Join(" ", words));
        System.Environment.Exit(1);
    }
}
"""
_KNOWN = frozenset(
    [
        "void",
        "bool",
        "byte",
        "sbyte",
        "char",
        "decimal",
        "double",
        "float",
        "int",
        "uint",
        "long",
        "ulong",
        "short",
        "ushort",
        "object",
        "string",
        "dynamic",
        "params",
        "this",
        "System",
        "Collections",
        "Generic",
        "Numerics",
        "Boolean",
        "Byte",
        "SByte",
        "Char",
        "Decimal",
        "Double",
        "Single",
        "Int16",
        "Int32",
        "Int64",
        "UInt16",
        "UInt32",
        "UInt64",
        "Object",
        "String",
        "BigInteger",
        "Nullable",
        "Tuple",
        "ValueTuple",
        "List",
        "IList",
        "IReadOnlyList",
        "ICollection",
        "IReadOnlyCollection",
        "IEnumerable",
        "HashSet",
        "SortedSet",
        "ISet",
        "LinkedList",
        "Queue",
        "Stack",
        "Dictionary",
        "IDictionary",
        "IReadOnlyDictionary",
        "SortedDictionary",
    ]
)


@register
class CSharp(Language):
    name = "csharp"
    title = "C#"
    aliases = ("c#", "cs", "mono", "dotnet")
    extensions = (".cs",)
    debian = ("mono-mcs", "mono-runtime", "libmono-system-core4.0-cil", "libmono-system-numerics4.0-cil")

    def find(self) -> Toolchain:
        tools = {"mcs": tool("mcs"), "mono": tool("mono")}
        return Toolchain(first_line(tools["mono"], "--version"), tools, ("/etc/mono",))

    def build(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Build:
        sources = [name for name in files if name.endswith(".cs")]
        entered = [
            f"-main:{name[:-3].replace('/', '.')}" for name in (_EXAMINER, _CANDIDATE) if name in files
        ]
        libraries = [f"-r:{name}.dll" for name in ("System.Core", "System.Numerics")]
        options = ("-d:DEBUG", "-d:TRACE", "-unsafe", "-nowarn:1-9999", "-warn:0", f"-out:{_PROGRAM}")
        return Build(Command((tools.tools["mcs"], *options, *libraries, *entered, *sources)), (_PROGRAM,))

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        heap = max(16, limits.memory_bytes >> 20)
        # A method that asks has to be found on the stack, so it must not be inlined.
        flags = ("-O=-inline",) if _EXAMINER in files else ()
        argv = (tools.tools["mono"], f"--gc-params=max-heap-size={heap}m", *flags, _PROGRAM)
        return Command(argv, {"MONO_TRACE_LISTENER": "Console.Error"})

    def adapted(self, limits: Limits) -> Limits:
        return replace(
            limits, memory_bytes=limits.memory_bytes + OVERHEAD_BYTES, processes=limits.processes + THREADS
        )

    def ran_out_of_memory(self, stderr: str) -> bool:
        return "System.OutOfMemoryException" in stderr or "Garbage collector could not allocate" in stderr

    def together(self, source: str, test: str) -> str:
        return f"{_usings_first(source, _ASSERT.sub('RatchetAssert.That(', test))}\n{_FAILING}"

    def candidate(self, source: str, entry_point: str) -> Program:
        files = drivers("csharp", ".cs")
        del files[_EXAMINER]
        return Program(source, self.name, files=files, arguments=(named(entry_point),))

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        found = method(declaration, named(entry_point))
        refuse_unknown(found, _KNOWN)
        asked = f"System.Reflection.MethodBase.GetCurrentMethod(), new object[] {{{', '.join(found.names)}}}"
        cast = "" if found.returns == "void" else f"return ({found.returns}) "
        stub = f"{cast}RatchetWire.Examiner.Ask({asked});"
        closed = f"{declaration[: found.body]}\n{stub}\n{closers(found, test)}\n"
        files = drivers("csharp", ".cs")
        del files[_CANDIDATE]
        return Program(_usings_first(closed, test), self.name, files=files)


def _usings_first(source: str, test: str) -> str:
    """Both texts as one, with the test's using directives where C# wants them."""
    usings = [found.strip() for found in _USING.findall(code(test))]
    missing = [line for line in usings if line not in source]
    return f"{''.join(missing)}{source}\n{_USING.sub('', test) if usings else test}"
