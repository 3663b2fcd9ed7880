"""Where Ratchet keeps what it can make or fetch again."""

from __future__ import annotations

import os
from pathlib import Path

from ratchet.errors import RatchetError


def home_directory() -> Path:
    """RATCHET_HOME, by default ~/.cache/ratchet; it need not exist yet.

    Raises RatchetError for a user without a home.
    """
    home = os.environ.get("RATCHET_HOME")
    if home:
        return Path(home)
    try:
        return Path.home() / ".cache" / "ratchet"
    except RuntimeError:
        raise RatchetError("this user has no home folder: name a folder with RATCHET_HOME.") from None
