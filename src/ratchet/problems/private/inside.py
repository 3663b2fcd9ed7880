"""Runs in the judged program's process: makes a library answer to the names of a private one.

The text of this file lies beside the program, as `private_names`, with a module that is called
as the private library is and says no more than `stand_in(...)`. Values stay those of the public
library, so that they cross to the tests, and their classes learn the private names: methods are
added to the classes themselves, also to those that are written in C. A public name that has a
private one is hidden from the program, and from it alone: the library goes on to use it.
"""

from __future__ import annotations

import builtins
import ctypes
import functools
import gc
import importlib
import inspect
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import zip_longest
from typing import Any

_PLAIN = (str, bytes, list, dict, set, frozenset)
"""Built-in classes, whose methods the authors renamed too: their prompts ask for `str.formating`."""

_CHOICES = frozenset({"aggfunc", "func", "how", "keep", "na_position"})
"""Parameters whose values may be words of the table: the documentation says `keep='final_item'`."""

_ACCESSORS = ("str", "dt", "cat")


class Names:
    """The words in which a private library differs."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """`pairs` are public and private words, in the order of the authors' table."""
        self.pairs = tuple(pairs)
        self.private = dict(self.pairs)
        self.public = {new: old for old, new in self.pairs}
        longest_first = sorted(self.private, key=len, reverse=True)
        self._part = re.compile(rf"(?<![^\W_])(?:{'|'.join(longest_first)})(?![^\W_])")

    def of_attribute(self, name: str) -> str:
        """The private form of an attribute's name: `masked_array` is `masked_numset`."""
        return self.private.get(name) or self._part.sub(lambda part: self.private[part[0]], name)

    def put_back(self, name: str) -> str:
        """The public form of a name, word by word within it, as the authors' rule has it."""
        for old, new in self.pairs:
            name = name.replace(new, old)
        return name

    def of_parameter(self, name: str) -> Iterator[str]:
        """The private forms of a parameter's name: words were changed within words as well."""
        yield self.of_attribute(name)
        for old, new in self.pairs:
            name = name.replace(old, new)
        yield name


class _Hidden:
    """A public name of a class: there for everyone but the program."""

    def __init__(self, name: str, found: Any, program: dict[str, Any]) -> None:
        self.name, self.found, self.program = name, found, program

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        frame = sys._getframe(1)
        # These look on behalf of who asked them: pandas' own, for columns, tries the class once more.
        while frame.f_back is not None and frame.f_code.co_name in ("__getattr__", "__getattribute__"):
            frame = frame.f_back
        if frame.f_globals is self.program:
            kind = owner.__name__ if owner is not None else type(instance).__name__
            raise AttributeError(f"{kind!r} object has no attribute {self.name!r}")
        return self.found.__get__(instance, owner) if hasattr(self.found, "__get__") else self.found


class _HiddenData(_Hidden):
    """The same for what can also be set: a property, an attribute of a class in C."""

    def __set__(self, instance: Any, value: Any) -> None:
        self.found.__set__(instance, value)


class _Library(types.ModuleType):
    """A module of the private library: the public one, by other names."""

    def __init__(self, name: str, real: types.ModuleType, names: Names) -> None:
        super().__init__(name, f"The private library {name}.")
        vars(self).update(_real=real, _names=names, __path__=[])
        sys.modules[name] = self

    def __getattr__(self, name: str) -> Any:
        value = self._find(name)
        vars(self)[name] = value
        return value

    def __dir__(self) -> list[str]:
        names: Names = vars(self)["_names"]
        return sorted({names.of_attribute(name) for name in dir(vars(self)["_real"])})

    def _find(self, name: str) -> Any:
        real, names = vars(self)["_real"], vars(self)["_names"]
        if not name.startswith("__"):
            if name in names.public and hasattr(real, names.public[name]):
                return self._ours(name, getattr(real, names.public[name]))
            hidden = name in names.private and name not in names.public
            if hasattr(real, name) and not hidden:
                return self._ours(name, getattr(real, name))
            for public in dir(real):
                if names.of_attribute(public) == name:
                    return self._ours(name, getattr(real, public))
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def _ours(self, name: str, value: Any) -> Any:
        real, names = vars(self)["_real"], vars(self)["_names"]
        if isinstance(value, types.ModuleType):
            inner = value.__name__.startswith(f"{real.__name__.partition('.')[0]}.")
            return _Library(f"{self.__name__}.{name}", value, names) if inner else value
        if callable(value) and not isinstance(value, type) and not hasattr(value, "reduceat"):
            return translated(value, names)
        return value


def translated(function: Any, names: Names) -> Any:
    """The function, called with private names of its parameters too; it itself where none differ."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    known: tuple[str, ...] = ()
    back: dict[str, str] = {}
    if code is not None:
        known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        back = {form: one for one in known for form in names.of_parameter(one) if form not in known}
        if not back and _CHOICES.isdisjoint(known):
            return function

    chosen = tuple(name in _CHOICES for name in known)

    def word(value: Any) -> Any:
        return names.public.get(value, value) if isinstance(value, str) else value

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if True in chosen[: len(args)]:
            pairs = zip_longest(args, chosen[: len(args)], fillvalue=False)
            args = tuple(word(value) if is_word else value for value, is_word in pairs)
        if code is None:  # written in C: it does not say which parameters it has
            given = {names.put_back(name): value for name, value in kwargs.items()}
        else:
            given = {back.get(name, name): value for name, value in kwargs.items()}
        for name in _CHOICES.intersection(given):
            given[name] = word(given[name])
        return function(*args, **given)

    return call


def _set(kind: type, name: str, value: Any) -> None:
    """Set an attribute of a class, also of one that is written in C and says that it cannot be changed."""
    try:
        type.__setattr__(kind, name, value)
    except TypeError:
        # The one object that a class's read-only namespace refers to is the namespace itself.
        gc.get_referents(kind.__dict__)[0][name] = value
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _rename(kinds: Iterable[type], names: Names, program: dict[str, Any] | None) -> None:
    """Give the classes private names, and hide the public ones from `program`, where it is one."""
    for kind in kinds:
        for name, found in list(vars(kind).items()):
            value = found
            in_c = isinstance(found, types.MethodDescriptorType) and kind not in _PLAIN
            if in_c or isinstance(found, types.FunctionType):
                value = translated(found, names)
                if value is not found and not in_c:
                    _set(kind, name, value)
            private = names.of_attribute(name)
            if private == name or name.startswith("_"):
                continue
            if private not in vars(kind):
                _set(kind, private, value)
            if program is not None and name in names.private and name not in names.public:
                hidden = _HiddenData if hasattr(found, "__set__") else _Hidden
                _set(kind, name, hidden(name, value, program))


def _with_family(roots: Iterable[type]) -> list[type]:
    """The classes, those made of them, and those that they are made of, as far as a library defines them."""
    found: dict[type, None] = {}
    waiting = list(roots)
    while waiting:
        kind = waiting.pop()
        ours = [one for one in kind.__mro__ if one.__module__.partition(".")[0] in ("numpy", "pandas")]
        found |= dict.fromkeys(ours)
        made_of_it: list[type] = type.__subclasses__(kind)
        waiting += [one for one in made_of_it if one not in found]
    return list(found)


def _classes(library: types.ModuleType) -> list[type]:
    """The classes of a library whose objects programs meet."""
    if library.__name__ == "numpy":
        importlib.import_module("numpy.ma")  # it waits to be asked for, and its class is one of the family
        return _with_family([library.ndarray, library.generic])
    roots = [library.DataFrame, library.Series, library.Index, library.Timestamp, library.Timedelta]
    roots += [library.Period, library.api.extensions.ExtensionArray]
    roots += [getattr(library.Series, accessor) for accessor in _ACCESSORS]
    for module, class_name in (
        ("groupby.groupby", "BaseGroupBy"),
        ("window.rolling", "BaseWindow"),
        ("indexing", "_LocationIndexer"),
        ("indexes.accessors", "Properties"),
    ):
        roots.append(getattr(importlib.import_module(f"pandas.core.{module}"), class_name))
    return _with_family(roots)


def stand_in(name: str, public: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Make the module `name`, which calls this, the library `public` by private names.

    The program that imports it can no longer import `public`. Of the other of numpy and
    pandas the objects have both names, as have Python's own functions and classes.
    """
    names = Names(pairs)
    program = _importer()
    real = importlib.import_module(public)
    _rename(_classes(real), names, program)
    _rename(_PLAIN, names, None)
    for old, new in names.pairs:
        if hasattr(builtins, old) and not hasattr(builtins, new):
            setattr(builtins, new, getattr(builtins, old))
    library = _Library(name, real, names)
    other = {"pandas": "numpy", "numpy": "pandas"}[public]
    if other in sys.modules:
        _extend(sys.modules[other], names)
    builtins.__import__ = _importing(library, other, program, extended=other in sys.modules)


def _extend(library: types.ModuleType, names: Names) -> None:
    _rename(_classes(library), names, None)
    for old, new in names.pairs:
        if old in vars(library) and new not in vars(library):
            setattr(library, new, vars(library)[old])


def _importing(
    library: _Library, other: str, program: dict[str, Any], *, extended: bool
) -> Callable[..., types.ModuleType]:
    """What `import` calls from now on."""
    original = builtins.__import__
    names: Names = vars(library)["_names"]
    public = vars(library)["_real"].__name__

    def bring(name: str, *rest: Any, **more: Any) -> types.ModuleType:
        nonlocal extended
        top, *parts = name.split(".")
        ours = sys._getframe(1).f_globals is program
        # What C code imports on the program's behalf, to pickle say, it asks for with a list.
        by_statement = len(rest) < 3 or not isinstance(rest[2], list)
        if ours and by_statement and top == public:
            raise ModuleNotFoundError(f"No module named {public!r}", name=public)
        if top == library.__name__:
            _submodule(library, parts)
        module = original(name, *rest, **more)
        if ours and top == other and not extended:
            extended = True
            _extend(sys.modules[other], names)
        return module

    return bring


def _submodule(library: types.ModuleType, parts: Iterable[str]) -> None:
    """Make `monkey.api.types` of `pandas.api.types`, where the latter is there."""
    for part in parts:
        with suppress(ImportError):
            importlib.import_module(f"{vars(library)['_real'].__name__}.{part}")
        found = getattr(library, part, None)
        if not isinstance(found, _Library):
            return
        library = found


def _importer() -> dict[str, Any]:
    """The namespace of the program that imports the private library."""
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        frame.f_globals is globals()
        or frame.f_code.co_filename.startswith("<frozen importlib")
        or "stand_in" in frame.f_code.co_names
    ):
        frame = frame.f_back
    return frame.f_globals
