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
from importlib.machinery import PathFinder
from types import CodeType, ModuleType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MODULES = _words(
    """
    __future__ abc bisect cmath collections copy dataclasses datetime decimal enum fractions functools hashlib
    heapq itertools json math numbers numpy operator pandas random re statistics string textwrap typing
    """
)
"""Modules that a tidy text may import: using them, but for `_NAMES`, changes nothing."""
_REACHED = _MODULES | {"collections.abc", "numpy.linalg", "numpy.random"}
"""Those that it may reach through them, where it meets the same conditions."""

_NAMES = _words(
    """
    breakpoint builtins compile delattr eval exec exit getattr globals input locals memoryview open quit
    setattr super vars
    getcontext setcontext localcontext DefaultContext BasicContext ExtendedContext
    seed setstate set_printoptions seterr seterrcall setbufsize set_string_function errstate
    register register_dtype load save savez savetxt loadtxt fromfile tofile memmap genfromtxt
    purge cache_clear
    set_option reset_option option_context options describe_option register_dataframe_accessor
    register_series_accessor register_index_accessor register_extension_dtype
    to_csv to_pickle to_json to_excel to_parquet to_feather to_hdf to_html to_latex to_markdown to_sql
    to_stata to_string to_xml to_clipboard to_gbq to_orc tofile dump
    read_csv read_pickle read_json read_excel read_parquet read_table read_fwf read_clipboard read_hdf
    read_html read_sql read_xml
    """
)
"""Names and attributes that reach further than the text itself."""

_DUNDERS = _words(
    """
    __name__ __doc__ __len__ __iter__ __next__ __eq__ __lt__ __le__ __gt__ __ge__ __ne__ __hash__ __repr__
    __str__ __getitem__ __contains__ __add__ __sub__ __mul__ __call__ __candidate__ __annotations__
    """
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
    return imported <= _MODULES and not _leads_on(imported, names)


def says_so(code: CodeType) -> bool:
    """Whether the text vouches for it itself, by a global `__tidy__`: one of ours, which reaches further.

    It sets that to False where something did stay.
    """
    return "__tidy__" in code.co_names


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


def _leads_on(modules: set[str], names: set[str]) -> bool:
    """Whether the names reach more than is harmless, through these modules or those that they lead to."""
    waiting, known = list(modules), set(modules)
    while waiting:
        module = importlib.import_module(waiting.pop())
        members, folder = vars(module), getattr(module, "__path__", None)
        for name in names:
            if name not in members:
                # numpy loads some of its modules when they are first named
                if folder is not None and PathFinder.find_spec(f"{module.__name__}.{name}", folder):
                    return True
            elif isinstance(thing := members[name], ModuleType):
                if thing.__name__ not in _REACHED:
                    return True
                if thing.__name__ not in known:
                    known.add(thing.__name__)
                    waiting.append(thing.__name__)
            elif isinstance(thing, dict | list | set | bytearray):
                return True
    return False
