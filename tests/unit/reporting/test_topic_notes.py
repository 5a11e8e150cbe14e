"""The lines about topics that came and went."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from obs_lib.lake.tables import DRIFT, METRICS
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.topic_notes import topic_notes

DAY = dt.date(2024, 3, 8)
USUAL = {"a+b": 300, "c+d": 200, "other": 5}


def notes(today: dict[str, int], before: dict[str, int] = USUAL, requests: int = 1000) -> list[tuple[str, str]]:
    rows = [
        {"day": str(day), "metric": "requests", "segment": segment, "status": "OK", "value": float(n)}
        for day in (DAY - dt.timedelta(days=back) for back in range(8))
        for segment, n in {
            "all": requests,
            **{f"topic={t}": n for t, n in (today if day == DAY else before).items()},
        }.items()
    ]
    metrics = pd.DataFrame(rows).reindex(columns=["day", *METRICS.names])
    inputs = ReportInputs(DAY, metrics, pd.DataFrame(columns=["day", *DRIFT.names]), [])
    return [(note.mark, note.text) for note in topic_notes(inputs)]


def test_usual_days_have_none() -> None:
    assert notes(USUAL) == []


def test_a_topic_that_is_gone_is_named_with_its_share() -> None:
    ((label, text),) = notes({"a+b": 300, "other": 5})
    assert label == "Vanished topic"
    assert "c+d" in text
    assert "20.0%" in text


def test_a_topic_that_is_new_is_named() -> None:
    ((label, text),) = notes({**USUAL, "e+f": 40})
    assert label == "New topic"
    assert "e+f" in text
    assert "4.00%" in text


def test_more_like_no_known_topic_than_before() -> None:
    ((label, text),) = notes({**USUAL, "other": 120})
    assert label == "New topics"
    assert "12.0%" in text


@pytest.mark.parametrize(
    ("today", "before"),
    [
        ({}, USUAL),
        (USUAL, {}),
        ({**USUAL, "e+f": 9}, USUAL),
        (USUAL, {**USUAL, "e+f": 9}),
        ({**USUAL, "other": 14}, USUAL),
    ],
    ids=["no topics today", "none before", "too few to be new", "too few to be missed", "about as many like none"],
)
def test_nothing_is_said_where_nothing_can_be(today: dict[str, int], before: dict[str, int]) -> None:
    assert notes(today, before) == []
