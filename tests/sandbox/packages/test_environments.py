"""What is installed, where, and that it is whole."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox.languages.python import interpreter
from ratchet.sandbox.packages import Environment, Environments, PackageSettings

if TYPE_CHECKING:
    from tests.sandbox.packages.conftest import Index


def python(folder: str, text: str) -> str:
    """What a program prints that is run as the jail runs it, but without the jail."""
    done = subprocess.run(
        [interpreter().executable, "-S", "-s", "-P", "-B", "-c", text],
        env={"PYTHONPATH": folder},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def call(root: Path, index: Index, *packages: str, before: str = "") -> list[str]:
    """A command line that asks for packages in a process of its own, and prints where they are."""
    text = (
        "import sys; from pathlib import Path\n"
        "from ratchet.sandbox.packages import *\n"
        f"made = Environments(Path({str(root)!r}), PackageSettings(index_url={index.url!r}))\n"
        f"{before}\n"
        f"print(made.environment({list(packages)!r}).folder)\n"
    )
    return [sys.executable, "-c", text]


def test_packages_and_what_they_need(index: Index, environments: Environments) -> None:
    index.add("lib_a", "2.1", {"lib_a/__init__.py": "import lib_b\nsays = 'a' + lib_b.says\n"}, ["lib-b<2"])
    index.add("lib_b", "1.5", {"lib_b.py": "says = 'b'\n"})
    index.add("lib_b", "2.0", {"lib_b.py": "says = 'c'\n"})
    made = environments.environment(["Lib.A>=2"])
    assert made.resolved == ("lib-a==2.1", "lib-b==1.5")
    assert python(made.folder, "import lib_a; print(lib_a.says)") == "ab"


def test_what_is_known_needs_no_network_even_in_a_new_process(
    index: Index, root: Path, environments: Environments
) -> None:
    index.add("lib_a")
    first = environments.environment(["lib-a"])
    asked = len(index.asked)
    assert environments.environment(["LIB_A"]) == first
    later = Environments(root, PackageSettings(index_url=index.url))
    assert later.environment(["lib_a"]) == first
    assert subprocess.check_output(call(root, index, "lib-a"), text=True).strip() == first.folder
    assert len(index.asked) == asked


def test_requests_that_come_to_the_same_share_a_folder(index: Index, environments: Environments) -> None:
    index.add("lib_a", "1.0")
    index.add("lib_a", "2.0")
    one = environments.environment(["lib-a<2"])
    assert environments.environment(["lib-a==1.0"]) == one
    assert environments.environment(["lib-a"]).folder != one.folder
    assert index.fetched() == ["lib_a-1.0-py3-none-any.whl", "lib_a-2.0-py3-none-any.whl"]


def test_after_its_time_a_request_is_asked_anew(index: Index, root: Path) -> None:
    index.add("lib_a", "1.0")
    brief = Environments(root, PackageSettings(index_url=index.url, ttl_s=0))
    assert brief.environment(["lib-a"]).resolved == ("lib-a==1.0",)
    index.add("lib_a", "2.0")
    lasting = Environments(root, PackageSettings(index_url=index.url))
    assert lasting.environment(["lib-a"]).resolved == ("lib-a==1.0",)
    (kept,) = (root / "uv").glob("simple-*")  # uv itself believes an index for ten minutes
    shutil.rmtree(kept)
    assert brief.environment(["lib-a"]).resolved == ("lib-a==2.0",)


def test_an_index_that_is_down_does_not_stop_what_is_here(index: Index, root: Path) -> None:
    index.add("lib_a")
    brief = Environments(root, PackageSettings(index_url=index.url, ttl_s=0))
    first = brief.environment(["lib-a"])
    shutil.rmtree(root / "uv")
    index.status = 503
    assert brief.environment(["lib-a"]) == first
    with pytest.raises(RatchetError, match="the package index cannot be reached"):
        brief.environment(["lib-b"])


def test_it_is_compiled_and_nobody_may_write(index: Index, environments: Environments) -> None:
    index.add("lib_a", files={"lib_a/__init__.py": "x = 1\n", "lib_a/broken.py": "def (\n"})
    folder = Path(environments.environment(["lib-a"]).folder)
    assert [path.name for path in folder.rglob("*.pyc")] == [f"__init__.{sys.implementation.cache_tag}.pyc"]
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o555 if path.is_dir() else 0o444), path
    assert folder.parent.stat().st_mode & 0o055 == 0o055


def test_nothing_of_a_package_is_executed(index: Index, environments: Environments, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    evil = f"open({str(canary)!r}, 'w')\n"
    index.add(
        "lib_a",
        files={
            "lib_a.py": evil,
            "lib_a.pth": f"import sys; {evil}",
            "sitecustomize.py": evil,
            "usercustomize.py": evil,
            "setup.py": evil,
            "lib_a-1.0.data/scripts/tool": f"#!python\n{evil}",
            "lib_a-1.0.dist-info/entry_points.txt": "[console_scripts]\nls = lib_a:main\n",
        },
    )
    folder = environments.environment(["lib-a"]).folder
    assert (Path(folder) / "lib_a.pth").exists()
    assert python(folder, "print('quiet')") == "quiet"
    assert not canary.exists()


def test_a_wheel_does_not_write_beside_its_folder(
    index: Index, root: Path, environments: Environments
) -> None:
    index.add("lib_a", files={"../../../../escaped.py": "x", "/tmp/escaped_by_ratchet_test.py": "x"})
    folder = environments.environment(["lib-a"]).folder
    assert {path.name for path in root.parent.parent.rglob("escaped*")} == set()
    assert not Path("/tmp/escaped_by_ratchet_test.py").exists()
    assert os.listdir(folder) == ["lib_a-1.0.dist-info"]


def test_none_at_all(index: Index, environments: Environments) -> None:
    made = environments.environment([])
    assert (made.resolved, os.listdir(made.folder)) == ((), [])
    assert environments.environment(["lib-a ; python_version < '3'"]) == made


def test_many_at_once_install_it_once(index: Index, root: Path, environments: Environments) -> None:
    index.add("lib_a", needs=["lib-b"])
    index.add("lib_b")
    index.gate.clear()
    processes = [
        subprocess.Popen(call(root, index, "lib-a"), stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    seen: list[Environment] = []
    threads = [
        threading.Thread(target=lambda: seen.append(environments.environment(["lib-a"]))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    index.gate.set()
    for thread in threads:
        thread.join()
    folders = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert folders == {each.folder for each in seen}
    assert len(folders) == 1
    assert sorted(index.fetched()) == ["lib_a-1.0-py3-none-any.whl", "lib_b-1.0-py3-none-any.whl"]
    assert list((root / "staging").iterdir()) == []


def test_killed_in_the_middle_nothing_half_made_is_seen(index: Index, root: Path) -> None:
    index.add("lib_a")
    index.gate.clear()
    with subprocess.Popen(call(root, index, "lib-a")) as process:
        assert index.fetching.wait(60)
        process.send_signal(signal.SIGKILL)
    assert list((root / "environments").iterdir()) == []
    assert len(list((root / "staging").iterdir())) == 1
    index.gate.set()
    folder = subprocess.check_output(call(root, index, "lib-a"), text=True).strip()
    assert python(folder, "import lib_a; print(lib_a.version)") == "1.0"
    assert [path.name for path in (root / "environments").iterdir()] == [Path(folder).parent.name]


def test_an_interrupt_ends_uv_and_leaves_nothing(index: Index, root: Path) -> None:
    index.add("lib_a")
    index.gate.clear()
    with subprocess.Popen(call(root, index, "lib-a"), stderr=subprocess.PIPE, text=True) as process:
        assert index.fetching.wait(60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in said
    assert list((root / "staging").iterdir()) == list((root / "environments").iterdir()) == []


def test_a_full_disk_is_said_and_leaves_nothing_half_made(index: Index, tmp_path: Path) -> None:
    index.add("lib_a", files={"lib_a.py": "", "data.bin": os.urandom(2 << 20)})
    disk = tmp_path / "disk"
    disk.mkdir()
    inside = call(
        disk / "packages", index, "lib-a",
        before="import os\n"
        "from ratchet.errors import RatchetError\n"
        "try: made.environment(['lib-a'])\n"
        "except RatchetError as error: print(error)\n"
        f"print([os.listdir(f'{disk}/packages/{{each}}') for each in ('staging', 'environments')])\n"
        "sys.exit()",
    )  # fmt: skip
    mount = f'mount -t tmpfs -o size=1m tmpfs {disk} && exec "$@"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh", *inside],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if "unshare" in done.stderr:
        pytest.skip(f"no mounts can be made here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stdout
    assert done.stdout.splitlines()[-1] == "[[], []]"


def test_a_folder_that_may_not_be_written(index: Index, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RatchetError, match=r"packages cannot be kept in .*file/packages .*RATCHET_HOME"):
        Environments(tmp_path / "file" / "packages", PackageSettings(index_url=index.url)).environment(["a"])


def test_old_environments_go_but_none_that_is_used(index: Index, root: Path) -> None:
    for name in ("lib_a", "lib_b", "lib_c"):
        index.add(name, files={f"{name}.py": "", f"{name}.bin": os.urandom(500_000)})
    # Two are within the limit, three are not.
    settings = PackageSettings(index_url=index.url, total_bytes=1_200_000)
    ours, others = Environments(root, settings), Environments(root, settings)
    a, b = (ours.environment([name]) for name in ("lib-a", "lib-b"))
    for age, each in ((60, a), (30, b)):
        then = time.time() - age
        os.utime(Path(each.folder).parent / "used", (then, then))
    ours.release(b)
    c = others.environment(["lib-c"])
    assert [Path(each.folder).is_dir() for each in (a, b, c)] == [True, False, True]
    ours.close()
    assert others.environment(["lib-b"]) == b  # it comes back, as it was
    assert [Path(each.folder).is_dir() for each in (a, b, c)] == [False, True, True]
    assert list((root / "staging").iterdir()) == []


def test_used_twice_it_is_released_twice(index: Index, root: Path) -> None:
    for name in ("lib_a", "lib_b"):
        index.add(name, files={f"{name}.bin": os.urandom(500_000)})
    made = Environments(root, PackageSettings(index_url=index.url, total_bytes=600_000))
    a = made.environment(["lib-a"])
    assert made.environment(["lib-a"]) == a
    made.release(a)
    made.environment(["lib-b"])
    assert Path(a.folder).is_dir()
    made.release(a)
    made.release(a)  # once too often: nothing happens
    Environments(root, PackageSettings(index_url=index.url, total_bytes=1)).environment([])
    assert not Path(a.folder).is_dir()


def test_a_cache_that_was_damaged_or_emptied_by_hand_is_filled_again(
    index: Index, root: Path, environments: Environments
) -> None:
    index.add("lib_a")
    first = environments.environment(["lib-a"])
    (request,) = (root / "requests").iterdir()
    request.write_text('{"made": ')
    assert Environments(root, PackageSettings(index_url=index.url)).environment(["lib-a"]) == first
    shutil.rmtree(root)
    assert environments.environment(["lib-a"]) == first
    assert python(first.folder, "import lib_a; print(lib_a.version)") == "1.0"
