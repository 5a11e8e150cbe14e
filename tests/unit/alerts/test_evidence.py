"""What stands in the column `evidence` of the lake: the same bytes whatever the objects are that write it, and back again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence

import pandas as pd
import pytest

from obs_lib.alerts.data import DataFacts, data_faults
from obs_lib.alerts.evaluators import evaluators_moved, moved_faults
from obs_lib.alerts.faults import Fault
from obs_lib.alerts.harm import harm_signals
from obs_lib.alerts.incidents import Evidence, advance
from obs_lib.alerts.objectives import breaches
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.signals import change_signals
from obs_lib.alerts.storage import from_frame, to_frame
from obs_lib.records import EvaluatorChange, EvaluatorVerdict, Signal

Make = Callable[..., pd.DataFrame]
OPTIONS = AlertOptions()
DAY = dt.date(2024, 3, 9)
BAD = {"value": 0.5, "low": 0.45, "high": 0.55}
MOVED = EvaluatorChange("refusal", "2", EvaluatorVerdict.MOVED, (DAY, DAY), 1, "version", 40, 3, 0.4, "a", "1")


def written(signals: Sequence[Signal] = (), broken: Sequence[Signal] = (), faults: Sequence[Fault] = ()) -> str:
    """The evidence of the one incident that opens, as the lake has it; it survives the way back."""
    evidence = Evidence(DAY, signals, broken, faults, lambda _: {}, {})
    frame = to_frame(advance(evidence, [], OPTIONS))
    assert list(to_frame(from_frame(frame.assign(day=str(DAY))))["evidence"]) == list(frame["evidence"])
    (column,) = frame["evidence"]
    return str(column)


def test_changes(drift: Make) -> None:
    meaning = {"name": "semantic_drift", "effect": 0.3, "statistic": 0.4, "baseline_value": None}
    latency = {"unit": "ms", "effect": 900.0, "threshold": 200.0, "baseline_value": 1000.0}
    rows = drift(
        {},
        {**meaning, "unit": "cosine distance"},
        {**latency, "name": "token_adjusted:latency_p95"},
        {**latency, "name": "token_adjusted:token_weighted_latency"},
    )
    assert written([*change_signals(rows)]) == (
        '[{"effect": 0.3, "family": "answers", "metric": "semantic_drift", "null_high": 0.02, "null_mean": 0.0, '
        '"p_adjusted": 1e-05, "segment": "all", "strength": 0.984375, "unit": "cosine distance", "value": 0.4}, '
        '{"baseline": 1000.0, "basis": "token-adjusted latency", "effect": 900.0, "family": "latency", '
        '"metric": "latency_p95", "note": "with prompts and answers as long as in the baseline", "p_adjusted": 1e-05, '
        '"segment": "all", "strength": 0.9558058261758408, "unit": "ms", "value": 1900.0}, '
        '{"baseline": 1000.0, "effect": 900.0, "family": "latency", "metric": "token_weighted_latency", '
        '"note": "with prompts and answers as long as in the baseline", "p_adjusted": 1e-05, "segment": "all", '
        '"strength": 0.9558058261758408, "unit": "ms", "value": 1900.0}, '
        '{"baseline": 0.1, "effect": 0.2, "family": "refusal", "metric": "refusal_rate", "p_adjusted": 1e-05, '
        '"segment": "all", "strength": 0.9375, "unit": "share", "value": 0.30000000000000004}]'
    )


def test_an_outage(metrics: Make) -> None:
    failing = metrics({"metric": "error_rate", "value": 0.6, "low": 0.5, "high": 0.7, "n": 100})
    assert written([*harm_signals(failing, lambda _: {}, OPTIONS)]) == (
        '[{"family": "errors", "high": 0.7, "limit": 0.5, "low": 0.5, "metric": "error_rate", "n": 100, '
        '"note": "60% of 100 requests failed, P0 from 50%", "segment": "all", "severity": "P0", "strength": 1.0, '
        '"unit": "share", "value": 0.6}]'
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            BAD,
            (
                '[{"family": "refusal", "high": 0.55, "low": 0.45, "metric": "refusal_rate", "n": 300, '
                '"note": "it may have stood for long", "objective": 0.2, "segment": "all", "settled": true, '
                '"severity": "P2", "standing": true, "strength": 0.984375, "unit": "share", "value": 0.5}]'
            ),
        ),
        (
            {"metric": "gpu_ecc_uncorrected", "value": 3.0, "low": None, "high": None},
            (
                '[{"family": "gpu_ecc_uncorrected", "high": null, "low": null, "metric": "gpu_ecc_uncorrected", "n": 300, '
                '"note": "it may have stood for long", "objective": 0.0, "segment": "all", "settled": true, '
                '"severity": "P2", "standing": true, "strength": 0.9999999999999991, "unit": "count", "value": 3.0}]'
            ),
        ),
    ],
)
def test_breaches(metrics: Make, row: dict[str, object], expected: str) -> None:
    assert written(broken=breaches(metrics(row), {}, OPTIONS)) == expected


def test_a_breach_that_tokens_explain_and_one_of_an_evaluator_that_moved(metrics: Make, drift: Make) -> None:
    slow = metrics({"metric": "ttft_p95", "value": 900.0, "low": 800.0, "high": 1000.0})
    row = {"name": "token_adjusted:ttft_p95", "baseline_value": 450.0, "effect": 30.0, "verdict": "STABLE"}
    assert (
        json.loads(written(broken=breaches(slow, {}, OPTIONS, drift(row))))[0].items()
        >= {
            "note": "explained by longer prompts or answers",
            "severity": "P3",
            "token_adjusted": 480.0,
        }.items()
    )
    moved = evaluators_moved([MOVED])
    assert (
        json.loads(written(broken=breaches(metrics(BAD), {}, OPTIONS, moved=moved)))[0].items()
        >= {
            "note": "the evaluator itself moved, so earlier days do not compare",
            "severity": "P3",
            "standing": True,
        }.items()
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            MOVED,
            (
                '[{"metric": "refusal on the anchors, largest difference", "n": 40, '
                '"note": "version 1 became 2; 2 baseline days are not comparable", "unit": "probability", "value": 0.4}]'
            ),
        ),
        (
            EvaluatorChange("refusal", "1", EvaluatorVerdict.MOVED, (DAY,), 1, "scores", 40, 3, None, "a", "1"),
            (
                '[{"metric": "refusal on the anchors, largest difference", "n": 40, "note": "the same version scores 3 of 40 '
                'anchors otherwise; 1 baseline days are not comparable", "unit": "probability", "value": null}]'
            ),
        ),
    ],
)
def test_evaluators_that_moved(change: EvaluatorChange, expected: str) -> None:
    assert written(faults=list(moved_faults(evaluators_moved([change])))) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            DataFacts(interactions=1, failures=(("plan", "disk full"),)),
            '[{"metric": "step", "note": "plan: disk full", "step": "plan"}]',
        ),
        (DataFacts(usual=True), '[{"metric": "requests", "unit": "count", "value": 0}]'),
        (
            DataFacts(interactions=95, rejected=5, reasons=(("not JSON", 5),)),
            (
                '[{"limit": 0.05, "metric": "rejected log lines", "n": 100, "note": "not JSON (5)", "unit": "share", '
                '"value": 0.05}]'
            ),
        ),
    ],
)
def test_data(metrics: Make, facts: DataFacts, expected: str) -> None:
    assert written(faults=data_faults(facts, metrics(), OPTIONS)) == expected


def test_failed_scores(metrics: Make) -> None:
    rows = metrics({"n": 90, "n_failed": 10})
    assert written(faults=data_faults(DataFacts(interactions=300), rows, OPTIONS)) == (
        '[{"limit": 0.05, "metric": "failed refusal scores", "n": 100, "unit": "share", "value": 0.1}]'
    )


def test_what_an_older_lake_holds_is_read_under_its_new_name() -> None:
    facts = json.loads('{"metric": "ttft_p95", "at_equal_tokens": 480.0, "of_tomorrow": 1}')
    assert Signal.from_json(facts) == Signal("ttft_p95", token_adjusted=480.0)
