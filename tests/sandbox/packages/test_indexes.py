"""The index that is asked is the one that is configured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox.packages import Environments, PackagesError, PackageSettings, uv

if TYPE_CHECKING:
    from tests.sandbox.packages.conftest import Index


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder without configuration, and none of this machine's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "PIP_INDEX_URL"])
def test_variables(index: Index, root: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    index.add("ratchet_own")
    monkeypatch.setenv(variable, index.url)
    assert Environments(root).environment(["ratchet-own"]).resolved == ("ratchet-own==1.0",)


@pytest.mark.parametrize("file", [".config/pip/pip.conf", ".pip/pip.conf", "named.conf"])
@pytest.mark.parametrize("option", ["index-url", "index_url"])
def test_files_of_pip(
    index: Index, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, option: str
) -> None:
    index.add("ratchet_own")
    write(tmp_path / file, f"[global]\n{option} = {index.url}\n")
    if file == "named.conf":
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / file))
    assert Environments(root).environment(["ratchet-own"]).resolved == ("ratchet-own==1.0",)


def test_the_file_of_uv(index: Index, root: Path, tmp_path: Path) -> None:
    index.add("ratchet_own")
    write(tmp_path / ".config" / "uv" / "uv.toml", f'[[index]]\nurl = "{index.url}"\ndefault = true\n')
    write(tmp_path / ".config" / "pip" / "pip.conf", "[global]\nindex-url = http://127.0.0.1:9/\n")
    assert Environments(root).environment(["ratchet-own"]).resolved == ("ratchet-own==1.0",)


def test_pips_further_indexes_are_taken_as_pip_takes_them(
    index: Index, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.sandbox.packages.conftest import Index as AnIndex

    index.add("ratchet_own", "1.0")
    second = AnIndex()
    second.add("ratchet_own", "2.0")
    try:
        write(
            tmp_path / "pip.conf", f"[global]\nindex-url = {second.url}\nextra-index-url =\n    {index.url}\n"
        )
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
        assert Environments(root).environment(["ratchet-own"]).resolved == ("ratchet-own==2.0",)
        assert Environments(root).environment(["ratchet-own<2"]).resolved == ("ratchet-own==1.0",)
    finally:
        second.shutdown()
        second.server_close()


def test_a_setting_is_the_only_index(
    index: Index, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("ratchet_own")
    monkeypatch.setenv("UV_INDEX", index.url)
    write(tmp_path / ".config" / "uv" / "uv.toml", f'[[index]]\nurl = "{index.url}"\n')
    (tmp_path / "empty").mkdir()
    alone = Environments(root, PackageSettings(index_url=(tmp_path / "empty").as_uri()))
    with pytest.raises(PackagesError, match="no package called 'ratchet-own'"):
        alone.environment(["ratchet-own"])
    # Another index is another question, whatever is remembered.
    assert Environments(root).environment(["ratchet-own"]).resolved == ("ratchet-own==1.0",)


def test_what_else_uv_is_told_does_not_change_what_is_installed(
    index: Index, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("ratchet_own")
    for name, value in {
        "UV_NO_BINARY": "1", "UV_TARGET": str(tmp_path / "x"), "UV_PYTHON": "2.7", "VIRTUAL_ENV": "/nowhere",
        "PYTHONPATH": "/nowhere", "UV_CONSTRAINT": "/nowhere", "UV_CACHE_DIR": str(tmp_path / "y"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    write(root.parent / "pyproject.toml", '[tool.uv.pip]\nno-binary = [":all:"]\n')
    settings = PackageSettings(index_url=index.url)
    assert Environments(root, settings).environment(["ratchet-own"]).resolved == ("ratchet-own==1.0",)
    assert not (tmp_path / "x").exists()
    assert not (tmp_path / "y").exists()


def test_passwords_are_not_said(index: Index, root: Path) -> None:
    url = index.url.replace("http://", "http://user:secret@")
    index.status = 401
    with pytest.raises(RatchetError) as caught:
        Environments(root, PackageSettings(index_url=url)).environment(["lib-a"])
    assert "secret" not in str(caught.value)
    index.status = 200
    made = Environments(root, PackageSettings(index_url=url))
    index.add("lib_b")
    made.environment(["lib-b"])
    texts = [
        p.read_bytes()
        for name in ("requests", "environments")
        for p in (root / name).rglob("*")
        if p.is_file()
    ]
    assert texts
    assert not any(b"secret" in text for text in texts)


@pytest.mark.slow
def test_the_index_of_this_machine(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # its own home folder and configuration
    try:
        uv.binary()
        made = Environments(root).environment(["requests>=2", "numpy==1.26.4"])
    except RatchetError as error:
        pytest.skip(str(error))
    assert "numpy==1.26.4" in made.resolved
    assert (Path(made.folder) / "requests" / "__init__.py").exists()
