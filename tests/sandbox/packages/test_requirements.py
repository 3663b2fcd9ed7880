"""What a program may write to name a package."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.errors import RatchetError
from ratchet.sandbox.packages import PackagesError, PackageSettings
from ratchet.sandbox.packages.requirements import parse

PLAIN = PackageSettings()


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("requests", "requests"),
        ("Foo.Bar__baz", "foo-bar-baz"),
        (" requests >= 2 , < 3 ", "requests<3,>=2"),
        ("requests (>=2)", "requests>=2"),
        ("Requests[Socks, security]~=2.31", "requests[security,socks]~=2.31"),
        ("a[]", "a"),
        ("numpy==1.26.*", "numpy==1.26.*"),
        ("torch==2.13.0+cpu", "torch==2.13.0+cpu"),
        ("x===1!2.0.dev3", "x===1!2.0.dev3"),
        ("tomli ; python_version < '3.11'", "tomli ; python_version < '3.11'"),
        ("x.whl", "x-whl"),
    ],
)
def test_one_spelling(written: str, canonical: str) -> None:
    assert parse([written], PLAIN) == (canonical,)


def test_order_and_repetition_do_not_matter() -> None:
    assert parse(["b", "a", "B"], PLAIN) == parse(["a", "b"], PLAIN) == ("a", "b")


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("-r requirements.txt", "is an option"),
        ("--index-url=http://evil", "is an option"),
        ("-e .", "is an option"),
        ("git+https://github.com/a/b", "is an address or a path"),
        ("a @ https://evil/a.whl", "is an address or a path"),
        ("a@file:///etc/passwd", "is an address or a path"),
        ("./x", "is an address or a path"),
        ("/etc/passwd", "is an address or a path"),
        ("..", "is an address or a path"),
        ("~/x", "is an address or a path"),
        ("a\\b", "is an address or a path"),
        ("", "does not name a package"),
        ("a b", "does not name a package"),
        ("a\nb", "does not name a package"),
        ("a\n-r b", "does not name a package"),
        ("a # comment", "does not name a package"),
        ("${HOME}", "does not name a package"),
        ("a ; x == '${HOME}'", "does not name a package"),
        ("a --hash=sha256:00", "does not name a package"),
        ("a>=", "does not name a package"),
        ("a=1", "does not name a package"),
        ("ünï", "does not name a package"),
        ("a\0", "does not name a package"),
        ("a" * 301, "does not name a package"),
    ],
)
def test_nothing_else_is_taken(written: str, sentence: str) -> None:
    with pytest.raises(PackagesError, match=sentence) as caught:
        parse(["fine", written], PLAIN)
    assert len(str(caught.value)) < 250


@given(st.text(max_size=40))
def test_what_is_taken_is_one_line_of_harmless_signs(written: str) -> None:
    try:
        (canonical,) = parse([written], PLAIN)
    except PackagesError:
        return
    assert canonical[0].isalnum()
    assert not set(canonical) & set("/\\@#$\n\r\0:{}")
    assert parse([canonical], PLAIN) == (canonical,)


def test_lists_and_numbers() -> None:
    with pytest.raises(PackagesError, match="foo-bar is not on the allow-list"):
        parse(["foo_bar"], PackageSettings(allow=("requests", "num*")))
    assert parse(["numpy"], PackageSettings(allow=("requests", "num*"))) == ("numpy",)
    with pytest.raises(PackagesError, match="torch is on the deny-list"):
        parse(["Torch>=2"], PackageSettings(deny=("TORCH",)))
    with pytest.raises(PackagesError, match="3 packages are named, and at most 2 may be"):
        parse(["a", "b", "c"], PackageSettings(max_packages=2))
    with pytest.raises(PackagesError, match="not one string"):
        parse("requests", PLAIN)


@pytest.mark.parametrize("name", ["max_packages", "max_bytes", "timeout_s", "total_bytes"])
def test_settings_that_cannot_be_meant(name: str) -> None:
    for value in (0, -1, float("nan")):
        with pytest.raises(RatchetError, match=f"{name} of packages is"):
            PackageSettings(**{name: value})  # type: ignore[arg-type]
    with pytest.raises(RatchetError, match="must be a tuple"):
        PackageSettings(deny="torch")  # type: ignore[arg-type]
