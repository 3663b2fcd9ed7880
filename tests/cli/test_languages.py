"""`ratchet languages`: what it lists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ratchet.sandbox.languages import Missing, names, toolchain

if TYPE_CHECKING:
    from tests.conftest import RunRatchet


def here(name: str) -> tuple[str, str]:
    """The version of its toolchain, and why there is none."""
    try:
        return toolchain(name).version, ""
    except Missing as missing:
        return "", str(missing)


def test_every_language_with_its_toolchain_or_the_reason(ratchet_cli: RunRatchet) -> None:
    done = ratchet_cli("languages", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    listed = json.loads(done.stdout)
    assert [each["name"] for each in listed] == names()
    for each in listed[1:]:
        assert (each["version"], each["reason"]) == here(each["name"])
    shown = ratchet_cli("languages").stdout
    assert all(each["title"] in shown for each in listed)
