"""What cannot be installed, in words that its author can act on."""

from __future__ import annotations

import os
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox.packages import Environments, PackagesError, PackageSettings, uv
from ratchet.sandbox.packages.reasons import failure
from tests.sandbox.packages.conftest import wheel

if TYPE_CHECKING:
    from tests.sandbox.packages.conftest import Index

TARGET = uv.target()


def refusal(environments: Environments, *packages: str) -> str:
    with pytest.raises(PackagesError) as caught:
        environments.environment(packages)
    return str(caught.value)


def test_no_such_package_and_no_such_version(index: Index, environments: Environments) -> None:
    index.add("lib_a")
    index.add("lib_b", needs=["lib-none"])
    assert refusal(environments, "libb") == "there is no package called 'libb' in the index"
    assert refusal(environments, "lib-a==2") == "there is no version lib-a==2 in the index"
    assert refusal(environments, "lib-a>=2") == "there is no version lib-a>=2 in the index, only lib-a==1.0"
    said = refusal(environments, "lib-b")
    assert said.startswith("there is no package called 'lib-none' in the index: Because ")
    assert "lib-b" in said


def test_no_wheel(index: Index, environments: Environments) -> None:
    index.files["lib-s"] = {}
    index.add("lib_s", "1.0")
    (content,) = index.files["lib-s"].values()
    index.files["lib-s"] = {"lib_s-1.0.tar.gz": content}
    index.add("lib_w", tag="cp311-cp311-win_amd64")
    index.add("lib_o", tag="cp27-cp27m-manylinux1_x86_64")
    index.add("lib_d", needs=["lib-s"])
    assert refusal(environments, "lib-s") == (
        f"lib-s==1.0 has no wheel for {TARGET} (only source, and nothing is built here)"
    )
    assert refusal(environments, "lib-w") == f"lib-w==1.0 has no wheel for {TARGET} (only for win_amd64)"
    assert f"lib-o==1.0 has no wheel for {TARGET} (only for cp27" in refusal(environments, "lib-o")
    said = refusal(environments, "lib-d")
    assert f"lib-s==1.0 has no wheel for {TARGET}" in said
    assert "lib-d" in said  # who needs it


def test_a_conflict_is_explained(index: Index, environments: Environments) -> None:
    index.add("lib_b", "1.0")
    index.add("lib_b", "2.0")
    index.add("lib_a", needs=["lib-b<2"])
    index.add("lib_c", needs=["lib-b>=2"])
    said = refusal(environments, "lib-a", "lib-c")
    assert said.startswith("the packages cannot be installed together: Because ")
    for part in ("lib-a", "lib-b<2", "lib-c", "lib-b>=2"):
        assert part in said
    assert "\n" not in said


def test_too_large_is_refused_before_it_is_fetched(index: Index, root: Path) -> None:
    index.add("lib_a", files={"data.bin": os.urandom(2 << 20)})
    small = Environments(root, PackageSettings(index_url=index.url, max_bytes=1 << 20))
    said = "the packages with all that they need are too large: more than 1 MiB"
    assert refusal(small, "lib-a") == said
    assert index.fetched() == []
    large = Environments(root, PackageSettings(index_url=index.url))
    assert large.environment(["lib-a"])
    assert refusal(small, "lib-a") == said  # though it is here now


def test_too_large_when_unpacked(index: Index, root: Path) -> None:
    index.add("lib_a", files={"data.bin": bytes(2 << 20)})
    index.tells_sizes = False
    small = Environments(root, PackageSettings(index_url=index.url, max_bytes=1 << 20))
    assert "too large: more than 1 MiB" in refusal(small, "lib-a")
    assert list((root / "staging").iterdir()) == list((root / "environments").iterdir()) == []
    fetched = len(index.fetched())
    assert "too large" in refusal(
        Environments(root, PackageSettings(index_url=index.url, max_bytes=1 << 20)), "lib-a"
    )
    assert len(index.fetched()) == fetched  # and not fetched to see it once more


@pytest.mark.slow
def test_a_wheel_that_unpacks_to_very_much_is_stopped_on_the_way(index: Index, root: Path) -> None:
    index.add("lib_a", files={f"{n}.bin": bytes(64 << 20) for n in range(6)})
    small = Environments(root, PackageSettings(index_url=index.url, max_bytes=1 << 20))
    assert "too large" in refusal(small, "lib-a")
    kept = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    assert kept < 300 << 20


def test_it_times_out(index: Index, root: Path) -> None:
    index.add("lib_a")
    index.gate.clear()
    hasty = Environments(root, PackageSettings(index_url=index.url, timeout_s=1.5))
    begun = time.monotonic()
    assert refusal(hasty, "lib-a") == "resolving and installing the packages timed out"
    assert time.monotonic() - begun < 30
    index.gate.set()
    assert hasty.environment(["lib-a"]).resolved == ("lib-a==1.0",)  # that was not remembered


def test_uv_is_told_the_packages_however_slow_the_machine_is(
    index: Index, environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `communicate` whose time-out comes before its first write does not write what it was given later on.
    looks = count()
    late = lambda: time.monotonic() + (1.0 if 1 <= next(looks) <= 3 else 0.0)  # noqa: E731
    monkeypatch.setattr("subprocess._time", late)
    index.add("lib_a")
    assert environments.environment(["lib-a"]).resolved == ("lib-a==1.0",)


def test_waiting_for_another_process_times_out_too(index: Index, root: Path) -> None:
    from ratchet.sandbox.packages import locks

    index.add("lib_a")
    made = Environments(root, PackageSettings(index_url=index.url, timeout_s=1.5))
    first = made.environment(["lib-a"])
    made.close()
    lock = root / "locks" / f"{first.key}.lock"
    with locks.held(lock, deadline=time.monotonic()):
        assert "another process was installing the same packages" in refusal(made, "lib-a")
    assert made.environment(["lib-a"]) == first


def test_the_deny_list_holds_for_what_comes_along(index: Index, root: Path) -> None:
    index.add("lib_a", needs=["lib-b"])
    index.add("lib_b")
    strict = Environments(root, PackageSettings(index_url=index.url, deny=("LIB_B",)))
    assert refusal(strict, "lib-a") == "lib-b, which these packages need, is on the deny-list of packages"
    assert index.fetched() == []
    allowing = Environments(root, PackageSettings(index_url=index.url, allow=("lib-a",)))
    assert allowing.environment(["lib-a"]).resolved == ("lib-a==1.0", "lib-b==1.0")


def test_a_refusal_is_remembered(index: Index, root: Path, environments: Environments) -> None:
    refusal(environments, "lib-a")
    asked = len(index.asked)
    refusal(Environments(root, PackageSettings(index_url=index.url)), "lib-a")
    assert len(index.asked) == asked


@pytest.mark.parametrize("how", ["another", "cut"])
def test_a_wheel_that_is_not_what_the_index_says(index: Index, environments: Environments, how: str) -> None:
    index.add("lib_a")
    ((name, content),) = index.files["lib-a"].items()
    other = wheel("lib_a", "1.0", {"lib_a.py": "import evil"})[1]
    index.sent[name] = content[:-30] if how == "cut" else other
    assert "the packages cannot be installed" in refusal(environments, "lib-a")
    assert not list(Path(environments.environment([]).folder).parent.parent.rglob("lib_a*"))


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_an_index_that_refuses_is_not_the_programs_fault(
    index: Index, environments: Environments, status: int
) -> None:
    index.status = status
    with pytest.raises(RatchetError, match="the package index cannot be reached"):
        environments.environment(["lib-a"])


def test_a_package_that_an_index_blocks_is(index: Index, environments: Environments) -> None:
    index.status = 403
    said = "the index refuses to give out 'lib-a': 403 Forbidden"
    assert refusal(environments, "lib-a") == said


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/simple", "http://nothing.invalid/simple"])
def test_an_index_that_is_not_there(index: Index, root: Path, url: str) -> None:
    with pytest.raises(RatchetError, match="the package index cannot be reached"):
        Environments(root, PackageSettings(index_url=url)).environment(["lib-a"])


def test_no_uv(index: Index, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", "/nowhere")
    uv.binary.cache_clear()
    try:
        with pytest.raises(RatchetError, match=r"pip install 'ratchet-code\[packages\]'"):
            Environments(root, PackageSettings(index_url=index.url)).environment(["lib-a"])
    finally:
        monkeypatch.undo()
        uv.binary.cache_clear()


def test_words_that_older_and_newer_versions_of_uv_use() -> None:
    tree = (
        "  × No solution found when resolving dependencies:\n"
        "  ╰─▶ Because numpi was not found in the package\n      registry and you require numpi, we can "
        "conclude that your\n      requirements are unsatisfiable.\n"
    )
    assert str(failure(tree, TARGET)) == "there is no package called 'numpi' in the index"
    assert isinstance(failure("error: unexpected argument '--format' found", TARGET), RatchetError)
    assert isinstance(failure("error: Permission denied (os error 13)", TARGET), RatchetError)
    assert isinstance(failure("", TARGET), PackagesError)
    assert len(str(failure("error: " + "x" * 10_000, TARGET))) < 1000
