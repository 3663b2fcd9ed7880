"""The private libraries: their words, the tests in those words, their documents, what the benchmarks say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ratchet.errors import RatchetError
from ratchet.problems import load_benchmark
from ratchet.problems.data import find_data
from ratchet.problems.lines import read_rows
from ratchet.problems.private.alignment import changed_words, renamed_test
from ratchet.problems.private.documents import api_lines, documents
from ratchet.problems.private.files import LIBRARIES, file_of
from ratchet.problems.private.inside import Names
from ratchet.problems.private.keywords import BEATNUM, MONKEY, Table, forbidden, public_text
from ratchet.problems.types import RenamedOracle

TABLES = {"monkey": MONKEY, "beatnum": BEATNUM}
TITLES = {"monkey": "monkeyeval", "beatnum": "beatnumeval"}

tables = st.sampled_from(list(TABLES.values()))
texts = st.lists(st.sampled_from(["kf", "sip", "drop", "mean", "(", ")", ".", " ", "#", '"', "a", "_", "1"]))


@given(tables, texts.map("".join))
def test_a_text_without_private_words_stays_as_it_is(table: Table, text: str) -> None:
    assume(not any(private in text for _, private in table))
    assert public_text(text, table) == text


@given(tables, st.data())
def test_only_a_whole_identifier_that_is_a_public_word_is_rejected(table: Table, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from([public for public, _ in table]))
    before, after = (data.draw(st.sampled_from(list(" .()[]'\"#:\n"))) for _ in range(2))
    assert forbidden(f"{before}{word}{after}", table) == word
    glue = data.draw(st.sampled_from(["q_", "Q", "q9"]))
    assert forbidden(f"{before}{glue}{word}{after}", table) is None
    assert forbidden(f"{before}{word}_{glue}{after}", table) is None


@pytest.mark.parametrize("library", TABLES)
def test_every_private_word_is_put_back_to_its_own_public_one(library: str) -> None:
    table = TABLES[library]
    assert [(public_text(private, table), private) for _, private in table] == list(table)
    assert not any(forbidden(private, table) for _, private in table)


def test_the_rule_of_the_authors_replaces_within_words_and_in_the_order_of_the_table() -> None:
    assert public_text("kf.sipna().sip(gossip)", MONKEY) == "df.dropna().drop(gosdrop)"
    assert public_text("total_sum, total_all", MONKEY) == "sum, all"
    assert forbidden("# the mean\nkf.average()", MONKEY) == "mean"
    assert forbidden("'last'", MONKEY) == "last"
    assert public_text("bn.asnumset(bn.numset(1))", BEATNUM) == "np.asarray(np.array(1))"


def test_a_test_says_what_the_private_prompt_says_and_leaves_the_library_alone() -> None:
    public = "import pandas as pd\ndef mean_of(df):\n    # `mean` of df\n"
    private = "import monkey as mk\ndef average_of(kf):\n    # `average` of kf\n"
    words = changed_words(public, private)
    assert words["mean_of"] == "average_of"
    assert words["mean"] == "average"
    words.pop("pd")
    test = (
        "def check(candidate):\n    assert mean_of(pd.DataFrame({'mean': [df]}, mean=1)).mean() == df.mean\n"
    )
    assert renamed_test(test, words) == (
        "def check(candidate):\n"
        "    assert average_of(pd.DataFrame({'average': [kf]}, mean=1)).mean() == kf.mean\n"
    )


def test_names_that_a_test_defines_itself_are_its_own() -> None:
    test = "df = 1\ndef check(c):\n    assert c(df)\n"
    assert renamed_test(test, {"df": "kf"}) == test


def test_a_test_that_is_no_python_stays_as_it_is() -> None:
    assert renamed_test("def check(c):\n    assert (c\n", {"c": "d"}) == "def check(c):\n    assert (c\n"


def test_prompts_of_different_length_have_no_common_words() -> None:
    with pytest.raises(ValueError, match="zip"):
        changed_words("a b", "a")


def test_names_are_made_of_private_words_whole_in_parts_and_within_words() -> None:
    names = Names(BEATNUM)
    assert names.of_attribute("column_stack") == "stack_col"
    assert names.of_attribute("masked_array") == "masked_numset"
    assert names.of_attribute("arrayed") == "arrayed"
    assert "getting_min_count" in set(Names(MONKEY).of_parameter("min_count"))


def test_documents_are_those_between_the_marks() -> None:
    prompt = "# [start]\n# a(x): One.\n#  b(): Two.\n# [end]\nimport monkey as mk\n# c(): Three.\n"
    assert api_lines(prompt) == ["a(x): One.", "b(): Two."]
    with pytest.raises(RatchetError, match="come with monkey and beatnum"):
        documents("pandas")
    with pytest.raises(RatchetError, match="no prompts 'api_4' of monkey"):
        file_of("monkey", "api_4")


@pytest.mark.parametrize("library", TABLES)
def test_the_words_are_those_of_the_authors(benchmark_data: Path, library: str) -> None:
    published = json.loads((benchmark_data / "private-eval/derived/keyword_map.json").read_text())
    assert [list(pair) for pair in TABLES[library]] == published[library]


@pytest.mark.parametrize("library", TABLES)
def test_every_document_is_there_once(benchmark_data: Path, library: str) -> None:
    lines = (benchmark_data / "private-eval/derived/api_docs.jsonl").read_text().splitlines()
    names = {row["name"] for row in map(json.loads, lines) if row["library"] == library}
    entries = documents(library)
    assert {entry.public for entry in entries} == {f"{library}.{name}" for name in names}
    assert len(entries) == {"monkey": 62, "beatnum": 60}[library]
    assert all(entry.summary and entry.signature for entry in entries)


@pytest.mark.slow
@pytest.mark.parametrize("library", TABLES)
def test_what_a_prompt_asks_for_finds_the_api_that_it_needs(benchmark_data: Path, library: str) -> None:
    index_module = pytest.importorskip("ratchet.search.index")
    index = index_module.Index.build(documents(library))
    prompts = {row.text("task_id"): row.text("prompt") for row in read_rows(find_data(file_of(library)))}
    lines = (benchmark_data / "private-eval/derived/needed_apis.jsonl").read_text().splitlines()
    needed = [
        row
        for row in map(json.loads, lines)
        if row["library"] == library and row["source"] == "api_n" and row["apis"]
    ]
    first = in_five = 0
    for row in needed:
        said = re.findall(r"#([^\n]*)|\"\"\"(.*?)\"\"\"", prompts[row["task_id"]], re.DOTALL)
        hits = index.search(" ".join(comment or doc for comment, doc in said), k=20)
        names = list(dict.fromkeys(hit.entry.public.partition(".")[2] for hit in hits))
        first += names[:1] != [] and names[0] in row["apis"]
        in_five += not set(names[:5]).isdisjoint(row["apis"])
    measured = {"monkey": (24, 45, 87), "beatnum": (26, 38, 77)}[library]
    assert len(needed) == measured[2]
    assert first >= measured[0]
    assert in_five >= measured[1]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_rejected_completion_is_no_program_in_the_authors_harness(
    benchmark_data: Path, library: str
) -> None:
    # It puts "error!" in place of the completion and runs that; here nothing is run.
    for row in read_rows(find_data(file_of(LIBRARIES[library].public))):
        with pytest.raises(SyntaxError):
            compile(f"{row.text('prompt')}error!\n{row.text('test')}", "program", "exec")


@pytest.mark.slow
@pytest.mark.parametrize("library", LIBRARIES)
def test_the_rules_share_prompts_and_differ_in_how_they_judge(benchmark_data: Path, library: str) -> None:
    title = TITLES[library]
    strict, paper = load_benchmark(title), load_benchmark(f"{title}:paper")
    with_documents = load_benchmark(f"{title}:strict-api-n")
    assert (strict.rules, paper.rules, strict.licence) == ("strict", "paper", "MIT")
    assert len(strict.problems) == len(with_documents.problems) == 101
    documented = {problem.id: problem for problem in with_documents.problems}
    authors = {problem.id: problem for problem in paper.problems}
    for problem in strict.problems:
        assert problem.prompt == authors[problem.id].prompt
        assert documented[problem.id].prompt.endswith(problem.prompt)
        assert documented[problem.id].oracle == problem.oracle
        assert set(problem.files) == {f"{library}.py", "private_names.py"}
        assert isinstance(authors[problem.id].oracle, RenamedOracle)
        assert not authors[problem.id].files
    assert len(strict.digest()) == 64
    assert not set(strict.broken) & set(strict.exceptions)
    assert not set(paper.broken) & set(paper.exceptions)


def test_a_choice_that_is_not_there_is_answered_with_those_that_are(benchmark_data: Path) -> None:
    with pytest.raises(RatchetError, match="paper-api-1"):
        load_benchmark("monkeyeval:lenient")
