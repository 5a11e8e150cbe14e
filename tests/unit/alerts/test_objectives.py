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
UNSURE = {"value": 0.3, "low": 0.15, "high": 0.45}
BARELY = {"value": 0.3, "low": 0.21, "high": 0.39}  # sure at 95%, not at 99.9%
POOR = {"metric": "relevance", "value": 0.6, "low": 0.5, "high": 0.65}
SLOW = {"metric": "ttft_p95", "value": 900.0, "low": 800.0, "high": 1000.0}


def by_day(window: Sequence[pd.DataFrame]) -> dict[Day, pd.DataFrame]:
    return {dt.date(2023, 6, n): frame for n, frame in enumerate(window, 1)}


def test_the_side_of_the_limit_depends_on_which_way_is_worse(metrics: Make) -> None:
    rows = metrics(
        BAD,
        {**POOR, "high": 0.62},
        {"metric": "toxicity", "value": 0.1, "high": 0.11},
        {"metric": "latency_p50", "value": 1e9},
    )
    signals = breaches(rows, {}, OPTIONS)
    assert {(signal.metric, signal.severity) for signal in signals} == {("relevance", "P2"), ("refusal_rate", "P2")}
    assert {signal.objective for signal in signals} == {0.7, 0.2}


@pytest.mark.parametrize(
    ("today", "before", "sure"),
    [
        (BAD, [], True),
        (UNSURE, [], False),
        (UNSURE, [UNSURE, UNSURE], False),
        (BARELY, [], False),
        (BARELY, [{}], False),
        (BARELY, [BARELY], True),
        (BARELY, [BARELY, {}], False),
        ({"value": 0.2}, [], False),
        ({"value": 0.21, "low": None, "high": None}, [], True),  # a total has no sampling error
    ],
)
def test_a_breach_is_one_where_it_is_sure_at_once_or_on_two_nights(
    metrics: Make, today: dict[str, object], before: list[dict[str, object]], sure: bool
) -> None:
    window = by_day([metrics(day) for day in before])
    assert bool(breaches(metrics(today), window, OPTIONS)) is sure


def test_too_few_interactions_and_no_data_are_no_breach(metrics: Make) -> None:
    rows = metrics({**BAD, "n": 19}, {**POOR, "status": "NO_DATA", "value": None})
    assert breaches(rows, {}, OPTIONS) == []


def test_four_errors_of_220_are_no_breach(metrics: Make) -> None:
    errors = {"metric": "error_rate", "value": 4 / 220, "low": 0.0071, "high": 0.0458, "n": 220}
    assert breaches(metrics(errors), by_day([metrics({**errors, "value": 0.004, "low": 0.0})] * 7), OPTIONS) == []


@pytest.mark.parametrize(
    ("history", "standing"),
    [
        ([{}, {}], True),
        ([{}, {}, {}], False),
        ([{}, BAD, {}], True),
        ([{}, UNSURE, {}], False),  # an unsure breach does not make the history dirty
        ([{}, {}, BAD], False),  # nor does the first of the two nights that make one sure
        ([{}, {}, None, {}], False),
        ([], True),
    ],
)
def test_a_breach_is_new_only_after_enough_days_without(
    metrics: Make, history: list[dict[str, object] | None], standing: bool
) -> None:
    window = by_day([metrics(row) if row is not None else metrics() for row in history])
    (signal,) = breaches(metrics(BAD), window, OPTIONS)
    assert signal.standing is standing
    assert signal.note == ("it may have stood for long" if standing else "")


def test_limits_and_severities_can_be_set(metrics: Make) -> None:
    options = AlertOptions(
        objectives={"refusal_rate": None, "latency_p50": 100.0}, objective_severities={"latency_p50": Severity.P1}
    )
    rows = metrics(BAD, {"metric": "latency_p50", "value": 200.0, "low": 190.0, "high": 210.0})
    assert [(signal.metric, signal.severity) for signal in breaches(rows, {}, options)] == [("latency_p50", "P1")]


def test_a_latency_that_was_within_its_objective_before_is_p1(metrics: Make) -> None:
    fine = metrics({**SLOW, "value": 400.0, "low": 350.0, "high": 450.0})
    (news,) = breaches(metrics(SLOW), by_day([fine] * 4), OPTIONS)
    (standing,) = breaches(metrics(SLOW), by_day([metrics(SLOW)] * 4), OPTIONS)
    assert (news.severity, standing.severity) == ("P1", "P2")


def test_unknown_metrics_and_crossed_bands_are_refused() -> None:
    with pytest.raises(ValidationError, match="found refusals"):
        AlertOptions(objectives={"refusals": 0.1})
    with pytest.raises(ValidationError, match="p1_score must be at least p2_score"):
        AlertOptions(p1_score=0.2)


def test_gpus_with_too_little_work_and_with_no_room_left_are_told_apart(metrics: Make) -> None:
    low = {"metric": "gpu_utilization", "segment": "gpu=n1/0", "value": 0.4, "low": 0.3, "high": 0.5}
    full = {"metric": "gpu_saturated", "segment": "gpu=n1/1", "value": 0.9, "low": 0.7, "high": 1.0}
    fine = {"metric": "gpu_utilization", "segment": "all", "value": 0.7}
    signals = breaches(metrics(low, full, fine, {**full, "segment": "gpu=n1/2", "value": 0.5}), {}, OPTIONS)
    assert {(signal.metric, signal.segment) for signal in signals} == {
        ("gpu_utilization", "gpu=n1/0"),
        ("gpu_saturated", "gpu=n1/1"),
    }
    assert all(signal.settled for signal in signals)


@pytest.mark.parametrize(
    ("history", "today", "settled"),
    [
        ([], {"value": 0.5, "low": 0.45, "high": 0.55}, True),  # too large for a chance
        ([], BAD, False),
        ([BAD], BAD, True),
        ([{}], BAD, False),
        ([{}, {}, {}, {}, {}], BAD, False),  # one day: the comparison has to say that it is a change
        ([BAD, BAD, BAD, BAD], BAD, True),
        ([{}, BAD, {}, BAD, {}], BAD, False),  # days differ by as much as that
        ([{}, {}, {}, BAD, BAD], BAD, True),  # three nights in a row
        ([{}, {}], {"value": 0.5, "low": 0.45, "high": 0.55}, False),
    ],
)
def test_a_breach_is_settled_by_the_days_before(
    metrics: Make, history: list[dict[str, object]], today: dict[str, object], settled: bool
) -> None:
    (signal,) = breaches(metrics(today), by_day([metrics(day) for day in history]), OPTIONS)
    assert signal.settled is settled


@pytest.mark.parametrize(
    ("verdict", "adjusted", "explained"),
    [("STABLE", 480.0, True), ("STABLE", 520.0, False), ("DRIFTED", 480.0, False), (None, 480.0, False)],
)
def test_a_breach_that_longer_prompts_explain_is_for_the_record(
    metrics: Make, drift: Make, verdict: str | None, adjusted: float, explained: bool
) -> None:
    row = {"name": "token_adjusted:ttft_p95", "baseline_value": 450.0, "effect": adjusted - 450.0, "verdict": verdict}
    (signal,) = breaches(metrics(SLOW), {}, OPTIONS, drift(row) if verdict else drift())
    assert (signal.severity == "P3") is explained
    assert (signal.token_adjusted is not None) is explained
    (elsewhere,) = breaches(metrics(SLOW), {}, OPTIONS, drift({**row, "segment": "route=a"}))
    assert elsewhere.severity == "P2"


def test_days_that_another_evaluator_scored_are_no_history_and_are_for_the_record(metrics: Make) -> None:
    window = by_day([metrics({"value": 0.1})] * 4)
    away = Moved(away={"refusal": frozenset(list(window)[:2])})
    assert not breaches(metrics(BAD), window, OPTIONS)[0].standing
    assert breaches(metrics(BAD), window, OPTIONS, moved=away)[0].standing
    moved = evaluators_moved([EvaluatorChange("refusal", "2", EvaluatorVerdict.MOVED)])
    (signal,) = breaches(metrics(BAD), window, OPTIONS, moved=moved)
    assert (signal.standing, signal.severity) == (True, "P3")
    assert "itself moved" in str(signal.note)
