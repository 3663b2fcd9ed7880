"""Where completions are cut: CodeGen's two rules, at their edges and against the published tokenizer."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.decode.truncation import END_OF_TEXT, truncate_hub, truncate_turn

TURN = [
    ("", ""),
    ("x = 1", "x = 1"),
    ("x = 1\n", "x = 1\n"),
    ("print(1)\nprint(2)\n", "print(1)\n"),
    ("print(1)\nprinter = 2\n", "print(1)\n"),
    ("print(1)\n print(2)\n", "print(1)\n print(2)\n"),
    ("x = 1; print(1)\nprint(2)\n", "x = 1; print(1)\nprint(2)\n"),
    ("def f():\n    pass\ndef g():\n    pass\n", "def f():\n    pass\n"),
    ("def f():\n    def g():\n        pass\n", "def f():\n    def g():\n        pass\n"),
    ("default = 1\ndef f():\n    pass\n", "default = 1\n"),
    ("def f():\n    pass\nprint(1)\ndef g():\n    pass\nprint(2)\n", "def f():\n    pass\nprint(1)\n"),
    # Of two calls of print the second is looked for first, wherever the others stand.
    ("print(1)\n# more\nprint(2)\n", "print(1)\n"),
    ("# a comment", ""),
    ("x = 1 # a comment\ny = 2", "x = 1 # a comment\ny = 2"),
    ("x = 1\n# a comment\ny = 2", "x = 1\n"),
    ("x = 1\n  # indented\ny = 2", "x = 1\n  # indented\ny = 2"),
    ("x = 1\n'''\ntext\n'''", "x = 1\n"),
    ('x = 1\n"""\ntext\n"""', "x = 1\n"),
    ("x = '''\ntext\n'''", "x = '''\ntext\n"),
    ("x = 1\n\ny = 2", "x = 1\n\ny = 2"),
    ("x = 1\n\n\ny = 2", "x = 1"),
    ("\nif a > b:\n    c = a\n\n\n\n#", "\nif a > b:\n    c = a"),
    (f"x = 1{END_OF_TEXT}y = 2", "x = 1"),
    (f"x = 1\n# one{END_OF_TEXT}", "x = 1\n"),
    ("x = 1\r# a comment", "x = 1\r# a comment"),
    ("x = 1\x0b# a comment", "x = 1\x0b# a comment"),
]

HUB = [
    ("x = 1\n# a comment\ny = 2", "x = 1\n# a comment\ny = 2"),
    ("x = 1\n\n# a comment\ny = 2", "x = 1"),
    ("# a comment\nx = 1", "# a comment\nx = 1"),
    ("x = 1\n'''\ntext", "x = 1\n"),
    ('x = 1\n"""\ntext', 'x = 1\n"""\ntext'),
    ("x = 1\n\n\ny = 2", "x = 1"),
    (f"x = 1{END_OF_TEXT}y = 2", f"x = 1{END_OF_TEXT}y = 2"),
    ("print(1)\nprint(2)\n", "print(1)\n"),
]


@pytest.mark.parametrize(("text", "kept"), TURN)
def test_a_turn_is_cut_as_the_sampler_cuts_it(text: str, kept: str) -> None:
    assert truncate_turn(text) == kept


@pytest.mark.parametrize(("text", "kept"), HUB)
def test_the_hub_rule_knows_fewer_ends(text: str, kept: str) -> None:
    assert truncate_hub(text) == kept


@pytest.mark.slow
@pytest.mark.local
def test_both_cut_as_the_published_tokenizer_does() -> None:
    """transformers' CodeGenTokenizer holds the authors' function; it is given the patterns of each rule."""
    from transformers.models.codegen.tokenization_codegen import CodeGenTokenizer

    turn = ["^#", re.escape(END_OF_TEXT), "^'''", '^"""', "\n\n\n"]
    hub = [r"\n\n^#", "^'''", "\n\n\n"]
    pieces = st.sampled_from(
        ["print(1)", "def f(): pass", "#", "'''", '"""', "\n", "\n\n", "x", " ", END_OF_TEXT, "\r"]
    )

    @settings(max_examples=200, deadline=None)
    @given(st.lists(pieces, max_size=14).map("".join))
    def agree(text: str) -> None:
        assert truncate_turn(text) == CodeGenTokenizer.truncate(None, text, turn)
        assert truncate_hub(text) == CodeGenTokenizer.truncate(None, text, hub)

    agree()
