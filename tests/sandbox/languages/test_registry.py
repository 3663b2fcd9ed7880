"""The registry of languages: what they are called, and what becomes of those that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest

from ratchet.errors import RatchetError
from ratchet.sandbox import Limits, LocalSandbox, Program, Status
from ratchet.sandbox.languages import (
    LANGUAGES,
    Command,
    Language,
    Missing,
    Toolchain,
    Unsplittable,
    language,
    names,
    register,
    resolve,
    tool,
    toolchain,
)

LIMITS = Limits(wall_s=10)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    names()
    kept = dict(LANGUAGES)
    yield
    LANGUAGES.clear()
    LANGUAGES.update(kept)


def own() -> list[Language]:
    names()
    return [each for each in LANGUAGES.values() if type(each).__module__.startswith("ratchet.")]


def test_no_two_languages_are_called_alike() -> None:
    called = ["python", "py", "python3", ".py"]
    for each in own():
        called += [each.name, *each.aliases, *each.extensions]
    assert len(called) == len(set(called))


def test_every_language_says_what_it_is() -> None:
    for each in own():
        assert re.fullmatch("[a-z]+", each.name)
        assert each.title
        assert each.extensions
        assert all(extension.startswith(".") for extension in each.extensions)
        assert each.debian
        assert each.file_name("").endswith(each.extensions)


def test_python_is_the_first_and_each_is_listed_once() -> None:
    assert names()[0] == "python"
    assert len(names()) == len(set(names()))
    assert names()[1:] == sorted(names()[1:])


def test_a_language_is_found_by_name_alias_and_extension() -> None:
    assert {resolve(called) for called in ("python", "py", "Python3", ".py")} == {"python"}
    for each in own():
        for called in (each.name, each.name.upper(), f" {each.name} ", *each.aliases, *each.extensions):
            assert resolve(called) == each.name
            assert language(called) is each


@pytest.mark.parametrize(
    ("called", "meant"), [("pyhton", "python"), ("rubby", "ruby"), ("shel", "bash"), ("Perl6", "perl")]
)
def test_an_unknown_language_is_one_sentence_with_what_may_be_meant(called: str, meant: str) -> None:
    with pytest.raises(RatchetError) as caught:
        resolve(called)
    message = str(caught.value)
    assert repr(called) in message
    assert f"(did you mean {meant}?)" in message
    assert ", ".join(names()) in message
    assert message.endswith(".")
    assert "\n" not in message


def test_an_unknown_language_that_is_like_no_other_names_the_known_ones() -> None:
    with pytest.raises(
        RatchetError, match=r"^no language 'xyzzy' is known to the sandbox; known are: python, "
    ):
        resolve("xyzzy")
    with LocalSandbox(slots=1) as box, pytest.raises(RatchetError, match="no language 'xyzzy'"):
        box.run(Program("", "xyzzy"))


class Sed(Language):
    """A third party's language: a stream editor's script, run on standard input."""

    name = "sed"
    title = "sed"
    extensions = (".sed",)
    debian = ("sed",)

    def find(self) -> Toolchain:
        return Toolchain("any", {"sed": tool("sed")})

    def command(self, tools: Toolchain, files: Sequence[str], limits: Limits) -> Command:
        return Command((tools.tools["sed"], "-n", "-f", files[0]))


def test_one_class_adds_a_language() -> None:
    register(Sed)
    assert "sed" in names()
    assert resolve(".sed") == "sed"
    with LocalSandbox(slots=1) as box:
        outcome = box.run(Program("s/one/two/p\n", "sed", stdin="one more\nnone\nnothing\n"), LIMITS)
        assert (outcome.status, outcome.stdout) == (Status.OK, "two more\nntwo\n")
        with pytest.raises(Unsplittable, match="no driver for sed"):
            box.examine(Program("", "sed"), "f", Program("", "sed"), LIMITS)


class Elsewhere(Sed):
    """One whose toolchain nobody has."""

    name = "elsewhere"
    title = "Elsewhere"
    extensions = (".elsewhere",)
    debian = ("elsewhere-compiler", "elsewhere-runtime")

    def find(self) -> Toolchain:
        return Toolchain("any", {"cc": tool("no-such-compiler-1", "no-such-compiler-2")})

    def candidate(self, source: str, entry_point: str) -> Program:
        return Program(source)

    def examiner(self, declaration: str, test: str, entry_point: str) -> Program:
        return Program(test)


def test_a_missing_toolchain_is_unavailable_and_no_verdict() -> None:
    register(Elsewhere)
    with pytest.raises(Missing, match="no no-such-compiler-1 or no-such-compiler-2 was found"):
        toolchain("elsewhere")
    with LocalSandbox(slots=1) as box:
        outcome = box.run(Program("", "elsewhere"), LIMITS)
        assert outcome.status is Status.UNAVAILABLE
        assert (outcome.exit_code, outcome.signal, outcome.stdout) == (None, None, "")
        assert "apt install elsewhere-compiler elsewhere-runtime" in outcome.reason
        exam = box.examine(Program("", "elsewhere"), "f", Program("", "elsewhere"), LIMITS)
        assert not exam.passed
        assert exam.candidate.status is Status.UNAVAILABLE
        assert "apt install" in exam.detail
        asked = box.call(Program("", "elsewhere"), "f", [[1]], LIMITS)
        assert asked.outcome.status is Status.UNAVAILABLE
        assert asked.results == ()
