"""Finding Python source and reading its APIs, without importing or running any of it.

A source is the name of an installed package or distribution, a folder, a single
module, or a wheel or other zip file. Tests are passed over; a file that is no
Python of this version, too large, or unreadable is skipped and counted.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import importlib.util
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ratchet.errors import RatchetError
from ratchet.search.entries import ApiEntry
from ratchet.search.public import entries_of
from ratchet.search.python import Module, parse

MAX_FILE_BYTES = 1 << 20
"""A larger file holds data, or is made to harm: a syntax tree can take 500 bytes for each of its own."""
MAX_TOTAL_BYTES = 512 << 20
MAX_FILES = 100_000

_TESTS = frozenset({"test", "tests", "conftest", "idle_test"})
_UNREADABLE = (
    OSError,
    ValueError,
    RuntimeError,  # an encrypted member, an unknown compression
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was found in a source: entries by public name, the files read, and those that were skipped."""

    entries: tuple[ApiEntry, ...]
    files: int
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class _File:
    """A module's file: the module's dotted name, where it is, and how to get at most n bytes of it."""

    name: str
    package: bool
    where: str
    read: Callable[[int], bytes]


def extract(source: str | Path) -> Extraction:
    """The public APIs of `source`: a folder, a module's file, a wheel or zip, or the name of a package.

    A name means the installed package first, then a folder of that name; a dotted
    name such as `xml.etree` means that part of the package. Raises RatchetError
    where there is no such thing, or no Python source in it.
    """
    path, name = Path(source), str(source)
    if isinstance(source, str) and _is_dotted_name(name) and not path.is_file():
        extraction = _extract_installed(name)
        if extraction is not None:
            return extraction
    if path.is_dir():
        return _extract_files(_files_in_folder(path, _dotted_name_of(path)), name)
    if path.suffix == ".py" and path.is_file():
        parts = [_dotted_name_of(path.parent), *([] if path.stem == "__init__" else [path.stem])]
        file = _File(".".join(filter(None, parts)), path.stem == "__init__", str(path), _reader(path))
        return _extract_files([file], name)
    if path.is_file() and zipfile.is_zipfile(path):
        return _extract_zip(path)
    if path.is_file():
        raise RatchetError(f"{path} is neither a Python file nor a wheel or zip file.")
    raise RatchetError(
        f"there is no installed package, folder or file {name}; install it, or give the path of its source."
    )


def _is_dotted_name(text: str) -> bool:
    return all(re.fullmatch(r"[A-Za-z_]\w*(-\w+)*", part) for part in text.split("."))


def _extract_installed(name: str) -> Extraction | None:
    """From the package, module or distribution `name`; None where none is installed."""
    top, _, below = name.partition(".")
    tops = [top] if top.isidentifier() and _spec(top) is not None else []
    if tops or not below:
        # pytest's APIs are defined in _pytest, which the distribution pytest brings as well.
        tops += [module for module in _modules_of_distribution(top) if module != top]
    if not tops:
        return None
    files = [file for module in tops for file in _files_of_module(module)]
    if not files:
        raise RatchetError(f"{name} is compiled and installed without Python source: nothing can be read.")
    extraction = _extract_files(files, name)
    if not below:
        return extraction
    within = tuple(e for e in extraction.entries if e.public == name or e.public.startswith(f"{name}."))
    if not within:
        raise RatchetError(f"{top} is installed, but nothing public in its source is called {name}.")
    return Extraction(within, extraction.files, extraction.skipped)


def _spec(top: str) -> importlib.machinery.ModuleSpec | None:
    """Where the top-level module `top` is; finding out does not import it."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is not None and spec.origin == "frozen":  # within the interpreter, but its source is on the disk
        return importlib.machinery.PathFinder.find_spec(top) or spec
    return spec


def _files_of_module(top: str) -> Iterator[_File]:
    spec = _spec(top)
    if spec is None:
        return
    for folder in spec.submodule_search_locations or ():
        yield from _files_in_folder(Path(folder), top)
    if spec.submodule_search_locations is None and spec.origin is not None and spec.origin.endswith(".py"):
        yield _File(top, False, spec.origin, _reader(Path(spec.origin)))


def _modules_of_distribution(name: str) -> list[str]:
    """The top-level modules that the distribution `name` installs; empty where it is not installed."""
    try:
        files = importlib.metadata.distribution(name).files or []
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return []
    tops = {file.parts[0].removesuffix(".py") for file in files if file.suffix == ".py"}
    return sorted(top for top in tops if top.isidentifier())


def _dotted_name_of(folder: Path) -> str:
    """The name by which the package in `folder` is imported; empty where it is no package."""
    parts: list[str] = []
    folder = folder.resolve()
    while (folder / "__init__.py").is_file() and folder.name:
        parts.insert(0, folder.name.replace("-", "_"))
        folder = folder.parent
    return ".".join(parts)


def _files_in_folder(root: Path, base: str) -> Iterator[_File]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name.isidentifier() and not _is_test(name))
        parts = Path(folder).relative_to(root).parts
        for file in sorted(files):
            name = _module_name((*parts, file), base)
            if name is not None:
                path = Path(folder, file)
                yield _File(name, file == "__init__.py", str(path), _reader(path))


def _reader(path: Path) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        # A pipe or a device would never end, or not even open.
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError("not a plain file")
        with path.open("rb") as file:
            return file.read(most)

    return read


def _extract_zip(path: Path) -> Extraction:
    try:
        with zipfile.ZipFile(path) as archive:
            return _extract_files(_files_in_zip(archive, path), str(path))
    except _UNREADABLE as error:
        raise RatchetError(
            f"{path} is no wheel or zip file that can be read ({error}); fetch it again."
        ) from None


def _files_in_zip(archive: zipfile.ZipFile, path: Path) -> Iterator[_File]:
    def reader(member: zipfile.ZipInfo) -> Callable[[int], bytes]:
        def read(most: int) -> bytes:
            with archive.open(member) as file:
                return file.read(most)

        return read

    for member in sorted(archive.infolist(), key=lambda member: member.filename):
        parts = PurePosixPath(member.filename).parts
        name = _module_name(parts, "")
        if name is not None:
            yield _File(name, parts[-1] == "__init__.py", f"{path}/{member.filename}", reader(member))


def _extract_files(files: Iterable[_File], source: str) -> Extraction:
    modules: dict[str, Module] = {}
    skipped: list[Skipped] = []
    total = 0
    for file in files:
        if file.name in modules:
            continue
        if len(modules) + len(skipped) >= MAX_FILES or total >= MAX_TOTAL_BYTES:
            skipped.append(Skipped(file.where, "this file and all after it are too many"))
            break
        try:
            content = file.read(MAX_FILE_BYTES + 1)
        except _UNREADABLE as error:
            skipped.append(Skipped(file.where, f"cannot be read: {error}"))
            continue
        total += len(content)
        if len(content) > MAX_FILE_BYTES:
            skipped.append(Skipped(file.where, f"larger than {MAX_FILE_BYTES >> 20} MiB"))
            continue
        module = parse(content, file.name, package=file.package, where=file.where)
        if module is None:
            skipped.append(Skipped(file.where, "no Python that this version can parse"))
        else:
            modules[file.name] = module
    if not modules and not skipped:
        raise RatchetError(f"there is no Python source in {source}.")
    return Extraction(tuple(entries_of(modules)), len(modules), tuple(skipped))


def _module_name(parts: tuple[str, ...], base: str) -> str | None:
    """The dotted name of the file `parts` in the package `base`; None if it is to be left out."""
    *folders, name = parts
    stem = name.removesuffix(".py")
    if stem == name or not all(part.isidentifier() for part in (*folders, stem)):
        return None
    if not base and folders[:1] == ["src"]:
        folders = folders[1:]
    if any(_is_test(part) for part in (*folders, stem)):
        return None
    return ".".join([*([base] if base else []), *folders, *([] if stem == "__init__" else [stem])]) or None


def _is_test(name: str) -> bool:
    return name in _TESTS or name.startswith("test_") or name.endswith(("_test", "_tests"))
