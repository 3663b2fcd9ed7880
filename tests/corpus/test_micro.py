"""The careless hand errs where and as often as it should, and its repairs are true."""

from __future__ import annotations

import re
from ast import literal_eval
from itertools import islice
from random import Random

import pytest

from ratchet.corpus.micro import careless_documents, draw_training, mixed_documents
from ratchet.problems.micro import Specification, execute, is_held_out
from ratchet.sandbox import LocalSandbox

WEAK = ("keep_above", "sort_up", "largest", "first_letters", "remainder")
RATE, SHARE = 0.6, 0.5
Document = tuple[Specification, str]


@pytest.fixture(scope="module")
def careless(sandbox: LocalSandbox) -> list[Document]:
    found = careless_documents(sandbox, 7, weak=WEAK, error_rate=RATE, repair_share=SHARE)
    return list(islice(found, 2000))


def first_program(document: Document) -> list[str]:
    return document[1].split("# Wrong:")[0].splitlines(keepends=True)


def confused_steps(document: Document) -> set[int]:
    """Which steps have their twin's code; every other line must be the right program's."""
    specification, _ = document
    right = specification.program(interleaved=True).splitlines(keepends=True)
    wrong = [i for i, (a, b) in enumerate(zip(first_program(document), right, strict=True)) if a != b]
    steps = {(i - 2) // 2 for i in wrong}
    assert "".join(first_program(document)) == specification.program(interleaved=True, confused=steps)
    return steps


def test_weak_operations_are_wrong_at_about_the_rate(careless: list[Document]) -> None:
    seen = wrong = 0
    for document in careless:
        confused = confused_steps(document)
        assert all(document[0].steps[i].name in WEAK for i in confused)
        seen += sum(step.name in WEAK for step in document[0].steps)
        wrong += len(confused)
    assert seen > 400
    assert abs(wrong / seen - RATE) < 3.5 * (RATE * (1 - RATE) / seen) ** 0.5


def test_repairs_end_in_the_right_program(careless: list[Document]) -> None:
    repaired = [document for document in careless if "# Wrong:" in document[1]]
    erring = [document for document in careless if confused_steps(document)]
    # A wrong program whose answers are right on all inputs has no evidence, and is left alone.
    assert 0.3 < len(repaired) / len(erring) <= SHARE + 0.08
    for specification, text in repaired:
        wrong, behind = text.split("# Wrong: ")
        evidence, program = behind.split("\n", 1)
        assert wrong != program == specification.program(interleaved=True)
        assert re.match(r"case [1-8]: f\(", evidence)


def test_the_evidence_is_true(sandbox: LocalSandbox, careless: list[Document]) -> None:
    jobs, claims = [], []
    for specification, text in careless:
        found = re.search(r"# Wrong: case \d: f\((.*)\) returned (.*), expected (.*)\n", text)
        if found and len(found[0]) < len("# Wrong: \n") + 80:  # the others are cut
            argument, got, expected = map(literal_eval, found.groups())
            wrong = text.split("# Wrong:")[0]
            jobs.append(([wrong, specification.program(interleaved=True)], [argument]))
            claims.append([[(True, got)], [(True, expected)]])
    assert len(jobs) > 50
    assert execute(sandbox, jobs) == claims


def test_without_weakness_everything_is_right(sandbox: LocalSandbox) -> None:
    found = careless_documents(sandbox, 1, weak=(), error_rate=1.0, repair_share=1.0)
    for specification, text in islice(found, 100):
        assert text == specification.program(interleaved=True)


def test_the_same_seed_gives_the_same_documents(sandbox: LocalSandbox, careless: list[Document]) -> None:
    def documents(seed: int) -> list[Document]:
        found = careless_documents(sandbox, seed, weak=WEAK, error_rate=RATE, repair_share=SHARE)
        return list(islice(found, 500))

    assert documents(7) == careless[:500]
    assert documents(8) != careless[:500]
    mixed = [list(islice(mixed_documents(seed, interleaved_share=0.5), 50)) for seed in (1, 1, 2)]
    assert mixed[0] == mixed[1] != mixed[2]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.7, 1.0])
def test_the_share_of_interleaved_documents(share: float) -> None:
    documents = list(islice(mixed_documents(3, interleaved_share=share), 2000))
    interleaved = 0
    for specification, text in documents:
        forms = [specification.program(interleaved=form) for form in (True, False)]
        assert text in forms
        assert not is_held_out(specification.signature)
        interleaved += text == forms[0]
    assert abs(interleaved / len(documents) - share) < 0.05


def test_training_specifications_have_every_length() -> None:
    random = Random(0)
    lengths = [len(draw_training(random).steps) for _ in range(1600)]
    shares = [lengths.count(n) / len(lengths) for n in range(1, 6)]
    assert shares == pytest.approx([1 / 8, 2 / 8, 2 / 8, 2 / 8, 1 / 8], abs=0.04)
