"""The card on the dashboard of Airflow's own UI, and the colours of what the UI shows in a frame."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from obs_lib.lake.tables import REPORTS
from obs_lib.pipeline.workspace import Workspace
from tests.browser import chromium
from tests.contrast import faint_texts
from tests.dags.test_acts_page import DAY, Server, lake, look, serving, simple_auth

pytestmark = [pytest.mark.slow, pytest.mark.server]

SEEN_MS = 60_000


@pytest.fixture(scope="module")
def server(airflow_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("card")
    watches = home / "watches"
    watches.mkdir()
    (watches / "obs.yaml").write_text("lake: {root: ../lake}\nreport: {title: 'Chat <b>of</b> us'}\n")
    (watches / "search.yaml").write_text("name: search\nlake: {root: ../other}\nschedule: {start_date: 2100-01-01}\n")
    (watches / "wrong.yaml").write_text("name: wrong\nlake: {rot: ../other}\n")
    users = {"vi": "viewer"}
    with serving(home, users, reported(lake(watches / "obs.yaml")), simple_auth(home, users)) as made:
        yield made


def reported(ws: Workspace) -> Workspace:
    """The lake with the verdict that stands at the head of its day's page."""
    verdict = {"tone": "serious", "label": "P1", "sentence": "Answers got <b>worse</b>"}
    row = {
        "format": "html",
        "path": f"pages/{DAY}.html",
        "digest": "0" * 32,
        "size": 1,
        "provenance": json.dumps(verdict),
    }
    ws.lake.commit(DAY, "render", {REPORTS: pd.DataFrame([row])}, inputs="x")
    return ws


def test_the_card_says_how_each_watch_stands(server: Server) -> None:
    status, page, headers = server.answer("GET", "/night-watch/card", "vi")
    assert status == 200
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    obs, search, wrong = re.findall("<section.*?</section>", page, re.DOTALL)
    assert "Chat &lt;b&gt;of&lt;/b&gt; us" in obs
    assert f'href="/plugin/llm/night-watch/obs/{DAY}" target="_top"' in obs
    assert "P1" in obs
    assert 'Answers got &lt;b&gt;worse&lt;/b&gt; <span class="more">1 open, 1 new.</span>' in obs
    assert "first night has run" in search
    assert "lake.rot: no such setting" in wrong
    assert "first night" not in wrong
    assert "<b>" not in page


def test_strangers_see_no_card(server: Server) -> None:
    assert server.send("GET", "/night-watch/card", None)[0] == 401
    assert server.send("GET", "/night-watch/card.js", None)[0] == 401


@pytest.fixture
def page(server: Server, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page of a width in a UI of a colour mode, and no emulated scheme, which would reach into frames."""
    width, mode = request.param
    with chromium() as browser:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="null")
        context.add_cookies([{"name": "_token", "value": server.tokens["vi"], "url": server.url}])
        context.add_init_script(f"localStorage.setItem('theme', '{mode}')")
        made = context.new_page()
        made.set_default_timeout(SEEN_MS)
        yield made


def dark(frame: Any) -> bool:
    """Whether a frame's text is light."""
    ink = frame.evaluate("getComputedStyle(document.body).color")
    return min(map(int, re.findall(r"\d+", ink))) > 128


def frame_with(page: Any, text: str) -> Any:
    """The frame of a page that shows a text."""
    page.frame_locator("iframe").get_by_text(text).first.wait_for()
    return page.frames[1]


EACH = pytest.mark.parametrize(
    "page", [(390, "light"), (390, "dark"), (1440, "light"), (1440, "dark")], indirect=True, ids=str
)


@pytest.mark.browser
@EACH
def test_the_dashboard_shows_the_card_in_its_own_colours(page: Any, server: Server) -> None:
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(server.url)
    frame = frame_with(page, "first night has run")
    width, mode = page.viewport_size["width"], page.evaluate("localStorage.theme")
    page.wait_for_function("document.querySelector('iframe').clientHeight > 100")
    assert page.evaluate("document.documentElement.className") == mode
    assert dark(frame) == (mode == "dark")
    assert faint_texts(frame) == []
    assert frame.evaluate("document.body.scrollHeight <= innerHeight && document.body.scrollWidth <= innerWidth")
    look(page, f"card-{width}-{mode}")
    frame.locator("a").first.click()
    page.wait_for_url(f"{server.url}/plugin/llm/night-watch/obs/{DAY}")
    assert wrong == []


@pytest.mark.browser
@EACH
def test_a_report_in_the_frame_follows_the_colours_around_it(page: Any, server: Server) -> None:
    page.goto(f"{server.url}/plugin/llm/night-watch/obs/{DAY}")
    frame = frame_with(page, "UTC")
    width, mode = page.viewport_size["width"], page.evaluate("localStorage.theme")
    assert dark(frame) == (mode == "dark")
    assert faint_texts(frame) == []
    look(page, f"report-{width}-{mode}")
    other = "light" if mode == "dark" else "dark"
    page.evaluate("mode => dispatchEvent(new StorageEvent('storage', {key: 'theme', newValue: mode}))", other)
    page.wait_for_timeout(500)
    assert dark(frame) == (other == "dark")
