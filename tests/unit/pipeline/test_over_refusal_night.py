"""A night that names over_refusal has its rate in metrics, report and alerts; one that does not never speaks of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from obs_lib.evaluators.heads import load_head
from obs_lib.lake.tables import METRICS, SCORES, SKETCHES
from obs_lib.models.testing import HashingEncoder
from obs_lib.pipeline.night import fold, run_day
from obs_lib.pipeline.render import page_path, report_text

DAY = dt.date(2024, 3, 1)
NAMED = {"scoring": {"evaluators": ["refusal", "over_refusal"]}}


@pytest.fixture
def night(make_workspace: Any) -> Any:
    """A night whose heads read hashed words: its numbers mean nothing, but they are numbers."""

    def run(**sections: Any) -> Any:
        ws = make_workspace(**sections)
        encoder = HashingEncoder()
        encoder.weights = load_head("refusal").encoder
        ws.__dict__["encoder"] = encoder  # where cached_property keeps it
        run_day(ws, DAY)
        fold(ws)
        return ws

    return run


def test_a_night_that_names_it_shows_its_rate(night: Any) -> None:
    ws = night(**NAMED, alerts={"objectives": {"over_refusal_rate": 0.0}, "min_interactions": 1})
    assert set(ws.lake.read(SCORES, [DAY])["evaluator"]) == {"refusal", "over_refusal"}
    rows = ws.lake.read(METRICS, [DAY])
    rate = rows[(rows["metric"] == "over_refusal_rate") & (rows["segment"] == "all")].iloc[0]
    values = ws.lake.read(SCORES, [DAY]).query("evaluator == 'over_refusal' and status == 'SCORED'")["value"]
    assert rate["status"] == "OK"
    assert rate["value"] == pytest.approx(float((values > 0.5).mean()))
    assert "Over-refusal rate" in report_text(ws, DAY)
    page = page_path(ws, DAY).read_text()
    assert "Over-refusal rate" in page
    assert "\u2264 0%" in page  # an objective is an upper limit: higher is worse
    assert "times the probability that its request is harmless" in page
    sketches = ws.lake.read(SKETCHES, [DAY])
    worst = sketches[(sketches["kind"] == "examples") & sketches["key"].str.startswith("over_refusal:")]
    assert len(worst)


def test_another_night_never_speaks_of_it(night: Any) -> None:
    ws = night()
    assert "over_refusal" not in set(ws.lake.read(SCORES, [DAY])["evaluator"])
    assert "over_refusal_rate" not in set(ws.lake.read(METRICS, [DAY])["metric"])
    page = page_path(ws, DAY).read_text()
    assert "Over-refusal" not in page
    assert "request is harmless" not in page
