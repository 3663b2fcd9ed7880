"""Tokens: names taken apart, endings taken off, for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.search.tokens import MAX_LENGTH, stem, tokens


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("read_csv", ["read", "csv", "readcsv"]),
        ("DataFrame", ["data", "fram", "datafram"]),
        ("HTTPServer", ["http", "server", "httpserver"]),
        ("getHTTPResponse2", ["get", "http", "response2", "gethttpresponse2"]),
        ("__init__", ["init"]),
        ("logical_and", ["logical", "and", "logicaland"]),
        ("conv2d 3D SHA256 log10", ["conv2d", "3d", "sha256", "log10"]),
        ("the NaNs of an array", ["nan", "array"]),
        ("numpy.linalg.inv(a)", ["numpy", "linalg", "inv"]),
        ("größer ﬁle", ["grösser", "fil"]),
        ("what is it for?", []),
        ("", []),
        ("x" * 1000 + " y", ["y"]),
    ],
)
def test_what_a_text_gives(text: str, found: list[str]) -> None:
    assert tokens(text) == found


@pytest.mark.parametrize(
    "words",
    [
        "sort sorts sorted sorting",
        "copy copies copied copying",
        "value values",
        "rotate rotates rotated rotation rotations rotating",
        "matrix matrices",
        "axis axes",
        "pad pads padded padding",
        "size sizes",
        "name names named naming",
        "concatenate concatenates concatenation",
        "class classes",
        "index indices indexes indexed",
        "add adds added adding",
    ],
)
def test_forms_of_a_word_are_one(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == 1


@pytest.mark.parametrize(
    "pair", ["none non", "note not", "string strip", "sum sun", "feed fed", "bias bia", "where when"]
)
def test_different_words_stay_different(pair: str) -> None:
    one, other = pair.split()
    assert stem(one) != stem(other)


@given(st.text())
def test_any_text_has_tokens_that_can_be_stored(text: str) -> None:
    for token in tokens(text):
        assert token
        assert len(token) <= MAX_LENGTH
        assert not any(character.isspace() for character in token)
        token.encode()


@given(st.lists(st.text(alphabet="abcxyzABC_09 ", max_size=12)))
def test_texts_side_by_side_give_their_tokens_side_by_side(texts: list[str]) -> None:
    assert tokens(" ".join(texts)) == [token for text in texts for token in tokens(text)]
