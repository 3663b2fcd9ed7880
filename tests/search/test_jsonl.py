"""Documents of the private benchmarks' form, and what is wrong with other files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.errors import RatchetError
from ratchet.search import Index, read_documents
from ratchet.search.jsonl import split_document


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("add(a, b): Add two numbers.", ("add", "(a, b)", "Add two numbers.")),
        ("pivot(i='a:b') -> 'd[s, t]': Turn: it.", ("pivot", "(i='a:b') -> 'd[s, t]'", "Turn: it.")),
        ("any(a, dims=<no value>, *, b): Any: all.", ("any", "(a, dims=<no value>, *, b)", "Any: all.")),
        ("numpy.pi: 3.14", ("numpy.pi", "", "3.14")),
        ("add(a, b) Add: two numbers.", ("add", "(a, b)", "Add: two numbers.")),
        ("Just some words: here.", ("", "", "Just some words: here.")),
        ("add(a, b", ("", "", "add(a, b")),
        ("(a): b", ("", "", "(a): b")),
        ("", ("", "", "")),
    ],
)  # fmt: skip
def test_a_document_is_split_behind_its_signature(text: str, parts: tuple[str, str, str]) -> None:
    assert split_document(text) == parts


@given(st.text(alphabet="ab.()[]':->, ", max_size=40) | st.text())
def test_any_text_is_split_without_loss_of_description(text: str) -> None:
    name, signature, description = split_document(text)
    assert text.strip().startswith(name)
    assert signature in text
    assert text.strip().endswith(description)


def test_every_form_of_a_file_gives_the_same(tmp_path: Path) -> None:
    text = "add(a, b): add(a, b, /) Add two numbers."
    forms = {
        "a.jsonl": json.dumps({"library": "sums", "name": "add", "doc": text, "seen_in": []}),
        "b.jsonl": "\n" + json.dumps({"library": "sums", "text": text}) + "\r\n\n",
        "c.json": "\ufeff" + json.dumps([{"library": "sums", "text": text}], indent=1),
    }
    for name, content in forms.items():
        (tmp_path / name).write_text(content, encoding="utf-8", newline="")
        (entry,) = read_documents(tmp_path / name)
        assert (entry.public, entry.signature, entry.summary) == ("sums.add", "(a, b)", "Add two numbers.")
    (tmp_path / "d.jsonl").write_text(json.dumps(text))
    assert read_documents(tmp_path / "d.jsonl")[0].public == "add"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "holds no documents"),
        ("[]", "holds no documents"),
        ('"a: b"\n{oops', r"x\.jsonl:2: not JSON"),
        ("[1", r"x\.jsonl: not JSON"),
        ("7", ":1: a document must be a text or an object"),
        ('["a: b", 7]', "document 2: a document must be a text or an object"),
        ("{}", ':1: the field "text" is missing'),
        ('{"doc": 3}', ':1: the field "doc" must be a text'),
        ('{"doc": "a: b", "name": null}', ':1: the field "name" must be a text'),
        ('{"doc": "no name here"}', ":1: a document must begin with a name"),
        ("1" * 5000, ":1: not usable JSON"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff", "byte 1 is not UTF-8"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RatchetError, match=sentence):
        read_documents(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match=r"none\.json cannot be read: No such file"):
        read_documents(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("library", "query", "name"),
    [
        ("beatnum", "Return the absolute value of the given number", "absolute"),
        ("beatnum", "stack numsets in horizontal order", "horizontal_stack"),
        ("monkey", "fill missing values", "fillnone"),
        ("monkey", "make the intersection of two index objects", "interst"),
        ("torchdata", "apply a function over each item and flatten the outputs", "flatmap"),
    ],
)
def test_the_private_libraries_documents(benchmark_data: Path, library: str, query: str, name: str) -> None:
    entries = read_documents(benchmark_data / "private-eval" / "derived" / "api_docs.jsonl")
    assert len(entries) == 763
    assert all(entry.summary and entry.signature.startswith("(") for entry in entries)
    index = Index.build(entry for entry in entries if entry.public.startswith(f"{library}."))
    hit, *_ = index.search(query)
    assert hit.entry.public == f"{library}.{name}"
