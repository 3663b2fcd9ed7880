"""The page in a real browser: no network, no errors, hostile text inert, filters, small screens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from ratchet.errors import RatchetError
from ratchet.report import Page, SampleGroup, SampleView, Section, write_page
from ratchet.report.page import page_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab


class Opened:
    """A tab with the page, and what the browser complained of and asked for."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        self.complaints: list[str] = []
        self.requests: list[str] = []
        tab.on("request", lambda request: self.requests.append(request.url))
        tab.on("console", lambda message: self.complaints.append(message.text))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest.fixture(scope="module")
def written(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(page, tmp_path_factory.mktemp("report") / "new" / "report.html")


@pytest.fixture(params=["light", "dark", "phone", "no script"])
def opened(request: pytest.FixtureRequest, chromium: Browser, written: Path) -> Iterator[Opened]:
    settings: dict[str, Any] = {
        "light": {},
        "dark": {"color_scheme": "dark"},
        "phone": {"viewport": {"width": 390, "height": 800}},
        "no script": {"java_script_enabled": False},
    }[request.param]
    context = chromium.new_context(**settings)
    found = Opened(context.new_page())
    found.tab.goto(written.as_uri())
    yield found
    context.close()


def test_it_opens_quietly_and_hostile_text_is_text(opened: Opened, page: Page) -> None:
    tab = opened.tab
    assert tab.title() == "A report"
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
    assert tab.locator("img").count() == 0
    assert tab.locator("h1").inner_text() == "A report"
    assert "document.title" in tab.locator(".subtitle").inner_text()
    assert tab.locator("main section").count() == len(page.sections)
    assert tab.locator("figure svg").count() == 8
    assert "these numbers mean nothing" in tab.inner_text("body")


def test_the_page_never_scrolls_sideways(chromium: Browser, written: Path) -> None:
    for width in (390, 768, 1280):
        tab = chromium.new_page(viewport={"width": width, "height": 800})
        tab.goto(written.as_uri())
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= width
        tab.close()


def test_dark_and_light_differ(chromium: Browser, written: Path) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        tab = chromium.new_page(color_scheme=scheme)
        tab.goto(written.as_uri())
        colours.add(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
        tab.close()
    assert len(colours) == 2


def test_programs_are_filtered_by_verdict_and_by_words(chromium: Browser, written: Path) -> None:
    tab = chromium.new_page()
    tab.goto(written.as_uri())
    tab.locator('[data-verdict="timeout"]').first.click()
    shown = tab.locator(".sample:visible")
    assert shown.count() == 10
    assert {shown.nth(i).get_attribute("data-verdict") for i in range(10)} == {"timeout"}
    tab.locator('[data-verdict="timeout"]').first.click()
    tab.locator(".filter input").fill("return 17")
    expect(tab.locator(".sample:not([hidden])")).to_have_count(1)
    shown.first.locator("summary").click()
    assert "return 17" in shown.first.inner_text()
    tab.close()


def test_every_program_is_there_without_script(chromium: Browser, written: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(written.as_uri())
    assert tab.locator(".sample").count() == 31
    assert tab.locator(".sample:visible").count() == 31
    context.close()


@pytest.mark.slow
def test_five_thousand_programs_stay_usable(chromium: Browser, tmp_path: Path) -> None:
    samples = [
        SampleView(f"problem/{i}", f"def f(x):\n    return x + {i}\n" * 5, "passed" if i % 2 else "failed")
        for i in range(5000)
    ]
    page = Page("Many", [Section("All", [SampleGroup("Programs", samples)])])
    path = write_page(page, tmp_path / "many.html")
    tab = chromium.new_page()
    tab.goto(path.as_uri())
    assert tab.locator(".sample").count() == 5000
    tab.locator(".filter input").fill("4999")
    expect(tab.locator(".sample:not([hidden])")).to_have_count(1)
    tab.close()


def test_the_same_page_is_the_same_bytes(page: Page) -> None:
    assert page_html(page) == page_html(page)


def test_a_page_that_cannot_be_written_says_so_and_leaves_nothing(page: Page, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RatchetError, match="cannot be written"):
        write_page(page, tmp_path / "file" / "report.html")
    path = write_page(page, tmp_path / "report.html")
    before = path.read_bytes()
    assert write_page(page, path).read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["file", "report.html"]
