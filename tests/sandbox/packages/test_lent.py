"""torch comes from Ratchet's own interpreter, where it is there: no package brings another along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ratchet.sandbox.packages import Environments, PackagesError
from ratchet.sandbox.packages.uv import lent

if TYPE_CHECKING:
    from tests.sandbox.packages.conftest import Index


@pytest.mark.local
@pytest.mark.slow
def test_what_needs_torch_gets_the_one_that_is_there(index: Index, environments: Environments) -> None:
    index.add("pipes", "1.0", needs=["torch<1", "other"])
    index.add("other")
    assert environments.environment(["pipes"]).resolved == ("other==1.0", "pipes==1.0")
    assert not any("torch" in path for path in index.asked)


@pytest.mark.local
@pytest.mark.slow
def test_who_names_torch_gets_the_one_that_was_named(index: Index, environments: Environments) -> None:
    with pytest.raises(PackagesError, match="no package called 'torch' in the index"):
        environments.environment(["torch"])
    index.add("torch", "7.0")
    index.add("pipes", "1.0", needs=["torch>=7"])
    assert environments.environment(["pipes", "torch==7.0"]).resolved == ("pipes==1.0", "torch==7.0")


@pytest.mark.local
def test_only_torch_itself_is_meant() -> None:
    assert lent(["numpy==1.26.4"]) == lent(["torch-geometric>=2"]) == ("torch",)
    assert lent(["numpy", "torch ; python_version > '3'"]) == lent(["torch[opt]==2.1"]) == ()
