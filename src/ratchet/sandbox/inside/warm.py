"""What a zygote loads and warms once, so that no program has to.

The modules are those that model-written code imports most. Warming the compiler
and the traceback printer matters as much: the first `compile()` in a process
builds all AST types, over a millisecond that every fork would pay.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
import traceback

from . import entry, wire

_MODULES = """
array ast base64 bisect calendar cmath collections collections.abc contextlib copy ctypes
dataclasses datetime decimal enum fractions functools hashlib heapq inspect io itertools json
keyword linecache locale math numbers operator os pathlib pprint random re shutil signal statistics
string struct tempfile textwrap threading time timeit traceback types typing unicodedata unittest
uuid warnings weakref zlib
"""

_SAMPLE = '''
from dataclasses import dataclass
from typing import List, Optional
@dataclass
class Point:
    x: int = 0
    names: Optional[List[str]] = None
def work(n: int, *more, key=None, **rest) -> List[int]:
    """Doc."""
    total = {i: f"{i:>3}{n!r}" for i in range(n) if i % 2} | {}
    try:
        with open("/dev/null") as file:
            yield from (lambda x: x)(sorted(total, key=lambda k: -k))
    except (OSError, ValueError) as error:
        raise RuntimeError("sample") from error
    finally:
        assert total is not None, "never"
async def later():
    return [x async for x in (y for y in ())]
list(work(3))
1 / 0
'''


def preload(import_path: list[str]) -> None:
    """Import, compile, fail and print once; then `import_path` follows the standard library's paths."""
    for name in _MODULES.split():
        with contextlib.suppress(ImportError):  # a Python built without it
            importlib.import_module(name)
    try:
        entry.execute(_SAMPLE, "sample.py", "sample")
    except ZeroDivisionError as error:
        traceback.print_exception(error, file=io.StringIO())
    del sys.modules["sample"]
    entry.forget("sample.py")
    wire.unpack(wire.pack([{"a": (1, 2.5, {"x"})}, None]))
    sys.path[:] = [path for path in sys.path if path] + import_path
