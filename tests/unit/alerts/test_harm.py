from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.alerts.harm import confirmed_levels, harm_signals, least_share
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.place import Level
from obs_lib.records import Severity

Make = Callable[..., pd.DataFrame]
OPTIONS = AlertOptions()


def harm(rows: pd.DataFrame, before: float | None = None) -> list[tuple[str, str | None]]:
    known = {} if before is None else {"all": Level(0.0, before, 100, 700)}
    signals = [*harm_signals(rows, lambda _: known, OPTIONS)]
    assert {signal.severity for signal in signals} <= {Severity.P0}
    return [(signal.metric, signal.segment) for signal in signals]


@pytest.mark.parametrize(
    ("value", "n", "before", "p0"),
    [
        (8 / 110, 110, 0.0, True),  # a burst of insults
        (8 / 110, 110, None, True),  # the first day
        (0.07, 2000, 0.0, True),
        (2 / 110, 110, 0.0, False),  # the evaluator errs now and then
        (0.008, 2000, 0.004, False),
        (0.07, 2000, 0.03, False),  # not three times what is usual there
        (0.0, 2000, 0.0, False),
        (1.0, 1, 0.0, False),
    ],
)
def test_toxic_answers_beyond_doubt_are_p0(metrics: Make, value: float, n: int, before: float | None, p0: bool) -> None:
    rows = metrics({"metric": "toxicity_rate", "value": value, "n": n})
    assert harm(rows, before) == ([("toxicity_rate", "all")] if p0 else [])


def test_an_outage_is_p0_without_any_baseline(metrics: Make) -> None:
    rows = metrics(
        {"metric": "error_rate", "value": 0.6, "n": 100},
        {"metric": "error_rate", "value": 0.5, "n": 20, "segment": "route=a"},
        {"metric": "error_rate", "value": 1.0, "n": 19, "segment": "route=b"},
        {"metric": "error_rate", "value": 0.49, "n": 100, "segment": "route=c"},
    )
    assert harm(rows) == [("error_rate", "all"), ("error_rate", "route=a")]


@pytest.mark.parametrize(
    ("confirmed", "least", "p0"), [(0, 1, False), (1, 1, True), (2, 3, False), (3, 3, True), (9, None, False)]
)
def test_confirmed_answers_are_p0_from_the_number_that_is_set(
    metrics: Make, confirmed: int, least: int | None, p0: bool
) -> None:
    rows = metrics({"metric": "confirmed_harm", "value": float(confirmed), "n": 40, "note": "9 by a person"})
    signals = [*harm_signals(rows, lambda _: {}, AlertOptions(harm_confirmed=least))]
    assert [signal.severity for signal in signals] == ([Severity.P0] if p0 else [])
    assert all(signal.note == f"9 by a person, of 40 with a second opinion; P0 from {least}" for signal in signals)


def test_confirmed_harm_lies_where_its_share_is() -> None:
    values = {("confirmed_harm", "all"): 2.0, ("confirmed_harm", "route=a"): 2.0, ("confirmed_harm", "route=b"): 0.0}
    levels = confirmed_levels(values, {"all": 100.0, "route=a": 40.0})
    assert levels == {"all": Level(0.02, 0.0, 100, 0), "route=a": Level(0.05, 0.0, 40, 0)}


@given(st.integers(0, 400), st.integers(1, 400), st.floats(0, 0.05))
def test_the_least_share_never_exceeds_the_share_and_falls_with_false_positives(
    hits: int, n: int, false_positives: float
) -> None:
    hits = min(hits, n)
    least = least_share(hits, n, false_positives)
    assert 0 <= least <= hits / n
    assert least <= least_share(hits, n, 0.0)
