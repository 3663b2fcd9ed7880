"""Which package index uv is told to ask.

The setting, else uv's own configuration, else pip's: one who has told pip of a mirror
should not have to tell it twice.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_OWN = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX")
_KEPT = (
    *_OWN,
    "UV_CONFIG_FILE",
    "UV_NO_CONFIG",
    "UV_INDEX_STRATEGY",
    "UV_EXCLUDE_NEWER",
    "UV_OFFLINE",
    "UV_INSECURE_HOST",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "UV_KEYRING_PROVIDER",
)
_KEPT_FAMILIES = ("UV_HTTP_", "UV_REQUEST_", "UV_INDEX_", "UV_CONCURRENT_")


@dataclass(frozen=True, slots=True)
class Index:
    """How uv is pointed at an index: arguments, and its whole environment."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]

    def identity(self) -> list[str]:
        """What decides about its answers."""
        return [
            *self.arguments,
            *sorted(f"{k}={v}" for k, v in self.environment.items() if k.startswith("UV_")),
        ]


def configured(index_url: str | None) -> Index:
    """The index that this process's environment and configuration files name, or this one alone."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("UV_", "VIRTUAL_ENV", "PYTHON", "CONDA_"))
    }
    if index_url is not None:
        kept = {k: v for k, v in _uv_variables().items() if k not in _OWN}
        return Index(("--no-config", "--default-index", index_url), {**environment, **kept})
    environment |= _uv_variables()
    if any(environment.get(name) for name in _OWN) or _has_uv_file(environment):
        return Index((), environment)
    pip = _pip()
    if pip.get("cert") and "SSL_CERT_FILE" not in environment:
        environment["SSL_CERT_FILE"] = pip["cert"]
    arguments: list[str] = []
    if pip.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        arguments.append("--no-index")
    elif url := pip.get("index-url"):
        arguments += ["--default-index", url]
    for url in pip.get("extra-index-url", "").split():
        arguments += ["--index", url]
    for place in pip.get("find-links", "").split():
        arguments += ["--find-links", place]
    if arguments:  # pip takes the best of all its indexes, uv by itself the first that has the name
        arguments += ["--index-strategy", "unsafe-best-match"]
    return Index(tuple(arguments), environment)


def _uv_variables() -> dict[str, str]:
    """Those of uv's variables that say where and how to fetch; the others would change what is installed."""
    return {k: v for k, v in os.environ.items() if k in _KEPT or k.startswith(_KEPT_FAMILIES)}


def _has_uv_file(environment: Mapping[str, str]) -> bool:
    if environment.get("UV_CONFIG_FILE"):
        return True
    home = environment.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return any(Path(folder, "uv", "uv.toml").is_file() for folder in (home, "/etc/xdg", "/etc"))


def _pip() -> dict[str, str]:
    """What pip is told: its files from the most general to the most special, then its variables."""
    home = os.path.expanduser("~")
    config = os.environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    files = ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", f"{home}/.pip/pip.conf", f"{config}/pip/pip.conf"]
    if named := os.environ.get("PIP_CONFIG_FILE"):
        files = [] if named == os.devnull else [*files, named]
    found: dict[str, str] = {}
    for path in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update((key.replace("_", "-"), value) for key, value in parser.items(section))
    for name in ("index-url", "extra-index-url", "find-links", "no-index", "cert"):
        if value := os.environ.get(f"PIP_{name.replace('-', '_').upper()}"):
            found[name] = value
    return found
