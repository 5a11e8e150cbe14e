from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.severity import composite, grade, strength
from obs_lib.alerts.signals import change_signals
from obs_lib.catalogue import metric_of, metrics
from obs_lib.catalogue.distances import family
from obs_lib.records import Severity, Signal

Make = Callable[..., pd.DataFrame]
OPTIONS = AlertOptions()
REFUSALS = {"name": "change:refusal_rate"}
FORMAT = {"name": "change:format_compliance", "effect": -0.3, "baseline_value": 0.95}
MEANING = {"name": "semantic_drift", "effect": 0.3, "statistic": 0.4, "baseline_value": None, "unit": "cosine distance"}
LATENCY = {"name": "change:latency_p95", "unit": "ms", "threshold": 200.0, "baseline_value": 1000.0}
STAGE = {"segment": "stage=retrieval", "name": "change:stage_duration_p50", "unit": "ms", "threshold": 12.0}


def test_signals_are_for_the_worse(drift: Make) -> None:
    rows = drift(
        {"name": "change:refusal_rate", "effect": -0.2},
        {"name": "change:relevance", "effect": 0.2},
        {"name": "change:requests", "effect": 100.0},
        {"name": "token_kl", "verdict": "STABLE"},
        {"name": "change:of_old", "effect": 0.2},
        {**STAGE, "effect": -30.0},
        {**LATENCY, "verdict": "EXPLAINED", "effect": 900.0},
    )
    assert [*change_signals(rows)] == []


def test_a_signal_says_from_where_to_where(drift: Make) -> None:
    (signal,) = change_signals(drift({**FORMAT, "segment": "route=a"}))
    assert (signal.metric, signal.family, signal.segment) == ("format_compliance", "format", "route=a")
    assert (signal.baseline, signal.value, signal.effect) == (0.95, pytest.approx(0.65), -0.3)
    assert signal.strength == pytest.approx(1 - 2**-6)


@pytest.mark.parametrize(
    ("rows", "severity", "why"),
    [
        ([{**MEANING, "effect": 0.01, "threshold": 0.05}], "P2", "answers are otherwise than chance explains"),
        ([{**MEANING, "name": "answer_drift", "effect": 1.1, "threshold": 1.0}], "P2", "answers are otherwise"),
        ([{**MEANING, "name": "topic_drift", "effect": 1.0, "threshold": 0.005}], "P3", "composite 0.30 of 1 family"),
        ([{**REFUSALS, "effect": 0.06}], "P2", "Refusal rate is a measure of quality"),
        ([{**REFUSALS, "effect": 0.15}], "P1", "Refusal rate alone is P1 from 0.15"),
        ([{**FORMAT, "effect": -0.2}], "P1", "Format compliance alone is P1 from 0.15"),
        ([{"name": "change:hallucination_rate", "effect": 0.06}], "P1", "Hallucination rate alone is P1 from 0.05"),
        ([{**LATENCY, "effect": 210.0}], "P3", "composite 0.31 of 1 family, P2 from 0.4"),
        ([{**LATENCY, "effect": 400.0}], "P2", "composite 0.45 of 1 family, P2 from 0.4"),
        ([{**LATENCY, "effect": 500.0}], "P1", "Latency, p95 alone is P1 from 50% of its baseline"),
        ([{**REFUSALS, "effect": 0.1}, {**FORMAT, "effect": -0.1}], "P2", "Refusal rate is a measure of quality"),
        ([{**REFUSALS, "effect": 0.1}, {**FORMAT, "effect": -0.14}, MEANING], "P1", "of 3 families, P1 from 0.75"),
    ],
)
def test_severities_and_their_arithmetic(drift: Make, rows: list[dict[str, object]], severity: str, why: str) -> None:
    graded = grade([*change_signals(drift(*rows))], OPTIONS)
    assert graded.severity == severity
    assert why in graded.why


def test_two_signals_of_one_family_count_once(drift: Make) -> None:
    signals = [*change_signals(drift({**MEANING, "effect": 2.0}, {**MEANING, "name": "token_kl", "effect": 5.0}))]
    assert composite(signals, OPTIONS) == pytest.approx(0.6)


def test_a_signal_that_names_its_severity_keeps_it_in_any_company(drift: Make) -> None:
    harm = Signal(
        "toxicity_rate", 0.1, family="toxicity", severity=Severity.P0, strength=1.0, note="at least 5% are toxic"
    )
    graded = grade([*change_signals(drift(REFUSALS)), harm], OPTIONS)
    assert (graded.severity, graded.why, graded.score) == (Severity.P0, "at least 5% are toxic", 1.0)


def test_what_tokens_do_not_explain_weighs_more(drift: Make) -> None:
    adjusted = {**LATENCY, "name": "token_adjusted:latency_p95", "effect": 400.0, "threshold": 100.0}
    (raw,) = change_signals(drift({**LATENCY, "effect": 900.0}))
    both = [*change_signals(drift({**LATENCY, "effect": 900.0}, adjusted))]
    assert {(signal.metric, signal.family) for signal in both} == {("latency_p95", "latency")}
    assert composite([raw], OPTIONS) < 0.6
    assert composite(both, OPTIONS) == pytest.approx(0.85 * 0.9375)


SIGNALS = st.builds(
    lambda name, size: Signal(name, family=name, strength=size),
    st.sampled_from(["a", "b", "toxicity"]),
    st.floats(0, 1),
)


@given(st.lists(SIGNALS, max_size=8))
def test_the_score_is_a_share_and_grows_with_every_signal(signals: list[Signal]) -> None:
    value = composite(signals, OPTIONS)
    assert 0 <= value <= 1
    assert composite([*signals, Signal("another", family="another", strength=0.5)], OPTIONS) >= value
    assert composite([*signals, *signals], OPTIONS) == value


@given(st.lists(SIGNALS, min_size=1, max_size=6), SIGNALS)
def test_company_never_makes_it_milder(signals: list[Signal], another: Signal) -> None:
    assert grade([*signals, another], OPTIONS).severity <= grade(signals, OPTIONS).severity


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


def test_every_metric_that_can_be_compared_complains_in_words() -> None:
    compared = [metric for metric in metrics() if metric.direction and not metric.extensive and not metric.part_of]
    assert [metric.name for metric in compared if metric.complaint.startswith(metric.title)] == []
    assert not any(metric.complaint.endswith(".") for metric in compared)


@pytest.mark.parametrize(
    ("name", "severe"),
    [("hallucination_rate", 0.05), ("error_rate", 0.05), ("refusal_rate", 0.15), ("latency_p50", 0.5)],
)
def test_sizes_from_which_a_metric_is_severe_alone(name: str, severe: float) -> None:
    metric = metric_of(name)
    assert metric is not None
    assert metric.severe_effect == severe
