"""A report in a real browser: it fits, it is silent, and nothing in it runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obs_lib.reporting.report import make
from tests.browser import chromium
from tests.contrast import faint_texts
from tests.unit.reporting import sample_inputs

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


def test_a_link_to_a_folded_incident_opens_it(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(make(sample_inputs.hostile()).html, encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    last = page.locator(".story").last
    anchor = last.locator("h3").first.get_attribute("id")
    assert not last.evaluate("one => one.open")
    page.locator(f'a[href="#{anchor}"]').first.click()
    assert last.evaluate("one => one.open")
    assert page.locator(f"#{anchor}").is_visible()
    page.close()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("name", ["incident", "no_data", "hostile"])
def test_page(browser: Any, tmp_path: Path, name: str, width: int) -> None:
    path = tmp_path / f"{name}.html"
    path.write_text(make(sample_inputs.ALL_DAYS[name]()).html, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    for summary in page.query_selector_all("summary"):
        summary.evaluate("one => one.parentElement.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("document.scripts.length") == 0
    assert page.evaluate(
        "document.querySelectorAll('*').values().every(one => !one.getAttributeNames().some(n => n.startsWith('on')))"
    )
    assert page.is_visible("#method")
    assert said == []
    assert asked == [path.as_uri()]
    page.close()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["incident", "no_data"])
def test_every_text_stands_out_in_light_and_in_dark(
    browser: Any, tmp_path: Path, name: str, scheme: str, width: int
) -> None:
    path = tmp_path / f"{name}.html"
    path.write_text(make(sample_inputs.ALL_DAYS[name]()).html, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(path.as_uri())
    for summary in page.query_selector_all("summary"):
        summary.evaluate("one => one.parentElement.open = true")
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(20, 23, 27)"
    assert dark == (scheme == "dark")
    assert faint_texts(page) == []
    page.close()
