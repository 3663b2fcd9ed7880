"""Finding an engine by its spec."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from ratchet.engines.registry import engine_kinds, load_engine
from ratchet.errors import RatchetError


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("tiny", 'there is no engine "tiny"'),
        ("hf:", 'there is no engine "hf:"'),
        ("openapi:a@http://b", "did you mean openai:"),
        ("openai:tiny", "does not say which model and where"),
        ("openai:tiny@localhost:8000", "is no address of a server"),
        ("openai:tiny@ftp://localhost", "is no address of a server"),
        ("openai:tiny@http://", "is no address of a server"),
        ("openai:tiny@http://h/v1?a=b", "is no address of a server"),
        ("openai:tiny@http://h:port/v1", "is no address of a server"),
        ("openai:tiny@http://:secret@h/v1", "is no address|leave the password out"),
    ],
)
def test_specs_that_name_no_engine(spec: str, said: str) -> None:
    with pytest.raises(RatchetError, match=said) as raised:
        load_engine(spec)
    assert "secret" not in str(raised.value)


def test_a_folder_is_not_yet_a_spec(tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match=rf"did you mean hf:{tmp_path}\?"):
        load_engine(str(tmp_path))


def test_another_package_adds_a_kind(tmp_path: Path) -> None:
    (tmp_path / "theirs-1.0.dist-info").mkdir()
    (tmp_path / "theirs-1.0.dist-info" / "METADATA").write_text("Name: theirs\nVersion: 1.0\n")
    (tmp_path / "theirs-1.0.dist-info" / "entry_points.txt").write_text(
        "[ratchet.engines]\ntheirs = theirs:load\nopenai = theirs:load\n"
    )
    (tmp_path / "theirs.py").write_text("def load(what): return what.upper()\n")
    script = (
        "from ratchet.engines.registry import engine_kinds, load_engine\n"
        "print(load_engine('theirs:a:b'), load_engine('openai:m@http://h').name, *engine_kinds())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["A:B", "openai:m@http://h/v1", "hf", "openai", "theirs", "vllm"]


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vLLM is installed")
def test_vllm_is_met_with_the_extra_that_brings_it(ratchet_command: Path) -> None:
    assert "vllm" in engine_kinds()
    with pytest.raises(ModuleNotFoundError, match="vllm"):
        load_engine("vllm:some/model")
    done = subprocess.run(
        [ratchet_command, "generate", "--model", "vllm:some/model", "--prompt", "p"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip().endswith("vllm, which is not installed: pip install 'ratchet-code[vllm]'.")
