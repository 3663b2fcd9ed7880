"""The tokenizer loses nothing, and cuts a prompt as it cuts the document that goes on behind it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.local_models import tokenizer

pytest.importorskip("tokenizers", reason="the extra `local` is not installed")
pytest.importorskip("transformers", reason="the extra `local` is not installed")

from ratchet.corpus.tokenizer import END_OF_TEXT, load_tokenizer, train_tokenizer

pytestmark = pytest.mark.local

CODE_LIKE = st.text(st.sampled_from("\n\n\t\r  \x0c\u00a0\u2028abZ19_#=.é漢😀\0"), max_size=40)
TEXTS = st.one_of(st.text(max_size=60), CODE_LIKE)


def ids(text: str) -> list[int]:
    found: list[int] = tokenizer()(text)["input_ids"]
    return found


@cache
def untidy() -> Any:
    """A tokenizer that saw white space at the ends of lines, and would merge it with what it may."""
    text = "x \n    y\t\n\ty\r\n\n  \n \n\t\t\nz\n\n\n    x"
    return train_tokenizer([text] * 50, vocab_size=300)


@settings(max_examples=300)
@given(TEXTS)
@example("👩‍👩‍👧 é\u0301\r\n\tx  \n\n   y")
@example(f"a{END_OF_TEXT}b")
@example("\ufffd\x00\x7f\uffff\U0010ffff")
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert tokenizer().decode(ids(text)) == text


@settings(max_examples=300)
@given(CODE_LIKE, CODE_LIKE)
@example("x \t", "    y")
@example("\r", "\t")
@example("    x = 1", "    # Next.\n")
def test_a_prompt_that_ends_with_its_line_is_cut_as_the_document_is(prompt: str, rest: str) -> None:
    prompt += "\n"
    for made in (tokenizer(), untidy()):
        whole = made(prompt + rest)["input_ids"]
        assert whole == made(prompt)["input_ids"] + made(rest)["input_ids"]


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(TypeError):
        tokenizer()("a\ud800b")


def test_an_indentation_a_digit_and_a_line_break_are_tokens_of_their_own() -> None:
    tokens = tokenizer().convert_ids_to_tokens(ids("\n        return 10\n\n"))
    space, line_break = "\u0120", "\u010a"
    assert tokens == [line_break, space * 4, space * 4, "return", space, "1", "0", line_break, line_break]


def test_the_vocabulary_has_its_size_and_begins_with_the_end() -> None:
    assert len(tokenizer()) == 400
    assert tokenizer().eos_token_id == tokenizer().bos_token_id == tokenizer().pad_token_id == 0
    assert tokenizer().convert_ids_to_tokens(0) == END_OF_TEXT


def test_the_smallest_vocabulary() -> None:
    smallest = train_tokenizer(["abab"], vocab_size=257)
    assert len(smallest) == 257
    assert smallest.decode(smallest("añ\n")["input_ids"]) == "añ\n"
    with pytest.raises(ValueError, match="more than 256 entries, not 256"):
        train_tokenizer(["abab"], vocab_size=256)


def test_the_same_texts_give_the_same_vocabulary() -> None:
    texts = [f"def f{i}(xs):\n    return xs[{i}]\n" for i in range(50)]
    first, second = (train_tokenizer(iter(texts), vocab_size=300) for _ in range(2))
    assert first.get_vocab() == second.get_vocab()


def test_it_is_kept_in_a_folder(tmp_path: Path) -> None:
    tokenizer().save_pretrained(str(tmp_path))
    loaded = load_tokenizer(tmp_path)
    text = "def f(xs):\n\t# Keep é.\n    xs = xs[::2] \n"
    assert loaded(text)["input_ids"] == ids(text)
    assert loaded.decode(ids(text)) == text
    assert loaded.eos_token_id == 0
