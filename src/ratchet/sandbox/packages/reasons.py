"""What uv says when it fails, as a sentence for who named the packages, or for who runs this machine."""

from __future__ import annotations

import re

from ratchet.errors import RatchetError
from ratchet.sandbox.packages.nouns import PackagesError

_LONGEST = 700
_UNREACHABLE = re.compile(
    r"error sending request|request failed after|dns error|connection (refused|reset|closed)|tcp connect|"
    r"network connectivity is disabled|operation timed out|request timeout|timed out|http status \w+ error|"
    r"status code|certificate|tls |\b(401|429|50[0-4])\b|failed to fetch",
    re.IGNORECASE,
)
# An index that does not answer looks to uv like one that does not have the package.
_UNASKED = re.compile(r"network was disabled|not found in the cache|could not be queried", re.IGNORECASE)
_MACHINE = re.compile(
    r"no space left|quota exceeded|permission denied|read-only file system|too many open files", re.I
)
_OUR_MISTAKE = re.compile(
    r"unexpected argument|invalid value|panicked|failed to parse.*(uv\.toml|pyproject)", re.I
)
_NOT_FOUND = re.compile(r"\b(\S+) was not found in the (?:package registry|provided package locations)")
_NO_WHEEL = re.compile(r"no usable wheels|no wheels with a matching")
_WHEELLESS = re.compile(r"([A-Za-z0-9._-]+(?:[<>=!~][^\s]*)?) (?:has|have) no (?:usable wheels|wheels with)")
_HINTED = re.compile(r"wheels (?:are required |are available |)for `([^`]+)`", re.I)
_ONLY_FOR = re.compile(r"the following [\w ]+?: ((?:`[^`]+`(?:, | and )?)+)")
_NO_VERSION = re.compile(r"^Because there is no version of (\S+) and you require \S+, we can conclude")
_OTHER_VERSIONS = re.compile(r"^Because only (\S+) is available and you require (\S+), we can conclude")


def failure(said: str, target: str) -> PackagesError | RatchetError:
    """The error for what uv wrote on stderr; `target` is "Python 3.11 on x86_64 Linux"."""
    text = " ".join(re.sub(r"[×│╰─▶├]|\x1b\[[0-9;]*m", " ", said).split())
    if "403 Forbidden" in text:  # of one package, mostly: it is blocked there; all others can be had
        names = _NOT_FOUND.findall(text)
        what = " and ".join(map(repr, dict.fromkeys(names))) or f"this ({_first(text)})"
        return PackagesError(f"the index refuses to give out {what}: 403 Forbidden")
    unasked = _UNASKED.search(text)
    if unasked or "No solution found" not in text:
        if _MACHINE.search(text):
            return RatchetError(f"packages cannot be installed on this machine: {_first(text)}.")
        if unasked or _UNREACHABLE.search(text):
            return RatchetError(
                f"the package index cannot be reached: {_first(text)}; see whether it is up, and how uv or "
                "pip is told of it (UV_DEFAULT_INDEX, uv.toml, PIP_INDEX_URL, pip.conf)."
            )
        if _OUR_MISTAKE.search(text):
            return RatchetError(f"uv does not work as it should: {_first(text)}.")
        return PackagesError(f"the packages cannot be installed: {_first(text)}")
    because = _explanation(text)
    if names := _NOT_FOUND.findall(because):
        quoted = " or ".join(repr(name) for name in dict.fromkeys(names))
        reason = f"there is no package called {quoted} in the index"
        return PackagesError(
            reason if because.count(", we can") == 1 and len(names) == 1 else f"{reason}: {because}"
        )
    if match := _NO_VERSION.match(because):
        return PackagesError(f"there is no version {match[1]} in the index")
    if match := _OTHER_VERSIONS.match(because):
        return PackagesError(f"there is no version {match[2]} in the index, only {match[1]}")
    if _NO_WHEEL.search(text):
        return PackagesError(_without_wheel(because, text, target))
    return PackagesError(f"the packages cannot be installed together: {because}")


def _without_wheel(because: str, text: str, target: str) -> str:
    exact = dict.fromkeys(_WHEELLESS.findall(because))
    names = dict.fromkeys(re.split("[<>=!~]", each)[0] for each in [*exact, *_HINTED.findall(text)])
    which = next(iter(exact)) if len(exact) == 1 else " and ".join(names)
    only = [each.replace("`", "") for each in _ONLY_FOR.findall(text)]
    others = f"only for {'; '.join(only)}" if only else "only source, and nothing is built here"
    sentence = f"{which} {'has' if len(names) == 1 else 'have'} no wheel for {target} ({others})"
    plain = len(names) == 1 and f"you require {next(iter(names))}" in because
    return sentence if plain else _cut(f"{sentence}: {because}")


def _explanation(text: str) -> str:
    start = text.find("Because ")
    cut = text[start if start >= 0 else 0 :].split(" hint: ")[0]
    return _cut(cut.rstrip(". "))


def _first(text: str) -> str:
    """uv's own words, without its hints and the full stop."""
    said = re.split(r"(?<!^)\bhint: ", text)[0].split("error: ", 1)[-1]
    return _cut(said.strip(". "))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
