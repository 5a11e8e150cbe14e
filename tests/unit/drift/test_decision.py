from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from obs_lib.drift.decision import decide, drift_rows, smallest_effect
from obs_lib.drift.options import DriftOptions
from obs_lib.lake.tables import DRIFT
from obs_lib.records import Distance, DriftVerdict

OPTIONS = DriftOptions()


def distance(
    name: str, p: float | None, effect: float | None, unit: str = "share", baseline: float | None = 0.2
) -> Distance:
    return Distance(name, "all", effect, 0.0, 0.1, p, effect, unit, 100, 100, (), baseline)


def test_drifted_needs_both_small_chance_and_size() -> None:
    found = decide(
        [
            distance("change:refusal_rate", 1e-9, 0.3),
            distance("change:refusal_rate", 1e-9, -0.3),
            distance("change:refusal_rate", 1e-9, 0.01),
            distance("change:refusal_rate", 0.2, 0.3),
            distance("semantic_drift", 1e-9, -0.3, "cosine distance"),
            distance("token_kl", None, None, "nats"),
        ],
        OPTIONS,
    )
    verdicts = [one.verdict.value for one in found]
    assert verdicts == ["DRIFTED", "DRIFTED", "STABLE", "STABLE", "STABLE", "TOO_FEW"]
    assert found[-1].p_adjusted is None


def test_what_is_drifted_depends_on_all_that_was_measured() -> None:
    one = distance("change:refusal_rate", 0.004, 0.3)
    assert decide([one], OPTIONS)[0].verdict is DriftVerdict.DRIFTED
    assert decide([one, *[distance("token_kl", 0.5, 0.3, "nats")] * 9], OPTIONS)[0].verdict is DriftVerdict.DRIFTED
    others = [distance(f"change:{name}", 0.5, 0.3) for name in ("error_rate", "toxicity_rate", "format_compliance")]
    assert decide([one, *others], OPTIONS)[0].verdict is DriftVerdict.UNSURE
    unmeasured = [distance("token_kl", None, None, "nats")] * 9
    assert decide([one, *unmeasured], OPTIONS)[0].verdict is DriftVerdict.DRIFTED


def test_each_family_has_an_equal_part_of_the_nights_level() -> None:
    """A family of many latencies takes nothing from refusals."""
    one = distance("change:refusal_rate", 0.004, 0.3)
    latencies = [distance(f"change:latency_p{q}", 0.5, 90.0, "ms", 100.0) for q in (50, 95, 99)] * 10
    assert decide([one, *latencies], OPTIONS)[0].p_adjusted == pytest.approx(0.008)


def test_quiet_nights_have_false_alarms_at_the_level() -> None:
    rng = np.random.default_rng(1)
    names = ["change:refusal_rate", "change:error_rate", "change:toxicity_rate", *["change:latency_p50"] * 8]
    options = DriftOptions(false_alarms_a_quarter=9.13125)  # a level of a tenth
    alarms = 0
    for p in rng.random((2000, len(names))):
        found = decide([distance(name, x, 0.3) for name, x in zip(names, p, strict=True)], options)
        alarms += any(one.verdict is DriftVerdict.DRIFTED for one in found)
    assert alarms / 2000 == pytest.approx(0.1, abs=0.022)


def test_an_effect_counts_while_its_interval_reaches_the_smallest() -> None:
    small = distance("change:refusal_rate", 1e-9, 0.04)
    assert decide([small], OPTIONS)[0].verdict is DriftVerdict.STABLE
    unsure = replace(small, std_error=0.008)
    assert decide([unsure], OPTIONS)[0].verdict is DriftVerdict.DRIFTED
    assert decide([replace(small, std_error=0.004)], OPTIONS)[0].verdict is DriftVerdict.STABLE


def test_beside_every_comparison_stands_what_the_night_could_have_shown() -> None:
    """An effect of the size that is called detectable comes out in four nights of five."""
    rng = np.random.default_rng(2)
    one = replace(distance("change:quality_score", 0.5, 0.0, "score"), std_error=0.01, freedom=30.0)
    (found,) = decide([one], OPTIONS)
    assert found.detectable is not None
    seen = found.detectable / 0.01 + rng.standard_t(30, 20_000)
    assert np.mean(2 * t.sf(np.abs(seen), 30) <= OPTIONS.level) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("name", "unit", "baseline", "expected"),
    [
        ("semantic_drift", "cosine distance", None, 0.05),
        ("token_kl", "nats", None, 0.1),
        ("change:error_rate", "share", 0.1, 0.01),
        ("change:relevance", "probability", 0.8, 0.05),
        ("change:ttft_p95", "ms", 400.0, 80.0),
        ("change:ttft_p95", "ms", None, None),
    ],
)
def test_smallest_effects(name: str, unit: str, baseline: float | None, expected: float | None) -> None:
    assert smallest_effect(distance(name, 0.1, 1.0, unit, baseline), OPTIONS) == expected


def test_rows_are_the_tables_columns() -> None:
    frame = drift_rows([distance("change:refusal_rate", 1e-9, 0.3)], OPTIONS)
    assert list(frame.columns) == list(DRIFT.names)
    assert frame.loc[0, ["verdict", "threshold", "baseline_days"]].tolist() == ["DRIFTED", 0.05, "[]"]
    assert list(drift_rows([], OPTIONS).columns) == list(frame.columns)


@pytest.mark.parametrize(
    ("p", "left", "verdict"),
    [
        (0.9, 5.0, "EXPLAINED"),  # nothing is left at equal tokens
        (0.9, -90.0, "EXPLAINED"),  # less than nothing
        (0.9, 60.0, "DRIFTED"),  # most of it is still there, though no longer sure
        (1e-9, 40.0, "DRIFTED"),  # part of it is sure
        (None, None, "DRIFTED"),  # nobody knows the tokens
    ],
)
def test_a_change_that_is_gone_at_token_adjusted_is_explained(
    p: float | None, left: float | None, verdict: str
) -> None:
    raw = distance("change:latency_p95", 1e-9, 100.0, "ms", 200.0)
    adjusted = distance("token_adjusted:latency_p95", p, left, "ms", 200.0)
    elsewhere = replace(distance("token_adjusted:latency_p95", 0.9, 0.0, "ms", 200.0), segment="route=a")
    assert decide([raw, adjusted, elsewhere], OPTIONS)[0].verdict.value == verdict
    assert decide([raw], OPTIONS)[0].verdict.value == "DRIFTED"


def test_less_counts_at_token_adjusted_and_both_ways() -> None:
    found = [distance("token_adjusted:latency_p95", 1e-9, effect, "ms", 200.0) for effect in (30.0, -30.0, 10.0)]
    assert [one.verdict.value for one in decide(found, OPTIONS)] == ["DRIFTED", "DRIFTED", "STABLE"]
