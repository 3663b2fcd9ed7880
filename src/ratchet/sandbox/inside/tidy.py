"""Whether a test's text leaves the process that runs it as it found it.

A tidy text can be run in a process that has run others and will run more. What
counts is what is written, not what is run: the text comes from a benchmark, and
what a candidate sends is data that changes no text. Anything that is not known to
be harmless makes a text untidy, which costs a fork and nothing else.

The compiled text is looked at rather than the source: every name that it reaches
beyond its own stands in a code object, and looking takes microseconds. A name that
means a module or a table in one of the modules that the text imports is refused:
`enum.sys` leads everywhere, and a table can be written to.
"""

from __future__ import annotations

import importlib
import opcode
from collections.abc import Iterator
from types import CodeType, ModuleType

_MODULES = frozenset(
    """
    __future__ abc bisect cmath collections copy dataclasses datetime decimal enum fractions functools hashlib
    heapq itertools json math numbers numpy operator random re statistics string textwrap typing
    """.split()
)
"""Modules that a tidy text may import: using them, but for `_NAMES`, changes nothing."""

_NAMES = frozenset(
    """
    breakpoint builtins compile delattr eval exec exit getattr globals input locals memoryview open quit setattr
    super vars
    getcontext setcontext localcontext DefaultContext BasicContext ExtendedContext
    seed setstate set_printoptions seterr seterrcall setbufsize set_string_function errstate
    register register_dtype load save savez savetxt loadtxt fromfile tofile memmap genfromtxt
    purge cache_clear
    """.split()
)
"""Names and attributes that reach further than the text itself."""

_DUNDERS = frozenset(
    """
    __name__ __doc__ __len__ __iter__ __next__ __eq__ __lt__ __le__ __gt__ __ge__ __ne__ __hash__ __repr__
    __str__ __getitem__ __contains__ __add__ __sub__ __mul__ __call__ __candidate__ __annotations__
    """.split()
)
"""The names with underscores that are harmless."""

_IMPORTS, _EXTENDED = opcode.opmap["IMPORT_NAME"], opcode.EXTENDED_ARG
_REFUSED = frozenset(
    opcode.opmap[name]
    for name in ("STORE_ATTR", "DELETE_ATTR", "IMPORT_STAR", "GET_AWAITABLE", "LOAD_BUILD_CLASS")
    if name in opcode.opmap
)
"""What sets something on an object; and classes, which can be anything."""


def is_tidy(code: CodeType) -> bool:
    """Whether running `code` leaves nothing behind but its own namespace."""
    parts = list(_all_code(code))
    names = {name for part in parts for name in part.co_names}
    if not all(map(_is_harmless, names)):
        return False
    if any(not _REFUSED.isdisjoint(part.co_code[::2]) for part in parts):
        return False
    imported = {name for part in parts for name in _imported(part)}
    return imported <= _MODULES and not any(map(_leads_on, _reached(imported, names)))


def _all_code(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_code(constant)


def _is_harmless(name: str) -> bool:
    if name.startswith("_") and name != "_":
        return name in _DUNDERS
    return name not in _NAMES


def _imported(code: CodeType) -> Iterator[str]:
    operations = code.co_code[::2]
    if _IMPORTS not in operations:
        return
    extended = 0
    for operation, argument in zip(operations, code.co_code[1::2], strict=True):
        argument |= extended << 8
        extended = argument if operation == _EXTENDED else 0
        if operation == _IMPORTS:
            yield code.co_names[argument]


def _reached(modules: set[str], names: set[str]) -> Iterator[object]:
    """What the names may mean in the modules."""
    for module in modules:
        members = vars(importlib.import_module(module))
        yield from (members[name] for name in names if name in members)


def _leads_on(thing: object) -> bool:
    if isinstance(thing, ModuleType):
        return thing.__name__ not in ("numpy.linalg", "numpy.random", "numpy.ma", "collections.abc")
    return isinstance(thing, dict | list | set | bytearray)
