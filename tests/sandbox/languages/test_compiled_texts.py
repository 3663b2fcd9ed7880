"""How texts in C++, Rust and Go are read and put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.sandbox.languages import Unsplittable, language
from ratchet.sandbox.languages._go_texts import composed, parted
from ratchet.sandbox.languages._texts import code_of, open_block
from ratchet.sandbox.languages.rust import without_unused_crates


@given(st.text(alphabet="ab'\"\\/*`R(){}r#\n ", max_size=60), st.sampled_from(["cpp", "go", "rust"]))
def test_code_stands_where_it_stood(text: str, dialect: str) -> None:
    code = code_of(text, dialect)
    assert len(code) == len(text)
    assert [i for i, c in enumerate(code) if c == "\n"] == [i for i, c in enumerate(text) if c == "\n"]
    assert all(new in (old, " ") for new, old in zip(code, text, strict=True))


@pytest.mark.parametrize(
    ("dialect", "text", "code"),
    [
        ("cpp", 'a = "}"; // {\nb', "a =    ;     \nb"),
        ("cpp", "int n = 1'000'000; c = '{';", "int n = 1'000'000; c =    ;"),
        ("cpp", 'R"x({")")x" {', "            {"),
        ("cpp", "a /* { \n", "a      \n"),
        ("go", "`{\n\"` '{' '\\'' {", "  \n          {"),
        ("rust", "<'a> '{' '\\u{7b}' {", "<'a>               {"),
        ("rust", '/* { /* { */ } */ r#"{"{"# {', " " * 29 + "{"),
    ],
)
def test_what_is_code(dialect: str, text: str, code: str) -> None:
    assert code_of(text, dialect).split() == code.split()


HOSTILE = [
    'R"a(', '"\\', "/*", "'", "`", 'r#"', "{", "f(", "use a ", "import (", "f(<", "math, ", "fn main(", "#[ ",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_texts_are_read_in_no_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))  # a square of its length would take long
    for each in (text, f"package main\nint f({text}-) {{"):
        for name in ("cpp", "rust", "go"):
            language(name).candidate(each, "f")
            language(name).file_name(each)


def test_the_body_begins_at_the_outermost_brace_that_is_open() -> None:
    text = 'struct S { int a; };\nstring f(S s) {\n    for (;;) { g("{");'
    assert text[: open_block(code_of(text, "cpp")) + 1].endswith("f(S s) {")
    with pytest.raises(Unsplittable):
        open_block("int f();")


def test_crates_that_a_text_does_not_use_are_left_out() -> None:
    text = """\
use rand::Rng;
use std::fmt;
use regex::{Regex, Captures as C};
use md5;
fn f() { md5::compute() }
"""
    kept = without_unused_crates(text)
    assert [line.strip() for line in kept.splitlines()] == [
        "", "use std::fmt;", "", "use md5;", "fn f() { md5::compute() }",
    ]  # fmt: skip
    assert "use rand::Rng;" in without_unused_crates(text + "fn g<R: Rng>() {}\n")


def test_imports_of_go_are_joined() -> None:
    one = parted(
        'package one\n\nimport (\n\t"fmt"\n\t"os" // "never"\n\tm "math"\n)\n\nfunc f() { m.Sqrt(2) }\n'
    )
    two = parted(
        'package two\nimport "fmt"\nimport _ "embed"\nfunc g() { fmt.Print(strings.ToUpper("os.Exit")) }\n'
    )
    text = composed([one, two])
    first, _, rest = text.partition("(")
    assert first == "package main; import "
    assert set(rest.partition(")")[0].split("; ")) == {'m "math"', '"fmt"', '_ "embed"', '"strings"'}
    assert text.splitlines()[8].strip() == "func f() { m.Sqrt(2) }"


def test_c_functions_cannot_be_asked() -> None:
    with pytest.raises(Unsplittable):
        language("c").candidate("int f(int n) { return n; }", "f")
