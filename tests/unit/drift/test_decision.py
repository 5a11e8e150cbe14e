from __future__ import annotations

from dataclasses import replace

import pytest

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
    assert decide([one, *[distance("token_kl", 0.5, 0.3, "nats")] * 9], OPTIONS)[0].verdict is DriftVerdict.STABLE
    unmeasured = [distance("token_kl", None, None, "nats")] * 9
    assert decide([one, *unmeasured], OPTIONS)[0].verdict is DriftVerdict.DRIFTED


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
