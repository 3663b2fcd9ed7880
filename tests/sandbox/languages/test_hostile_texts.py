# ruff: noqa: E501 - pieces of text in few lines read better
"""What is done to a candidate's text before it is compiled: whatever it is, it ends, with no error of ours.

This runs in our own process, outside every jail.
"""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from ratchet.sandbox.languages import Unsplittable, language, names

LANGUAGES = [name for name in names() if name != "python"]
PIECES = (
    "{", "}", "(", ")", "[", "]", "<", ">", '"', "'", "`", "\\", "\n", " ", "\t", "\0", "/*", "*/", "//", "#", "?>",
    "<?php", "import", 'import "a(["\n', 'import "os"\n', 'import ("os"; `a`)', "package main", "use rand::Rng;\n", "use ", "::",
    "f", "f(", "f(int x) {", "fn f(x: i64)", "function f(x)", "const f = ", "def f(", "sub f", "f() {", "class",
    "public class Main", "public static void main(String[] args) {", "int main() {", "#define main x\n", "main",
    "#include <boost/any.hpp>\n", "#![no_main]", "export ", "from", "await ", "namespace A;", "declare(ticks=1);",
    "R\"x(", ")x\"", "r#\"", "\"#", ".*", "[a-z]+)", "(?P<x>", "\\1", "$", "\u0130", "\u2028", "\ud7ff", "🙂", "=>",
    "->", ",", ";", ":", "=", "0x", "1e9", "'a", "end", "begin", "=begin\n", "__END__\n", "<<EOT\n", "EOT\n", "#|",
)  # fmt: skip


def text(seed: int) -> str:
    dice = random.Random(seed)
    return "".join(dice.choices(PIECES, k=dice.choice((5, 50, 500))))


def take(name: str, source: str) -> None:
    with suppress(Unsplittable):
        language(name).candidate(source, "f")
    with suppress(Unsplittable):
        language(name).together(source, "")
    language(name).file_name(source)


@pytest.mark.slow
@pytest.mark.parametrize("name", LANGUAGES)
def test_any_text_can_be_taken_for_a_candidate(name: str) -> None:
    for seed in range(200):
        take(name, text(seed))
        take(name, f"package main\n{text(seed)}")
        take(name, f"class Solution {{ int f() {{}} {text(seed)}")


@pytest.mark.slow
@pytest.mark.parametrize("name", LANGUAGES)
def test_a_long_text_does_not_keep_us_for_long(name: str) -> None:
    """Where the time grows faster than the text, this does not end in the time that a test has."""
    for piece in PIECES:
        take(name, piece * 2_000)
        take(name, f"f{piece * 2_000}")
        take(name, f"{piece}a" * 1_000)
