"""From parsed modules to entries: each definition once, under the name that users import it by.

A package defines `pack._impl.loads` and its `__init__` says `from ._impl import
loads`: the entry's public name is `pack.loads`. Names are followed through
imports, `from x import *`, `__all__`, assignments (`row_stack = vstack`) and bound
methods (`choice = _instance.choice`), always within the modules that were given.
What is reachable only through a name with a leading underscore is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from ratchet.search.entries import ApiEntry, summary_of
from ratchet.search.python import Alias, Definition, Import, Module

MAX_CHAIN = 40
"""Imports of imports are followed this far; longer chains are cycles, or made to harm."""

_INTERNAL = frozenset(
    {"core", "compat", "compatibility", "impl", "internal", "internals", "vendor", "vendored"}
)


class _Target(NamedTuple):
    """What a name stands for: a definition of a module, or the module itself where `name` is empty."""

    module: str
    name: str
    instance: bool = False
    """Not the class itself, but an object of it."""


def entries_of(modules: Mapping[str, Module]) -> list[ApiEntry]:
    """The public APIs of `modules` (by their dotted names), sorted by public name.

    Documentation that one module attaches to what another defines is entered into
    `modules` on the way.
    """
    names = _Names(dict(modules))
    names.attach()
    entries = [_module_entry(m) for m in names.modules.values() if m.doc and _is_public(m.name)]
    publics = names.public_names()
    for module in names.modules.values():
        for top, binding in module.bindings.items():
            if isinstance(binding, Definition):
                for definition in (binding, *_latest(module.members.get(top, ()))):
                    candidates = list(publics.get((module.name, definition.name), ()))
                    if definition is not binding and (whole := publics.get((module.name, top))):
                        candidates.append(_best(whole, module.name, top) + definition.name.removeprefix(top))
                    if candidates:
                        entries.append(
                            _entry(definition, module, _best(candidates, module.name, definition.name))
                        )
    return sorted(entries, key=lambda entry: (entry.public, entry.qualified))


def _latest(members: Iterable[Definition]) -> list[Definition]:
    return list({member.name: member for member in members}.values())


def _module_entry(module: Module) -> ApiEntry:
    return ApiEntry(
        module.name, module.name, "module", "", summary_of(module.doc), module.doc, "", f"{module.where}:1"
    )


def _entry(definition: Definition, module: Module, public: str) -> ApiEntry:
    return ApiEntry(
        qualified=f"{module.name}.{definition.name}",
        public=public,
        kind=definition.kind,
        signature=definition.signature,
        summary=summary_of(definition.doc),
        doc=definition.doc,
        deprecated=definition.deprecated,
        location=f"{module.where}:{definition.line}",
    )


def _is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


def _best(candidates: list[str], module: str, own: str) -> str:
    """Of several public names for `own` of `module`: one in its package, with its last part, the shortest."""
    top, last = module.partition(".")[0], own.rpartition(".")[2]

    def rank(name: str) -> tuple[bool, bool, int, int, int, str]:
        parts = name.split(".")
        internal = len(_INTERNAL & set(parts))
        return parts[0] != top, parts[-1] != last, internal, len(parts), len(name), name

    return min(candidates, key=rank)


class _Names:
    """What each name in each module stands for."""

    def __init__(self, modules: dict[str, Module]) -> None:
        self.modules = modules
        self._exported: dict[tuple[str, bool], set[str]] = {}
        self._resolved: dict[tuple[str, str], _Target | None] = {}

    def public_names(self) -> dict[tuple[str, str], list[str]]:
        """(module, name in it) of a definition -> the public names that stand for it."""
        found: dict[tuple[str, str], list[str]] = {}
        renamed = self._renamed_modules()
        for module in self.modules.values():
            prefix = renamed.get(module.name, module.name)
            if _is_public(prefix):
                for name in self.exported(module.name, imports=module.package):
                    target = None if name.startswith("_") else self.resolve(module.name, name)
                    if target is not None and target.name and not target.instance:
                        found.setdefault(target[:2], []).append(f"{prefix}.{name}")
        return found

    def _renamed_modules(self) -> dict[str, str]:
        """Modules that another one offers by name in its `__all__`: posixpath is os.path."""
        found: dict[str, str] = {}
        for module in self.modules.values():
            if _is_public(module.name):
                for name in sorted(module.exported):
                    target = self.resolve(module.name, name)
                    if target is not None and not target.name and target.module != f"{module.name}.{name}":
                        found.setdefault(target.module, f"{module.name}.{name}")
        return found

    def attach(self) -> None:
        """Enter documentation that was attached by calls where what it documents is defined."""
        for module in list(self.modules.values()):
            for place, definition in module.attached:
                if place.partition(".")[0] not in self.modules:
                    continue
                owner = self.modules.get(place) or Module(place, False, module.where)
                self.modules[place] = owner
                top, _, member = definition.name.partition(".")
                target = self.resolve(place, top)
                home = self.modules[target.module] if target is not None and target.name == top else owner
                if member:
                    self._attach_member(home, top, definition)
                elif not isinstance(known := home.bindings.get(top), Definition):
                    home.bindings[top] = definition
                elif not known.doc:
                    home.bindings[top] = replace(known, doc=definition.doc)
                self._resolved.pop((place, top), None)
        self._resolved.clear()
        self._exported.clear()

    def _attach_member(self, home: Module, top: str, definition: Definition) -> None:
        known = home.bindings.get(top)
        if not isinstance(known, Definition):
            known = Definition(top, "class", "", "", "", definition.line)
        home.bindings[top] = replace(known, kind="class")
        members = home.members.setdefault(top, [])
        if not any(member.name == definition.name and member.doc for member in members):
            members.append(definition)

    def resolve(self, module: str, name: str, depth: int = 0) -> _Target | None:
        """What `name` stands for in `module`; None where that is outside the modules that are known."""
        known = self.modules.get(module)
        if known is None or depth > MAX_CHAIN:
            return None
        if (module, name) not in self._resolved:
            self._resolved[module, name] = None  # what a cycle of imports meets
            self._resolved[module, name] = self._follow(known, name, depth)
        return self._resolved[module, name]

    def _follow(self, known: Module, name: str, depth: int) -> _Target | None:
        module = known.name
        match known.bindings.get(name):
            case Definition():
                return _Target(module, name)
            case Import(module=origin, name=""):
                return _Target(origin, "") if origin in self.modules else None
            case Import(module=origin, name=original) if (origin, original) == (module, name):
                return self._submodule(module, name)  # `from . import name`
            case Import(module=origin, name=original):
                return self.attribute(_Target(origin, ""), original, depth + 1)
            case Alias(target=dotted, instance=instance):
                target = self._resolve_dotted(module, dotted, depth + 1)
                return target._replace(instance=instance) if target is not None else None
        for star in reversed(known.stars):
            if name in self.exported(star, imports=True, depth=depth + 1):
                return self.attribute(_Target(star, ""), name, depth + 1)
        return self._submodule(module, name)

    def _submodule(self, module: str, name: str) -> _Target | None:
        dotted = f"{module}.{name}"
        return _Target(dotted, "") if dotted in self.modules else None

    def attribute(self, target: _Target, name: str, depth: int) -> _Target | None:
        """What `name` is on a module, on a class, or on an object of a class."""
        if not target.name:
            return self.resolve(target.module, name, depth)
        top = target.name.partition(".")[0]
        dotted = f"{target.name}.{name}"
        members = self.modules[target.module].members.get(top, ())
        return _Target(target.module, dotted) if any(m.name == dotted for m in members) else None

    def _resolve_dotted(self, module: str, dotted: str, depth: int) -> _Target | None:
        first, *rest = dotted.split(".")[: MAX_CHAIN + 1]
        target = self.resolve(module, first, depth)
        for part in rest:
            target = self.attribute(target, part, depth) if target is not None else None
        return target

    def exported(self, module: str, *, imports: bool, depth: int = 0) -> set[str]:
        """The names that `module` offers: its `__all__`, or all without a leading underscore.

        Without an `__all__`, what it has itself imported counts only with `imports`:
        in a package's `__init__`, where that is how re-exports are written, and for
        `from module import *`. A star of a private module always counts.
        """
        known = self.modules.get(module)
        if known is None or depth > MAX_CHAIN:
            return set()
        key = (module, imports)
        if key not in self._exported:
            self._exported[key] = set()  # what a cycle of stars meets
            self._exported[key] = set(self._offers(known, imports, depth + 1))
        return self._exported[key]

    def _offers(self, module: Module, imports: bool, depth: int) -> Iterator[str]:
        yield from module.exported
        for dotted in module.exports_of:
            target = self._resolve_dotted(module.name, dotted, depth)
            if target is not None and not target.name:
                yield from self.exported(target.module, imports=True, depth=depth)
        imported = module.bindings.get("__all__")
        if isinstance(imported, Import):
            yield from self.exported(imported.module, imports=True, depth=depth)
        elif not module.all_known:
            for name, binding in module.bindings.items():
                if not name.startswith("_") and (imports or not isinstance(binding, Import)):
                    yield name
            for star in module.stars:
                if imports or not _is_public(star):
                    yield from (n for n in self.exported(star, imports=True, depth=depth) if n[:1] != "_")
