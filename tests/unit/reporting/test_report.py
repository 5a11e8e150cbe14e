"""The finished files: size, repeatability, golden bytes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
from pathlib import Path

import pytest

from obs_lib.records import ALL
from obs_lib.reporting import html
from obs_lib.reporting.index import ReportedDay
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.report import make
from tests.unit.reporting import sample_inputs as samples

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", ["incident", "no_data", "labelled"])
def test_golden_text(name: str, request: pytest.FixtureRequest) -> None:
    """Written anew by `OBS_GOLDEN=write pytest tests/unit/reporting`; read the difference before committing it."""
    path = GOLDEN / f"{name}.txt"
    shown = make(samples.ALL_DAYS[name]()).text
    if os.environ.get("OBS_GOLDEN") == "write":
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_golden_page() -> None:
    path = GOLDEN / "incident.html"
    inputs = dataclasses.replace(samples.incident(), metrics=samples.metrics(segments=(ALL,)), segments=(ALL,))
    page = make(inputs, ReportOptions(max_examples=1, trend_days=4)).html
    page = re.sub(
        r"<style>.*?</style>", "<style></style>", page, flags=re.DOTALL
    )  # looks may change without changing what is said
    if os.environ.get("OBS_GOLDEN") == "write":
        path.write_text(page, encoding="utf-8")
    assert page == path.read_text(encoding="utf-8")


def test_the_order_of_rows_does_not_matter() -> None:
    inputs = samples.incident()
    shuffled = dataclasses.replace(
        inputs,
        metrics=inputs.metrics.sample(frac=1, random_state=7),
        alerts=inputs.alerts[::-1],
        examples=list(reversed(inputs.examples)),
        unscored=list(reversed(inputs.unscored)),
    )
    assert make(shuffled).html == make(inputs).html


def test_the_largest_day_stays_under_the_limit() -> None:
    inputs = samples.hostile(copies=2, segments=20)
    report = make(inputs)
    assert len(report.html.encode()) < 500_000
    least = make(inputs, ReportOptions(max_bytes=200_000))
    assert len(least.html.encode()) < 200_000
    assert least.options.max_examples < report.options.max_examples


def test_options_tighten_down_to_what_is_allowed() -> None:
    options = ReportOptions()
    for _ in range(10):
        options = ReportOptions.model_validate(options.tighter().model_dump())
    assert (options.max_segments, options.max_examples, options.max_rows, options.excerpt_chars) == (1, 1, 5, 80)


def test_a_page_is_self_contained() -> None:
    page = make(samples.incident()).html
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["'](?!#)""", page)
    assert not re.search(r"url\(|@import", page)
    assert f'content="{html.POLICY}"'.replace("'", "&#39;") in page
    assert page.count("<h1") == 1


def test_ids_are_unique_and_links_lead_somewhere() -> None:
    page = make(samples.incident()).html
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_every_figure_has_words() -> None:
    page = make(samples.incident()).html
    for tag in re.findall(r"<svg[^>]*>", page):
        assert "aria-label" in tag or 'aria-hidden="true"' in tag


def test_index_lists_newest_first_and_keeps_links_at_home() -> None:
    first, third, fourth = (dt.date(2023, 6, day) for day in (1, 3, 4))
    days = [
        ReportedDay(first, "Quiet night.", "", 0, 0),
        ReportedDay(third, "<b>1 new</b>", "P1", 1, 2, revision=2),
        ReportedDay(fourth, "", "No data", 0, 0),
    ]
    page = html.render_index(days)
    assert page.index("4 Jun 2023</a></th>") < page.index("3 Jun 2023</a></th>") < page.index("1 Jun 2023</a></th>")
    assert set(re.findall(r'href="([^"]*)"', page)) == {f"{day}.html" for day in (first, third, fourth)}
    assert page.count("<small>Revision 2</small>") == 1
    assert "&lt;b&gt;1 new&lt;/b&gt;" in page
    assert "2 Jun: no report" in page
    assert "No reports yet" in html.render_index([])


def test_the_list_of_watches_leads_one_step_below() -> None:
    page = html.render_watches(["chat", "<b>"])
    assert re.findall(r'href="([^"]*)"', page) == ["chat/", "&lt;b&gt;/"]
    assert "<b>" not in page
