"""Configurations: strict types, overrides, and sentences that name what is wrong."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest

from ratchet.errors import RatchetError
from ratchet.runs import as_plain, from_plain, load_config


class Schedule(StrEnum):
    LINEAR = "linear"
    COSINE = "cosine"


@dataclass(frozen=True)
class Training:
    lr: float = 1e-3
    steps: int = 100
    betas: tuple[float, float] = (0.9, 0.98)
    schedule: Schedule = Schedule.LINEAR
    compile: bool = False


@dataclass(frozen=True)
class Recipe:
    name: str
    train: Training = Training()
    second: Training | None = None
    sizes: tuple[int, ...] = ()
    device: Literal["cpu", "cuda"] = "cpu"
    corpus: Path | None = None
    limit: int | None = None


YAML = """
name: first
train: {lr: 3e-4, betas: [0.9, 0.99], schedule: cosine}
second:
  steps: 7
sizes: [1, 2]
corpus: data/text
"""
TOML = """
name = "first"
sizes = [1, 2]
corpus = "data/text"
train = {lr = 3e-4, betas = [0.9, 0.99], schedule = "cosine"}
second.steps = 7
"""
JSON = """{"name": "first", "sizes": [1, 2], "corpus": "data/text", "second": {"steps": 7},
"train": {"lr": 0.0003, "betas": [0.9, 0.99], "schedule": "cosine"}}"""
EXPECTED = Recipe(
    name="first",
    train=Training(lr=3e-4, betas=(0.9, 0.99), schedule=Schedule.COSINE),
    second=Training(steps=7),
    sizes=(1, 2),
    corpus=Path("data/text"),
)


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize(("name", "text"), [("a.yaml", YAML), ("a.toml", TOML), ("a.JSON", JSON)])
def test_three_formats_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    assert load_config(Recipe, written(tmp_path, name, text)) == EXPECTED


def test_plain_data_and_back() -> None:
    plain = as_plain(EXPECTED)
    assert plain["train"]["betas"] == [0.9, 0.99]
    assert plain["corpus"] == "data/text"
    assert from_plain(Recipe, plain) == EXPECTED


@pytest.mark.parametrize(
    ("override", "field", "value"),
    [
        ("train.lr=3e-4", "train", Training(lr=3e-4)),
        ("train.lr=1", "train", Training(lr=1.0)),
        ("train.compile=true", "train", Training(compile=True)),
        ("train.schedule=cosine", "train", Training(schedule=Schedule.COSINE)),
        ("train.betas=0.5,0.6", "train", Training(betas=(0.5, 0.6))),
        ("second.steps=3", "second", Training(steps=3)),
        ("second=none", "second", None),
        ("sizes=[1, 2, 3]", "sizes", (1, 2, 3)),
        ("sizes=4", "sizes", (4,)),
        ("sizes=", "sizes", ()),
        ("name=3", "name", "3"),
        ("name=a=b", "name", "a=b"),
        ("device=cuda", "device", "cuda"),
        ("limit=12", "limit", 12),
        ("limit=null", "limit", None),
        ("corpus=here", "corpus", Path("here")),
    ],
)
def test_overrides_are_read_as_the_type_asks(override: str, field: str, value: Any) -> None:
    config = load_config(Recipe, None, ["name=x", override])
    assert getattr(config, field) == value
    assert type(getattr(config, field)) is type(value)


def test_an_override_changes_only_its_own_setting(tmp_path: Path) -> None:
    config = load_config(Recipe, written(tmp_path, "a.yaml", YAML), ["train.steps=9"])
    assert config.train == Training(lr=3e-4, steps=9, betas=(0.9, 0.99), schedule=Schedule.COSINE)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("train.lrr=1", "there is no setting train.lrr (--set): did you mean train.lr?"),
        ("lr=1", "there is no setting lr (--set): did you mean train.lr?"),
        ("train.lr.x=1", "there is no setting train.lr.x (--set): did you mean train.lr?"),
        ("train.lr=fast", 'the setting train.lr must be a number, not "fast".'),
        ("train.steps=1.5", 'the setting train.steps must be a whole number, not "1.5".'),
        ("train.compile=1", 'the setting train.compile must be true or false, not "1".'),
        ("train.betas=0.5", "the setting train.betas must be a list of 2: a number, a number, not [0.5]."),
        ("train.schedule=step", 'the setting train.schedule must be one of linear, cosine, not "step".'),
        ("device=tpu", 'the setting device must be one of cpu, cuda, not "tpu".'),
        ("limit=many", 'the setting limit must be a whole number or nothing, not "many".'),
        ("sizes=1,x", 'the setting sizes[1] must be a whole number, not "x".'),
        ("train=3", 'train must hold settings by name, not "3".'),
        ("train.lr", "--set train.lr: write it as NAME=VALUE, for example train.lr=3e-4."),
    ],
)
def test_a_wrong_override_is_one_sentence(override: str, sentence: str) -> None:
    with pytest.raises(RatchetError) as raised:
        load_config(Recipe, None, ["name=x", override])
    assert str(raised.value) == sentence


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.yaml", "name: x\ntrian: {}", "there is no setting trian in {path}: did you mean train?"),
        ("a.yaml", "name: x\nzz: 1", "there is no setting zz in {path}: there are corpus, device,"),
        ("a.yaml", "train: {}", "the setting name in {path} is missing: give it text."),
        ("a.yaml", "name: 3", "the setting name in {path} must be text, not 3."),
        ("a.yaml", "name: x\nlimit: true", "the setting limit in {path} must be a whole number or nothing"),
        (
            "a.yaml",
            "name: x\ntrain: {steps: 2.0}",
            "the setting train.steps in {path} must be a whole number",
        ),
        ("a.yaml", "name: x\nsizes: 1", "the setting sizes in {path} must be a list, each item a whole"),
        ("a.yaml", "name: x\nname: y", "{path} is not valid YAML: the key 'name' stands twice (line 2)."),
        ("a.yaml", "name: [", "{path} is not valid YAML: "),
        ("a.yaml", "- 1", "{path} must hold settings by name, not [1]."),
        ("a.toml", "name = ", "{path} is not valid TOML: "),
        ("a.json", "{'name'}", "{path} is not valid JSON: "),
        ("a.ini", "name=x", "{path}: a configuration file ends in .toml, .yaml, .yml or .json."),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    path = written(tmp_path, name, text)
    with pytest.raises(RatchetError) as raised:
        load_config(Recipe, path)
    assert str(raised.value).startswith(sentence.format(path=path))
    assert "\n" not in str(raised.value)


def test_no_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RatchetError, match="cannot be read: No such file"):
        load_config(Recipe, tmp_path / "none.yaml")


def test_yaml_has_no_traps(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Traps:
        rate: float
        word: str
        time: str
        number: int
        nothing: str | None

    # `from __future__ import annotations` leaves strings: these resolve in the module's namespace.
    path = written(tmp_path, "a.yml", "rate: 1e3\nword: off\ntime: 1:30\nnumber: 010\nnothing: ~\n")
    assert load_config(Traps, path) == Traps(1000.0, "off", "1:30", 10, None)


@dataclasses.dataclass(frozen=True)
class _Stage:
    lr: float = 1.0
    steps: int = 1


@dataclasses.dataclass(frozen=True)
class _Stages:
    second: _Stage = dataclasses.field(default_factory=lambda: _Stage(lr=0.5, steps=2))


def test_an_override_leaves_the_rest_of_a_nested_default_as_it_was() -> None:
    assert load_config(_Stages, None, ["second.steps=7"]) == _Stages(_Stage(lr=0.5, steps=7))
