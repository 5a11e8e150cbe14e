from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import pandas as pd
import pytest
from pydantic import ValidationError

from obs_lib.alerts.evaluators import Moved, evaluators_moved
from obs_lib.alerts.objectives import breaches
from obs_lib.alerts.options import AlertOptions
from obs_lib.records import Day, EvaluatorChange, EvaluatorVerdict, Severity

Make = Callable[..., pd.DataFrame]
OPTIONS = AlertOptions()
BAD = {"value": 0.3, "low": 0.25, "high": 0.35}
POOR = {"metric": "relevance", "value": 0.6, "low": 0.5, "high": 0.65}


def by_day(window: Sequence[pd.DataFrame]) -> dict[Day, pd.DataFrame]:
    return {dt.date(2023, 6, n): frame for n, frame in enumerate(window, 1)}


def test_the_side_of_the_limit_depends_on_which_way_is_worse(metrics: Make) -> None:
    rows = metrics(BAD, POOR, {"metric": "toxicity", "value": 0.1}, {"metric": "latency_p50", "value": 1e9})
    found = breaches(rows, {}, OPTIONS)
    assert [(one.cause, one.severity) for one in found] == [("relevance", "P3"), ("refusal_rate", "P3")]
    assert found[0].evidence[0].objective == 0.7


def test_a_wide_interval_is_a_breach_but_no_sure_one(metrics: Make) -> None:
    (sure,) = breaches(metrics(BAD), {}, OPTIONS)
    (unsure,) = breaches(metrics({**BAD, "low": 0.1}), {}, OPTIONS)
    (unknown,) = breaches(metrics({**BAD, "low": None}), {}, OPTIONS)
    assert [one.evidence[0].surely for one in (sure, unsure, unknown)] == [True, False, False]
    assert sure.score > unsure.score


def test_too_few_interactions_and_no_data_are_no_breach(metrics: Make) -> None:
    rows = metrics({**BAD, "n": 19}, {**POOR, "status": "NO_DATA", "value": None})
    assert breaches(rows, {}, OPTIONS) == []


@pytest.mark.parametrize(
    ("history", "sudden"),
    [
        ([0.1, 0.1], False),
        ([0.1, 0.1, 0.1], True),
        ([0.1, 0.3, 0.1], False),
        ([0.1, 0.1, None, 0.1], True),
        ([], False),
    ],
)
def test_a_breach_is_news_only_after_enough_days_without(
    metrics: Make, history: list[float | None], sudden: bool
) -> None:
    window = [metrics({"value": value}) if value is not None else metrics() for value in history]
    assert breaches(metrics(BAD), by_day(window), OPTIONS)[0].sudden is sudden


def test_limits_and_severities_can_be_set(metrics: Make) -> None:
    options = AlertOptions(
        objectives={"refusal_rate": None, "latency_p50": 100.0}, objective_severities={"latency_p50": Severity.P1}
    )
    rows = metrics(BAD, {"metric": "latency_p50", "value": 200.0, "low": 150.0})
    assert [(one.cause, one.severity) for one in breaches(rows, {}, options)] == [("latency_p50", "P1")]


def test_unknown_metrics_and_crossed_bands_are_refused() -> None:
    with pytest.raises(ValidationError, match="found refusals"):
        AlertOptions(objectives={"refusals": 0.1})
    with pytest.raises(ValidationError, match="p1_score must be at least p2_score"):
        AlertOptions(p1_score=0.2)


def test_only_a_breach_that_is_sure_is_urgent(metrics: Make) -> None:
    quiet = AlertOptions(notify_new_breaches=False)
    (sure,), (unsure,) = breaches(metrics(BAD), {}, OPTIONS), breaches(metrics({**BAD, "low": 0.1}), {}, OPTIONS)
    assert (sure.urgent, unsure.urgent) == (True, False)
    assert not breaches(metrics(BAD), {}, quiet)[0].urgent


def test_gpus_with_too_little_work_and_with_no_room_left_are_told_apart(metrics: Make) -> None:
    low = {"metric": "gpu_utilization", "segment": "gpu=n1/0", "value": 0.4, "low": 0.3, "high": 0.5}
    full = {"metric": "gpu_saturated", "segment": "gpu=n1/1", "value": 0.9, "low": 0.6, "high": 1.0}
    fine = {"metric": "gpu_utilization", "segment": "all", "value": 0.7}
    found = breaches(metrics(low, full, fine, {**full, "value": 0.5}), {}, OPTIONS)
    assert {(one.cause, one.segment) for one in found} == {("gpu_utilization", "gpu=n1/0")}
    found = breaches(metrics(low, full, fine), {}, OPTIONS)
    assert [(one.cause, one.segment) for one in found] == [
        ("gpu_utilization", "gpu=n1/0"),
        ("gpu_saturated", "gpu=n1/1"),
    ]


@pytest.mark.parametrize(
    ("verdict", "adjusted", "urgent"),
    [("STABLE", 480.0, False), ("STABLE", 520.0, True), ("DRIFTED", 480.0, True), (None, 480.0, True)],
)
def test_a_breach_that_longer_prompts_explain_is_not_urgent(
    metrics: Make, drift: Make, verdict: str | None, adjusted: float, urgent: bool
) -> None:
    slow = metrics({"metric": "ttft_p95", "value": 900.0, "low": 800.0, "high": 1000.0})
    row = {"name": "token_adjusted:ttft_p95", "baseline_value": 450.0, "effect": adjusted - 450.0, "verdict": verdict}
    (found,) = breaches(slow, {}, OPTIONS, drift(row) if verdict else drift())
    assert found.urgent is urgent
    assert (found.evidence[0].token_adjusted is not None) is not urgent
    (elsewhere,) = breaches(slow, {}, OPTIONS, drift({**row, "segment": "route=a"}))
    assert elsewhere.urgent


def test_days_that_another_evaluator_scored_are_no_history_and_notify_nobody(metrics: Make) -> None:
    window = by_day([metrics({"value": 0.1})] * 4)
    away = Moved(away={"refusal": frozenset(list(window)[:2])})
    assert breaches(metrics(BAD), window, OPTIONS)[0].sudden
    assert not breaches(metrics(BAD), window, OPTIONS, moved=away)[0].sudden
    moved = evaluators_moved([EvaluatorChange("refusal", "2", EvaluatorVerdict.MOVED)])
    (found,) = breaches(metrics(BAD), window, OPTIONS, moved=moved)
    assert (found.sudden, found.urgent) == (False, False)
    assert "itself moved" in str(found.evidence[0].note)
