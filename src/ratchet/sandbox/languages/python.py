"""Python: the same interpreter and packages as Ratchet's own, started clean."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass, replace
from functools import lru_cache

from ratchet.errors import RatchetError

# -s -S: no user or site hooks (.pth files run code); -P: nothing of the current folder; -B: no bytecode
# files. Not -I or -E: they would ignore PYTHONHASHSEED.
_ARGUMENTS = ("-s", "-S", "-P", "-B")
_HIDDEN = ("/tmp", "/dev", "/proc", "/box", "/work", "/etc", "/old")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """How a slot's warm interpreter is started, and what its programs see."""

    executable: str
    arguments: tuple[str, ...]
    """Arguments before the bootstrap file."""
    environment: tuple[tuple[str, str], ...]
    """The whole environment: nothing of the host's is added."""
    readable: tuple[tuple[str, str], ...]
    """Folders that it needs besides the system's: where they lie, and where programs see them."""
    import_path: tuple[str, ...]
    """Where programs find packages, as paths inside the slot."""
    host_import_path: tuple[str, ...]
    """The same on the host, for running without the walls that move them."""
    stamp: tuple[int, int] = (0, 0)
    """Which folder of packages it is: one that is made anew in the same place is another."""

    def with_folders(self, folders: tuple[str, ...]) -> Interpreter:
        """The same, where programs see these folders too, where they lie."""
        return replace(self, readable=(*self.readable, *((path, path) for path in folders)))

    def with_packages(self, folder: str) -> Interpreter:
        """The same, where programs find the packages in `folder` before all others."""
        shown = "/packages/own"
        found = os.stat(folder)
        return replace(
            self,
            stamp=(found.st_ino, found.st_ctime_ns),
            readable=(*self.readable, (folder, shown)),
            import_path=(shown, *self.import_path),
            host_import_path=(folder, *self.host_import_path),
        )


@lru_cache
def interpreter() -> Interpreter:
    """The base interpreter of this process, with the packages of the current environment."""
    executable = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    prefix = os.path.realpath(sys.base_prefix)
    if f"{prefix}/".startswith(tuple(f"{path}/" for path in _HIDDEN)):
        raise RatchetError(
            f"the Python interpreter lies in {prefix}, where programs have folders of their own; "
            "use one that is installed elsewhere."
        )
    paths = sysconfig.get_paths()
    packages = [p for p in dict.fromkeys((paths["purelib"], paths["platlib"])) if os.path.isdir(p)]
    shown = [(path, f"/packages/{i}") for i, path in enumerate(packages)]
    return Interpreter(
        executable=executable,
        arguments=_ARGUMENTS,
        environment=(
            ("PYTHONHASHSEED", "0"),
            # All symbols are bound at the start: each forked program would bind them anew.
            ("LD_BIND_NOW", "1"),
            # One program has one core; and a zygote must not have threads when it forks.
            ("OMP_NUM_THREADS", "1"),
            ("OPENBLAS_NUM_THREADS", "1"),
            ("MKL_NUM_THREADS", "1"),
            # Arrow's own allocator sets a gigabyte aside, which is all that a program may have.
            ("ARROW_DEFAULT_MEMORY_POOL", "system"),
            ("LANG", "C.UTF-8"),
            ("PATH", f"{os.path.dirname(executable)}:/usr/local/bin:/usr/bin:/bin"),
            ("HOME", "/tmp"),
        ),
        readable=((prefix, prefix), *shown),
        import_path=tuple(target for _, target in shown),
        host_import_path=tuple(packages),
    )
