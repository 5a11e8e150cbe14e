from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obs_lib.alerts.composite import change_conditions, score, strength

from obs_lib.alerts.options import AlertOptions
from obs_lib.catalogue import metrics
from obs_lib.catalogue.distances import family
from obs_lib.records import Signal

Make = Callable[..., pd.DataFrame]
OPTIONS = AlertOptions()
REFUSALS = {"name": "change:refusal_rate"}
FORMAT = {"name": "change:format_compliance", "effect": -0.3, "baseline_value": 0.95}
MEANING = {"name": "semantic_drift", "effect": 0.3, "statistic": 0.4, "baseline_value": None, "unit": "cosine distance"}


def test_signals_are_for_the_worse(metrics: Make, drift: Make) -> None:
    rows = drift(
        {"name": "change:refusal_rate", "effect": -0.2},
        {"name": "change:relevance", "effect": 0.2},
        {"name": "change:requests", "effect": 100.0},
        {"name": "token_kl", "verdict": "STABLE"},
        {"name": "change:of_old", "effect": 0.2},
    )
    assert change_conditions(rows, metrics(), OPTIONS) == []


def test_one_condition_a_segment_with_its_signals_strongest_first(metrics: Make, drift: Make) -> None:
    rows = drift(REFUSALS, FORMAT, {**REFUSALS, "segment": "route=a", "effect": 0.06})
    whole, route = change_conditions(rows, metrics(), OPTIONS)
    assert (whole.segment, route.segment) == ("all", "route=a")
    assert [signal.metric for signal in whole.evidence] == ["format_compliance", "refusal_rate"]
    assert whole.evidence[0].value == pytest.approx(0.65)
    assert whole.families == {"format", "refusal"}
    assert whole.title == "Change in format, refusal"


@pytest.mark.parametrize(
    ("rows", "severity"),
    [
        ([{**REFUSALS, "effect": 0.05}], "P3"),  # one weak family
        ([{**REFUSALS, "effect": 0.9}], "P2"),  # one family, however strong
        ([{**MEANING, "effect": 2.0}, {**MEANING, "name": "token_kl", "effect": 5.0}], "P2"),  # two signals, one family
        ([REFUSALS, FORMAT, MEANING], "P1"),
        ([{"name": "change:toxicity_rate", "effect": 0.1, "threshold": 0.02}], "P1"),  # harm weighs more
    ],
)
def test_severities(metrics: Make, drift: Make, rows: list[dict[str, object]], severity: str) -> None:
    (found,) = change_conditions(drift(*rows), metrics(), OPTIONS)
    assert found.severity == severity


def test_an_outage_is_p0_without_any_baseline(metrics: Make, drift: Make) -> None:
    failing = metrics(
        {"metric": "error_rate", "value": 0.6, "n": 100},
        {"metric": "error_rate", "value": 1.0, "n": 5, "segment": "a"},
    )
    (found,) = change_conditions(drift(), failing, OPTIONS)
    assert (found.severity, found.segment, found.score) == ("P0", "all", 1.0)
    (both,) = change_conditions(drift({"name": "change:error_rate"}, REFUSALS), failing, OPTIONS)
    assert [signal.metric for signal in both.evidence] == ["error_rate", "refusal_rate"]


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "toxicity"]), st.floats(0, 1)), max_size=8))
def test_the_score_is_a_share_and_grows_with_every_signal(pairs: list[tuple[str, float]]) -> None:
    signals = [Signal(name, family=name, strength=size) for name, size in pairs]
    value = score(signals, OPTIONS)
    assert 0 <= value <= 1
    assert score([*signals, Signal("another", family="another", strength=0.5)], OPTIONS) >= value
    assert score([*signals, *signals], OPTIONS) == value


@given(st.floats(0.0, 1e9), st.floats(0.001, 1e3))
def test_strength_is_a_share(effect: float, threshold: float) -> None:
    assert 0 <= strength(effect, threshold) <= 1
    assert strength(-effect, threshold) == strength(effect, threshold)


def test_every_metric_has_a_family() -> None:
    families = {metric.name: family(f"change:{metric.name}") for metric in metrics()}
    assert families["hallucination_rate"] == "groundedness"
    assert families["toxicity"] == families["toxicity_rate"] == "toxicity"
    assert {families[name] for name in ("ttft_p95", "tpot_p95", "latency_p50", "token_weighted_latency")} == {"latency"}
    assert families["error_rate"] == families["stage_error_rate"] == "errors"
    assert families["stage_duration_p95"] == "latency"


def test_a_slower_and_failing_stage_is_an_incident_of_latency_and_errors(metrics: Make, drift: Make) -> None:
    stage = {"segment": "stage=retrieval"}
    rows = drift(
        {
            **stage,
            "name": "change:stage_duration_p50",
            "unit": "ms",
            "effect": 60.0,
            "baseline_value": 60.0,
            "threshold": 12.0,
        },
        {**stage, "name": "change:stage_error_rate", "effect": 0.3, "baseline_value": 0.0, "threshold": 0.01},
    )
    (found,) = change_conditions(rows, metrics(), OPTIONS)
    assert (found.segment, found.severity) == ("stage=retrieval", "P1")
    assert found.families == {"latency", "errors"}
    faster = drift({**stage, "name": "change:stage_duration_p50", "unit": "ms", "effect": -30.0, "threshold": 12.0})
    assert change_conditions(faster, metrics(), OPTIONS) == []


def test_a_latency_that_tokens_explain_is_no_signal(metrics: Make, drift: Make) -> None:
    latency = {
        "name": "change:latency_p95",
        "unit": "ms",
        "effect": 900.0,
        "threshold": 200.0,
        "baseline_value": 1000.0,
    }
    adjusted = {**latency, "name": "token_adjusted:latency_p95"}
    explained = drift({**latency, "verdict": "EXPLAINED"}, {**adjusted, "verdict": "STABLE"})
    assert change_conditions(explained, metrics(), OPTIONS) == []
    (raw,) = change_conditions(drift(latency), metrics(), OPTIONS)
    (both,) = change_conditions(drift(latency, {**adjusted, "effect": 400.0, "threshold": 100.0}), metrics(), OPTIONS)
    assert (raw.severity, both.severity) == ("P2", "P1")  # what tokens do not explain is the server
    assert both.families == {"latency"}
    assert both.score == pytest.approx(0.85 * 0.9375)
    assert {signal.metric for signal in both.evidence} == {"latency_p95"}
    faster = drift({**adjusted, "effect": -400.0})
    assert change_conditions(faster, metrics(), OPTIONS) == []
