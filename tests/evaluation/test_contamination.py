"""Problems in a corpus: what is found, what is not, and what a threshold means."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.errors import RatchetError
from ratchet.evaluation.contamination import Contamination, Document, contamination, documents
from ratchet.evaluation.contamination.code import lines_of
from ratchet.evaluation.contamination.similar import Solutions, solution_of
from ratchet.problems import Benchmark, CheckOracle, Problem, load_benchmark
from ratchet.sandbox.types import Limits

PROMPT = '''from typing import List


def halves(numbers: List[int], least: int) -> List[int]:
    """ Of the numbers that are even give back the halves, in the order in which they came along,
    but leave out those which are smaller than least.
    """
'''
BODY = """    kept = []
    for number in numbers:
        if number % 2 == 0 and number >= least:
            kept.append(number // 2)
    return kept
"""
TEST = "def check(candidate):\n    assert candidate([2, 4, 5], 3) == [2]\n"


def toy(prompt: str = PROMPT, body: str = BODY, language: str = "python") -> Benchmark:
    oracle = CheckOracle("halves", TEST)
    return Benchmark(
        "toy",
        (Problem("toy/0", prompt, oracle, language, reference=body),),
        Limits(), "MIT", "here",
    )  # fmt: skip


def edited(text: str, edits: int, seed: int) -> str:
    """So many characters, none of them white space, replaced by ones that stand nowhere in the text."""
    places = [i for i, character in enumerate(text) if not character.isspace()]
    chosen = set(random.Random(seed).sample(places, edits))
    return "".join("§" if i in chosen else character for i, character in enumerate(text))


def test_a_copy_is_found_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "b.py").write_text(
        f"import os\n\n\nclass A:\n    pass\n\n\n{PROMPT}{BODY}\n\nprint(1)\n"
    )
    (tmp_path / "src" / "a.py").write_text("print('nothing')\n" * 50)
    report = contamination(toy(), documents([tmp_path / "src"]))
    (finding,) = report.findings
    assert finding.overlap == {"prompt": 1.0, "reference": 1.0}
    assert finding.similarity == 1.0
    places = {(match.kind, match.part): (Path(match.path).name, match.line) for match in finding.matches}
    assert places["n-gram", "prompt"] == ("b.py", 8)
    assert places["similar", "reference"] == ("b.py", 11)
    assert (report.documents, report.similar, report.overlapping) == (2, ("toy/0",), ("toy/0",))
    assert report.as_dict() == contamination(toy(), documents([tmp_path / "src"])).as_dict()


def test_nine_tenths_is_the_line() -> None:
    """A copy that is edited under 10 % is found, one that is edited over 10 % is not."""
    code = "".join((PROMPT.split("\n\n\n")[1].split('"""')[0].rstrip() + "\n" + BODY).split())
    length = len(code)
    function = PROMPT.split("\n\n\n")[1].split('    """')[0] + BODY
    for seed in range(20):
        for edits, expected in ((length // 10 - 1, 1), (length // 10 + 2, 0)):
            document = Document("d", f"x = 1\n\n{edited(function, edits, seed)}\ny = 2\n")
            report = contamination(toy(), [document])
            assert len(report.similar) == expected
            if expected:
                assert report.findings[0].similarity == pytest.approx(1 - edits / length)


@pytest.mark.slow
@given(st.text("abc(){}=+\n ", min_size=1, max_size=90), st.text("abc(){}=+\n ", min_size=1, max_size=90))
@settings(max_examples=200, deadline=None)
def test_what_is_passed_over_unseen_is_not_similar(one: str, other: str) -> None:
    from rapidfuzz.distance import Levenshtein

    pad = "return_the_same_long_text_for_both_of_them_so_that_they_are_alike;" * 3
    solution = solution_of(0, "reference", f"{pad}{one}", "", "python")
    assert solution is not None
    document = Document("d", f"{pad}{other}")
    found = {similarity for _, similarity, _ in Solutions([solution]).find(document)}
    bare = "".join(f"{pad}{other}".split())
    similarity = Levenshtein.normalized_similarity(bare, solution.text)
    assert (similarity in found) == (similarity > 0.9)


def test_comments_docstrings_and_layout_do_not_hide_a_copy() -> None:
    copy = (
        PROMPT.split('    """')[0]
        + "    # all mine\n"
        + BODY.replace("    ", "\t").replace("kept = []", "kept=[ ]")
    )
    finding = contamination(toy(), [Document("d", copy)]).findings[0]
    assert finding.similarity == 1.0
    braces = "std::vector<int> halves(std::vector<int> numbers, int least) {\n"
    body = "    std::vector<int> kept; // some\n    for (int n : numbers) kept.push_back(n / 2);\n"
    allman = f"namespace a\n{{\n{braces.replace(' {', '')}\n{{\n/* other */\n{body}    return kept;\n}}\n}}\n"
    report = contamination(toy(braces, f"{body}    return kept;\n}}\n", "cpp"), [Document("d", allman)])
    assert report.findings[0].similarity == 1.0


def test_blocks_have_their_lines() -> None:
    first = "class A:\n    def f(\n        x,\n    ):\n        return x\n\n"
    text = f"{first}    def g(x):\n        return 2\ny = 1\n"
    lines = lines_of(text, "hash")
    assert list(lines.units(1, 1000)) == [(0, 10), (1, 5), (6, 8), (0, 8)]
    assert lines.bare_text(6, 8) == "defg(x):return2"


def test_what_many_problems_share_says_nothing() -> None:
    licence = "# " + " ".join(f"word{i}" for i in range(20)) + "\n"
    problems = tuple(
        Problem(f"t/{n}", licence + " ".join(f"own{n}x{i}" for i in range(9)), CheckOracle("f", ""))
        for n in range(6)
    )
    benchmark = Benchmark("t", problems, Limits(), "MIT", "here")
    assert contamination(benchmark, [Document("d", licence)]).findings == ()
    assert contamination(benchmark, [Document("d", problems[3].prompt)]).overlapping == ("t/3",)
    numbers = Benchmark(
        "n", (Problem("n/0", " ".join(map(str, range(40))), CheckOracle("f", "")),), Limits(), "", ""
    )
    report = contamination(numbers, [Document("d", " ".join(map(str, range(40))))])
    assert (report.findings, report.without_ngrams, report.without_code) == ((), ("n/0",), ("n/0",))


def test_every_kind_of_corpus(tmp_path: Path) -> None:
    text = PROMPT + BODY
    rows = [{"text": "nothing"}, {"messages": [{"role": "user", "content": text}], "n": 1}]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "a.jsonl").write_text(lines)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "c.py.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "d.bin").write_bytes(b"\x7fELF\0\0" + text.encode())
    (tmp_path / "e.txt").write_bytes(b"\xff\xfe broken \xff\n" + text.encode())
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "f.py").write_text(text)
    skipped: list[Path] = []
    check = Contamination(toy())
    found = [
        (Path(document.path).name, document.line)
        for document in documents([tmp_path], skipped=skipped.append)
        if check.look(document)
    ]
    assert found == [("a.jsonl", 2), ("b.jsonl.gz", 2), ("c.py.gz", 1), ("e.txt", 1)]
    assert skipped == [tmp_path / "d.bin"]
    finding = check.report().findings[0]
    assert finding.documents == {"n-gram": 4, "similar": 4}
    assert {(Path(match.path).name, match.line) for match in finding.matches} >= {("a.jsonl", 2)}
    (tmp_path / "g.ndjson").write_text('{"text": "this", "other": "not that"}')
    assert [document.text for document in documents([tmp_path / "g.ndjson"], "text")] == ["this"]


@pytest.mark.slow
def test_a_table_in_parquet(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pip install pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"code": ["x", PROMPT + BODY], "n": [1, 2]}), tmp_path / "a.parquet")
    report = contamination(toy(), documents([tmp_path / "a.parquet"]))
    assert report.findings[0].matches[0].line == 2


def test_large_files_come_in_pieces_with_the_right_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ratchet.evaluation.contamination.reading.PIECE", 1000)
    filler = "some = 'filler'\n" * 300
    (tmp_path / "a.py").write_text(filler + PROMPT + BODY + filler)
    pieces = list(documents([tmp_path / "a.py"]))
    assert "".join(piece.text for piece in pieces) == filler + PROMPT + BODY + filler
    assert all(filler.count("\n", 0, 1) == 0 and piece.text.endswith("\n") for piece in pieces)
    starts = [1]
    for piece in pieces:
        starts.append(starts[-1] + piece.text.count("\n"))
    assert [piece.line for piece in pieces] == starts[:-1]


def test_what_cannot_be_asked_or_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match="no file or folder"):
        list(documents([tmp_path / "gone"]))
    (tmp_path / "a.jsonl").write_text('{"a": "x"}\n')
    with pytest.raises(RatchetError, match='row 1: there is no field "text"'):
        list(documents([tmp_path / "a.jsonl"], "text"))
    (tmp_path / "b.py.gz").write_bytes(gzip.compress(b"x" * 9999)[:30])
    with pytest.raises(RatchetError, match="damaged or cut-off"):
        list(documents([tmp_path / "b.py.gz"]))
    with pytest.raises(RatchetError, match="8 words or more"):
        Contamination(toy(), n=7)
    with pytest.raises(RatchetError, match=r"from 0\.5"):
        Contamination(toy(), threshold=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["humaneval", "mbpp", "humaneval-x:java"])
def test_every_published_solution_finds_itself(benchmark_data: Path, name: str) -> None:
    benchmark = load_benchmark(name)
    check = Contamination(benchmark)
    for problem in benchmark.problems:
        document = Document(problem.id, f"{problem.prompt}{problem.reference}{problem.closing}")
        kinds = {match.kind for match in check.look(document) if match.problem_id == problem.id}
        assert "n-gram" in kinds
    report = check.report()
    assert len(report.similar) + len(report.without_code) == len(benchmark.problems)
    assert len(report.without_code) < 0.2 * len(benchmark.problems)


def test_texts_that_were_made_to_last_long_do_not() -> None:
    texts = [
        "/*" * 30_000,
        "'\\'" * 30_000,
        '"""' * 29_999,
        "(" * 90_000,
        "\n".join(" " * i for i in range(400)),
    ]
    for text in texts:
        assert contamination(toy(language="cpp"), [Document("d", text)]).findings == ()
        assert contamination(toy(), [Document("d", text)]).findings == ()
