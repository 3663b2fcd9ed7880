"""The report on Runs in a real browser: figures, grid, filters, one sample in full, hostile text, size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from ratchet.errors import RatchetError
from ratchet.evaluation.records import Evaluation, SampleRecord, ToolCall, read_evaluation
from ratchet.judge import VerdictStatus
from ratchet.report.evaluation import report_html, write_report
from tests.evaluation.building import problem, sample, write_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator
    from playwright.sync_api import Page as Tab

HOSTILE = (
    "</script></pre><img src=x onerror=\"document.title='owned'\">"
    '<script>document.title="owned"</script>\u2028'
)


class Opened:
    """A tab with the page, and what the browser complained of and asked for."""

    def __init__(self, tab: Tab, path: Path) -> None:
        self.tab = tab
        self.complaints: list[str] = []
        self.requests: list[str] = []
        tab.on("request", lambda request: self.requests.append(request.url))
        tab.on("console", lambda message: self.complaints.append(message.text))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.goto(path.as_uri())

    @property
    def rows(self) -> Locator:
        """The rows of the grid that are drawn."""
        return self.tab.locator(".grid-body .row")

    @property
    def found(self) -> Locator:
        """The line that says how much fits the filter."""
        return self.tab.locator("#found")

    def quiet(self) -> bool:
        """Whether nothing was complained of, and nothing asked for but the file."""
        return not self.complaints and all(url.startswith(("file:", "data:")) for url in self.requests)


def report(folder: Path, *runs: Sequence[SampleRecord], **known: Any) -> Path:
    paths = [write_run(folder / f"r{i}", run, model=f"hf:model-{i}", **known) for i, run in enumerate(runs)]
    return write_report([read_evaluation(path) for path in paths], folder / "new" / "report.html")


def some(rates: Sequence[int], n: int = 4, problems: int = 30) -> list[SampleRecord]:
    """So many of `n` samples pass of each problem, the rates taken in turn."""
    return [
        sample(
            f"t/{i}", j, passed=j < rates[i % len(rates)], completion=f"    return {i} + {j}  # w{i}x{j}\n"
        )
        for i in range(problems)
        for j in range(n)
    ]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    first = some([4, 3, 0])
    call = ToolCall("search", "the mean of a column", "DataFrame.mean: the mean of the values")
    special = {"status": VerdictStatus.TIMEOUT, "category": "timeout", "detail": "took too long " + HOSTILE}
    first[-1] = sample(
        "t/29", 3, **{**special, "completion": HOSTILE, "raw": "Sure! " + HOSTILE, "tool_calls": (call,)}
    )
    problems = [problem(f"t/{i}", labels={"kind": "odd" if i % 2 else "even"}) for i in range(29)]
    problems.append(problem("t/29", prompt=HOSTILE, broken="its test is wrong " + HOSTILE))
    told = {"benchmark": "toy", "temperature": 0.8, "rules": "paper", "notes": [HOSTILE]}
    best = {"benchmark": "toy", "k": 1, "temperature": 0.8, "mean": 0.25, "low": None, "high": None}
    summary = {"results": [told], "best": [best]}
    return report(tmp_path_factory.mktemp("page"), first, some([0, 3, 0]), problems=problems, summary=summary)


@pytest.fixture
def opened(chromium: Browser, written: Path) -> Iterator[Opened]:
    context = chromium.new_context()
    found = Opened(context.new_page(), written)
    expect(found.rows.first).to_be_visible()
    yield found
    assert found.quiet(), (found.complaints, found.requests)
    assert found.tab.title() == "Evaluation on toy"
    assert found.tab.locator("img").count() == 0
    context.close()


@pytest.mark.slow
def test_figures_are_there(opened: Opened) -> None:
    text = opened.tab.locator("main").inner_text()
    board = opened.tab.locator("#toy table")
    assert board.locator("tbody tr").first.inner_text().split()[:4] == ["model-0", "0.8", "4", "58.3%"]
    assert "paper" in board.inner_text()
    assert "model-0 is 33.3 points of pass@1 ahead of model-1; the difference is more than noise" in text
    assert "its test is wrong" in text
    assert "25.0%" in opened.tab.locator("#best-temperature-for-each-k").inner_text()
    assert opened.tab.locator("figure svg").count() == 4
    assert "timeout" in (opened.tab.locator("#failures .data table").text_content() or "")


@pytest.mark.slow
def test_filters_and_search(opened: Opened) -> None:
    tab = opened.tab
    expect(opened.found).to_have_text("30 problems, 240 samples")
    tab.select_option("#solved", label="model-0")
    tab.select_option("#unsolved", label="model-1")
    expect(opened.found).to_have_text("10 problems, 80 samples")  # 4 of 4 against none
    assert opened.rows.first.inner_text().split("\n") == ["t/0", "4 / 4", "0 / 4"]
    tab.get_by_role("button", name="clear").click()
    tab.select_option("#solved", label="some, not every model")
    expect(opened.found).to_have_text("10 problems, 80 samples")
    tab.get_by_role("button", name="clear").click()
    tab.select_option("#category", label="timeout")
    expect(opened.found).to_have_text("1 problem, 1 sample")
    tab.get_by_role("button", name="clear").click()
    tab.select_option("#label", label="kind: odd")
    expect(opened.found).to_have_text("14 problems, 112 samples")
    tab.get_by_role("button", name="clear").click()
    tab.fill("#words", "W7X2 return")
    expect(opened.found).to_have_text("1 problem, 2 samples")
    tab.select_option("#run", label="model-1")
    expect(opened.found).to_have_text("1 problem, 1 sample")
    tab.fill("#words", "mean COLUMN")
    expect(opened.found).to_have_text("0 problems, 0 samples")
    tab.select_option("#run", label="all")
    expect(opened.found).to_have_text("1 problem, 1 sample")
    tab.get_by_role("button", name="clear").click()
    tab.select_option("#order", label="hardest first")
    expect(opened.rows.first).to_contain_text("t/2")


@pytest.mark.slow
def test_a_cell_leads_to_prompt_program_verdict_error_and_tool_calls(opened: Opened) -> None:
    tab = opened.tab
    tab.select_option("#category", label="timeout")
    tab.get_by_role("button", name="Samples").click()
    expect(opened.rows.first).to_contain_text("took too long")
    opened.rows.first.click()
    told = tab.locator("#told")
    expect(told).to_contain_text("its test is wrong")
    assert 'document.title="owned"' in told.locator(".evidence").inner_text()
    assert told.locator("pre code").nth(1).inner_text().count("</script></pre>") == 2  # prompt and completion
    assert "timeout" in told.locator(".about").inner_text()
    told.locator("summary", has_text="Tool calls").click()
    assert "the mean of a column" in told.locator(".calls").inner_text()
    told.locator("summary", has_text="As the model wrote it").click()
    assert "Sure!" in told.inner_text()
    tab.keyboard.press("Escape")
    expect(tab.locator("#sheet")).to_be_hidden()


@pytest.mark.slow
def test_the_keyboard_alone_is_enough(opened: Opened) -> None:
    tab = opened.tab
    tab.locator("#grid").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"):
        tab.keyboard.press(key)
    active = tab.locator("#grid").get_attribute("aria-activedescendant")
    assert active is not None
    assert tab.locator(f"#{active}").get_attribute("aria-label") == "model-1: 0 of 4 passed"
    tab.keyboard.press("Enter")
    title = tab.locator("#sheet-title")
    expect(title).to_contain_text("t/3")
    expect(tab.locator("#told .about")).to_contain_text("model-1, sample 0")
    tab.keyboard.press("ArrowRight")
    expect(tab.locator("#told .about")).to_contain_text("model-1, sample 1")
    tab.keyboard.press("Escape")
    expect(tab.locator("#grid")).to_be_focused()
    tab.keyboard.press("Control+End")
    expect(tab.locator("#grid")).to_have_attribute("aria-activedescendant", "cell-29-2")


@pytest.mark.slow
def test_on_a_phone_in_the_dark_and_without_script(chromium: Browser, written: Path) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark")
    phone = Opened(context.new_page(), written)
    expect(phone.rows.first).to_be_visible()
    assert phone.tab.evaluate("document.scrollingElement.scrollWidth") == 390
    phone.rows.first.click()
    expect(phone.tab.locator("#told .listing").first).to_be_visible()
    context.close()
    context = chromium.new_context(java_script_enabled=False)
    plain = Opened(context.new_page(), written)
    assert plain.tab.locator("noscript table tbody tr").count() == 30
    assert plain.tab.locator("#toy table tbody tr").count() == 2
    assert plain.quiet()
    context.close()


@pytest.mark.slow
def test_fifty_thousand_samples_stay_usable(chromium: Browser, tmp_path: Path) -> None:
    problems = tuple(problem(f"t/{i}") for i in range(200))
    runs = [
        Evaluation(
            tmp_path / f"r{i}", f"m{i}", "", {}, {}, problems, tuple(some([i, 7, 3], n=50, problems=200))
        )
        for i in range(5)
    ]
    path = write_report(runs, tmp_path / "report.html")
    assert path.stat().st_size < 4_000_000
    context = chromium.new_context()
    big = Opened(context.new_page(), path)
    expect(big.found).to_have_text("200 problems, 50,000 samples")
    assert big.rows.count() < 60
    big.tab.get_by_role("button", name="Samples").click()
    assert big.rows.count() < 60
    big.tab.locator("#grid").focus()
    big.tab.keyboard.press("Control+End")
    expect(big.rows.last).to_contain_text("t/199")
    big.tab.fill("#words", "w123x49")
    expect(big.found).to_have_text("1 problem, 5 samples", timeout=20_000)
    big.rows.last.click()
    expect(big.tab.locator("#told")).to_contain_text("return 123 + 49")
    assert big.quiet()
    context.close()


@pytest.mark.slow
def test_a_very_long_completion_is_cut_and_half_characters_are_spelled_out(
    chromium: Browser, tmp_path: Path
) -> None:
    half = sample("t/1", 0, completion="a = '\ud800'\x1b[31m\u202e")
    run = write_run(tmp_path / "run", [sample("t/0", 0, completion="x = 1\n" * 1_700_000), half])
    path = write_report([read_evaluation(run)], tmp_path / "report.html")
    assert path.stat().st_size < 1_000_000
    context = chromium.new_context()
    opened = Opened(context.new_page(), path)
    opened.rows.first.click()
    expect(opened.tab.locator("#told .left-off")).to_have_text("10,180,000 more characters are not shown.")
    opened.tab.get_by_role("button", name="Next sample").click()
    expect(opened.tab.locator("#told")).to_contain_text("a = '\\ud800'␛[31m\\u202e")
    assert opened.quiet()
    context.close()


@pytest.mark.slow
def test_hostile_names_are_text_everywhere(chromium: Browser, tmp_path: Path) -> None:
    names = {"benchmark": "b" + HOSTILE, "category": "c" + HOSTILE, "finish": HOSTILE, "oracle": HOSTILE}
    samples = [sample("p" + HOSTILE, i, **{"passed": False, **names}) for i in range(2)]
    problems = [problem("p" + HOSTILE, benchmark="b" + HOSTILE, language=HOSTILE, labels={HOSTILE: HOSTILE})]
    models = [HOSTILE, "openai:" + HOSTILE]
    paths = [
        write_run(tmp_path / f"r{i}", samples, problems=problems, model=model, config={HOSTILE: i})
        for i, model in enumerate(models)
    ]
    path = write_report([read_evaluation(run) for run in paths], tmp_path / "r.html", title=HOSTILE)
    context = chromium.new_context()
    opened = Opened(context.new_page(), path)
    opened.rows.first.click()
    expect(opened.tab.locator("#told .about")).to_contain_text("<script>")
    assert opened.tab.locator("img").count() == 0
    assert opened.tab.title() != "owned"
    assert opened.quiet()
    context.close()


def test_an_empty_run_a_score_run_and_one_that_is_missing(tmp_path: Path) -> None:
    empty = report_html([read_evaluation(write_run(tmp_path / "empty", []))])
    assert "There are no samples in these Runs." in empty
    assert 'id="index"' not in empty
    with pytest.raises(RatchetError, match="name one or more"):
        report_html([])
    run = tmp_path / "score"
    run.mkdir()
    (run / "run.json").write_text(json.dumps({"kind": "score", "created": "2026"}))
    (run / "config.json").write_text(json.dumps({"benchmark": "toy", "samples": "mine.jsonl"}))
    score = {"benchmark": "toy", "failed_references": {"t/0": "off by one"}, "oracles": {"refused": {}}}
    (run / "score.json").write_text(json.dumps(score))
    verdict = {"task_id": "t/0", "sample": 0, "status": "failed", "detail": "", "tests_run": 1, "wall_s": 0.1}
    verdict |= {"cpu_s": 0.1, "peak_memory": 1, "oracle": "split"}
    (run / "verdicts.jsonl").write_text(json.dumps(verdict) + "\n")
    text = report_html([read_evaluation(run)])
    assert "mine.jsonl" in text
    assert "off by one" in text


@pytest.mark.slow
def test_the_same_runs_give_the_same_bytes_and_a_bad_place_is_told(tmp_path: Path) -> None:
    run = read_evaluation(write_run(tmp_path / "run", [sample("t/0")]))
    assert report_html([run]) == report_html([run])
    (tmp_path / "file").write_text("")
    with pytest.raises(RatchetError, match="cannot be written"):
        write_report([run], tmp_path / "file" / "report.html")
