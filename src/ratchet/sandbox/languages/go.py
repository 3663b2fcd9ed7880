"""Go: its compiler and linker called by themselves, without modules and without a build cache in the jail.

Up to Go 1.19 the compiled standard library comes with Go. Later ones compile it when
they first need it: that is done once, outside, into Ratchet's home, and programs see it
there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ratchet.sandbox.home import home_directory
from ratchet.sandbox.languages import (
    DRIVERS,
    Build,
    Command,
    Language,
    Missing,
    Toolchain,
    Unsplittable,
    driver,
    first_line,
    register,
    tool,
)
from ratchet.sandbox.languages._go_texts import TESTIFY, Part, composed, parted
from ratchet.sandbox.languages._texts import (
    beside_system,
    closed,
    code_of,
    open_block,
    outside_blocks,
    replaced,
)
from ratchet.sandbox.languages.c import PROGRAM
from ratchet.sandbox.types import Limits, Program

_DRIVER = "ratchet.go"
_DRIVERS = (_DRIVER, "ratchet_values.go")
_ASSERT = "ratchet_assert.go"
_CONFIGURATION = "importcfg"
_MAIN = re.compile(r"\bfunc\s+main\s*(?=\()")
_TEST = re.compile(r"\bfunc\s+(Test(?![a-z])\w*)\s*\(\s*\w+\s+\*\s*testing\s*\.\s*T\s*\)")
_NO_MEMORY = re.compile(r"^(?:fatal error|runtime): .*(?:out of|cannot allocate) memory", re.MULTILINE)
_THREADS = "2"
_HIDDEN = ("/tmp/", "/work/", "/dev/", "/proc/")
_LIBRARY_S = 900
"""How long the standard library may take to compile: minutes on a small machine."""
_BUILD = """set -e
"$1" -p main -c 2 -trimpath "$PWD" $3 -o main.a {files}
"$2" -s -w $4 -o {program} main.a"""


@register
class Go(Language):
    name = "go"
    title = "Go"
    aliases = ("golang",)
    extensions = (".go",)
    debian = ("golang-go",)

    def find(self) -> Toolchain:
        go = tool("go")
        root, folder, machine = _asked(go)
        tools = {name: str(Path(folder) / name) for name in ("compile", "link")}
        for path in tools.values():
            if not os.access(path, os.X_OK):
                raise Missing(f"{path} is not there")
        version = first_line(tools["compile"], "-V")
        readable = beside_system(str(Path(root) / "bin" / "go"))
        library = Path(root) / "pkg" / machine
        if (library / "fmt.a").is_file() and (library / "testing.a").is_file():
            return Toolchain(version, {**tools, "library": str(library)}, readable)
        home = _library(go, version)
        tools["configuration"] = str(home / _CONFIGURATION)
        return Toolchain(version, tools, (*readable, str(home)))

    def build(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Build:
        sources = [name for name in files if name.endswith(".go") and "/" not in name]
        where = tools.tools
        if "library" in where:
            found = f"-I {where['library']}", f"-L {where['library']}"
        else:
            found = (f"-importcfg {where['configuration']}",) * 2
        script = _BUILD.format(files=" ".join(f"'./{name}'" for name in sources), program=PROGRAM)
        argv = ("/bin/sh", "-c", script, "build", where["compile"], where["link"], *found)
        return Build(Command(argv, {"GOMAXPROCS": _THREADS}), (PROGRAM,))

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        # It collects its garbage more eagerly as it gets near, rather than die of it.
        most = int(limits.memory_bytes * 0.9)
        return Command((f"./{PROGRAM}",), {"GOMAXPROCS": _THREADS, "GOMEMLIMIT": str(most)})

    def ran_out_of_memory(self, stderr: str) -> bool:
        return _NO_MEMORY.search(stderr) is not None

    def together(self, source: str, test: str) -> str:
        parts = [parted(_without_main(source)), parted(test)]
        return composed([*parts, *_ending(parts[1])], ("testing",))

    def candidate(self, source: str, entry_point: str) -> Program:
        name = _checked(entry_point)
        served = Part((), f"\nfunc main() {{ ratchetServe({name}) }}\n")
        return Program(composed([parted(_without_main(source)), served]), self.name, files=driver(*_DRIVERS))

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        name = _checked(entry_point)
        code = code_of(declaration, "go")
        opening = open_block(code)
        heads = list(outside_blocks(code[:opening], re.compile(rf"\bfunc\s+{name}\s*(?=\()")))
        if not heads:
            raise Unsplittable(f"the declaration does not end within {name}")
        signature = declaration[heads[-1].end() : opening]
        stub = f'var {name} = ratchetStub[func{signature.rstrip()}]("{name}")\n'
        before = parted(_without_main(f"{declaration[: heads[-1].start()]}{stub}"))
        tests = parted(test.lstrip()[1:] if closed(test) else test)
        text = composed([before, tests, *_ending(tests)], ("testing",))
        return Program(text, self.name, files=driver(*_DRIVERS))


def _asked(go: str) -> tuple[str, str, str]:
    """Go's root, the folder of its tools, and the name of the machine; raises Missing."""
    try:
        told = subprocess.run(
            (go, "env", "-json", "GOROOT", "GOTOOLDIR", "GOHOSTOS", "GOHOSTARCH"),
            capture_output=True, check=True, timeout=30, stdin=subprocess.DEVNULL, env=_environment(),
        )  # fmt: skip
        values = json.loads(told.stdout)
        return values["GOROOT"], values["GOTOOLDIR"], f"{values['GOHOSTOS']}_{values['GOHOSTARCH']}"
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise Missing(f"{go} does not work ({error})") from None


def _environment(cache: str = "off") -> dict[str, str]:
    """Go's own settings: nothing is fetched, and there is no C."""
    settings = {
        "GOFLAGS": "", "GO111MODULE": "off", "GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0",
        "GOENV": "off", "GOWORK": "off", "GOCACHE": cache,
    }  # fmt: skip
    return {**os.environ, **settings}


def _library(go: str, version: str) -> Path:
    """The folder of the compiled standard library, which is made if it is not there yet; raises Missing."""
    home = (home_directory() / "go" / re.sub(r"[^\w.-]+", "-", version)).resolve()
    if str(home).startswith(_HIDDEN):
        raise Missing(f"its library would be compiled into {home}, where programs have folders of their own")
    configuration = home / _CONFIGURATION
    if configuration.is_file():
        return home
    form = "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        told = subprocess.run(
            (go, "list", "-export", "-f", form, "std"), capture_output=True, check=True, text=True, cwd=home,
            timeout=_LIBRARY_S, stdin=subprocess.DEVNULL, env=_environment(str(home / "cache")),
        )  # fmt: skip
        with tempfile.NamedTemporaryFile("w", dir=home, delete=False) as file:
            file.write(told.stdout)
        os.chmod(file.name, 0o644)  # programs are another user's
        os.replace(file.name, configuration)
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"its standard library cannot be compiled into {home} ({error})") from None
    return home


def _checked(entry_point: str) -> str:
    if re.fullmatch(r"[A-Za-z_]\w*", entry_point, re.ASCII) is None:
        raise Unsplittable(f"{entry_point!r} is no name of a function")
    return entry_point


def _without_main(text: str) -> str:
    """The text with another name for its main function, if it has one."""
    mains = outside_blocks(code_of(text, "go"), _MAIN)
    return replaced(text, ((*main.span(), "func ratchetReplacedMain") for main in mains))


def _ending(tests: Part) -> list[Part]:
    """What runs the tests, and stands in for testify if they use it; raises Unsplittable without tests."""
    code = code_of(tests.body, "go")
    names = [found[1] for found in outside_blocks(code, _TEST)]
    if not names:
        if next(outside_blocks(code, _MAIN), None) is None:
            raise Unsplittable("its tests are neither functions of a testing.T nor a main function")
        return []
    table = ", ".join(f'{{"{name}", {name}}}' for name in names)
    run = (
        "\nfunc main() {\n\ttesting.Main(func(_, _ string) (bool, error) { return true, nil }, "
        f"[]testing.InternalTest{{{table}}}, nil, nil)\n}}\n"
    )
    uses_testify = any(each.path.startswith(TESTIFY) for each in tests.imports)
    asserting = [parted((DRIVERS / _ASSERT).read_text(encoding="utf-8"))] if uses_testify else []
    return [Part((), run), *asserting]
