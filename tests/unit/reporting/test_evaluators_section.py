"""An evaluator that moved is told before any number that it may have moved."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from obs_lib.records import EvaluatorChange, EvaluatorVerdict
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.report import make
from tests.unit.reporting import sample_inputs as samples

AWAY = (dt.date(2023, 6, 8), dt.date(2023, 6, 14))
CHANGE = EvaluatorChange(
    evaluator="toxicity",
    version="2",
    verdict=EvaluatorVerdict.MOVED,
    reason="scores",
    away=AWAY,
    comparable=0,
    anchors=26,
    moved=9,
    largest=0.214,
    worst="toxicity-21",
    before="2",
)


def words_with(**given: Any) -> str:
    inputs = dataclasses.replace(samples.quiet(), evaluators=[dataclasses.replace(CHANGE, **given)])
    return " ".join(make(inputs, ReportOptions()).text.split())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "its version is the same, but 9 of 26 anchors score otherwise, by up to 0.214 (toxicity-21)"),
        ({"largest": None}, "one came or went"),
        ({"reason": "version", "before": "1", "moved": 0}, "version 1 became 2, and all 26 anchors score as before"),
        ({"reason": "version", "before": "1", "anchors": 0, "moved": 0}, "and it has no anchors"),
        ({"verdict": EvaluatorVerdict.MIXED, "comparable": 5}, "compared with the other 5 baseline days only"),
    ],
)
def test_a_note_says_what_moved_and_what_it_means(given: dict[str, Any], words: str) -> None:
    text = words_with(**given)
    assert words in text
    assert text.index(words) < text.index("Where the objectives stand")


def test_the_same_evaluator_is_not_mentioned_and_a_moved_one_has_no_baseline() -> None:
    assert "itself moved" not in words_with(verdict=EvaluatorVerdict.SAME, away=())
    assert "not comparable" not in words_with(verdict=EvaluatorVerdict.MIXED).partition("All interactions")[2]
    assert "not comparable" in words_with().partition("All interactions")[2]


def test_hostile_names_stay_text() -> None:
    inputs = dataclasses.replace(samples.quiet(), evaluators=[dataclasses.replace(CHANGE, worst="<script>x</script>")])
    assert "<script>x" not in make(inputs, ReportOptions()).html
