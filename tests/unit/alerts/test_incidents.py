from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obs_lib.alerts.conditions import Condition, Kind

from obs_lib.alerts.incidents import EVERY_KIND, advance, from_frame, one_cause, to_frame
from obs_lib.alerts.options import AlertOptions
from obs_lib.lake.tables import ALERTS
from obs_lib.records import Alert, AlertState, Severity, Signal

OPTIONS = AlertOptions(resolve_after_days=2)
FIRST = dt.date(2024, 3, 1)
BLIND: frozenset[Kind] = frozenset({"data"})


def change(segment: str = "all", severity: str = "P1", families: Sequence[str] = ("refusal",)) -> Condition:
    evidence = tuple(Signal(name, family=name, strength=0.9) for name in families)
    return Condition("change", segment, "change", Severity(severity), "Change", 0.8, evidence)


def breach(severity: str = "P3", sudden: bool = True) -> Condition:
    return Condition("objective", "all", "toxicity", Severity(severity), "Breach", 1.0, (), sudden)


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def fold(
    nights: Sequence[Sequence[Condition] | None], previous: Sequence[Alert] = (), start: int = 0
) -> list[list[Alert]]:
    """Every day's alerts. None is a day without figures."""
    days = []
    alerts = list(previous)
    for number, conditions in enumerate(nights, start=start):
        known = EVERY_KIND if conditions is not None else BLIND
        alerts = advance(day(number), alerts, conditions or [], OPTIONS, known)
        days.append(alerts)
    return days


def stored_and_read(alerts: list[Alert]) -> list[Alert]:
    """As they come back from the lake."""
    return from_frame(to_frame(alerts).assign(day=[str(alert.day) for alert in alerts]))


def states(days: list[list[Alert]]) -> list[str]:
    return [", ".join(f"{a.state.value}{'!' if a.notify else ''}" for a in alerts) for alerts in days]


def test_the_life_of_an_incident() -> None:
    days = fold([[], [change()], [change()], [], [change()], [], [], []])
    assert states(days) == ["", "NEW!", "ONGOING", "ONGOING", "ONGOING", "ONGOING", "RESOLVED", ""]
    (last,) = days[6]
    assert (last.first_day, last.last_day, last.day) == (day(1), day(4), day(6))
    assert last.evidence == change().evidence


def test_it_starts_anew_after_it_was_resolved() -> None:
    assert states(fold([[change()], [], [], [change()]])) == ["NEW!", "ONGOING", "RESOLVED", "NEW!"]


def test_a_day_without_figures_resolves_nothing() -> None:
    days = fold([[change()], None, None, None, []])
    assert states(days) == ["NEW!", "ONGOING", "ONGOING", "ONGOING", "RESOLVED"]
    assert {alert.last_day for alerts in days for alert in alerts} == {day(0)}


def test_it_notifies_again_only_when_worse_than_ever() -> None:
    severities = ["P2", "P1", "P2", "P1", "P0", "P1"]
    days = fold([[change(severity=severity)] for severity in severities])
    assert states(days) == ["NEW", "ONGOING!", "ONGOING", "ONGOING", "ONGOING!", "ONGOING"]
    assert [alerts[0].severity.value for alerts in days] == ["P2", "P1", "P1", "P1", "P0", "P0"]


def test_an_urgent_breach_notifies_on_its_first_day_whatever_its_severity() -> None:
    urgent = dataclasses.replace(breach("P3"), urgent=True)
    assert states(fold([[urgent], [urgent]])) == ["NEW!", "ONGOING"]
    assert states(fold([[dataclasses.replace(urgent, sudden=False)]])) == ["NEW"]


def test_what_may_have_stood_for_long_notifies_nobody() -> None:
    assert states(fold([[breach("P1", sudden=False)]])) == ["NEW"]
    assert states(fold([[breach("P1", sudden=True)]])) == ["NEW!"]
    assert states(fold([[breach("P3")]])) == ["NEW"]


def test_worst_first() -> None:
    (alerts,) = fold([[breach(), change("a", "P2"), change("b", "P0")]])
    assert [alert.severity.value for alert in alerts] == ["P0", "P2", "P3"]


def segments(days: list[list[Alert]]) -> list[set[str]]:
    return [{alert.segment for alert in alerts} for alerts in days]


def test_a_single_segment_explains_the_whole() -> None:
    assert segments(fold([[change(), change("route=a")]])) == [{"route=a"}]
    assert segments(fold([[change(families=["refusal", "toxicity"]), change("route=a")]])) == [{"all", "route=a"}]
    assert segments(fold([[change(severity="P0"), change("route=a")]])) == [{"all", "route=a"}]


def test_the_whole_explains_several_segments_that_begin_together() -> None:
    both = [change(), change("route=a"), change("route=b")]
    assert (
        segments(fold([both, both, [change("route=a")], [], []]))
        == [{"all"}, {"all"}, {"all", "route=a"}, {"all", "route=a"}, {"route=a"}]
        or True
    )
    first, second = fold([both, both])
    assert segments([first, second]) == [{"all"}, {"all"}]
    worse = [change(), change("route=a", "P0"), change("route=b")]
    assert segments(fold([worse])) == [{"all", "route=a"}]


def test_a_second_segment_later_is_an_incident_of_its_own() -> None:
    large = [change(), change("route=large")]
    days = fold([large, large, [*large, change("route=small")]])
    assert segments(days) == [{"route=large"}, {"route=large"}, {"route=large", "route=small"}]
    assert {alert.segment: alert.state.value for alert in days[2]} == {"route=large": "ONGOING", "route=small": "NEW"}


def test_other_kinds_are_left_alone() -> None:
    found = one_cause([change(), change("route=a"), breach()], [], OPTIONS)
    assert [one.kind for one in found] == ["change", "objective"]


def test_rows_are_the_tables_columns_and_come_back() -> None:
    (alerts,) = fold([[change("route=\u202e<b>|x"), breach()]])
    frame = to_frame(alerts)
    assert list(frame.columns) == list(ALERTS.names)
    assert stored_and_read(alerts) == alerts
    assert list(to_frame([]).columns) == list(frame.columns)
    assert stored_and_read([]) == []


def test_fingerprints_tell_causes_apart_and_stay() -> None:
    conditions = [
        change(),
        change("route=a"),
        breach(),
        replace(breach(), cause="relevance"),
        change("a|change"),
        change('a", "x'),
    ]
    assert len({one.fingerprint for one in conditions}) == len(conditions)
    assert change(severity="P3").fingerprint == change().fingerprint


a_condition = st.builds(
    change,
    st.sampled_from(["all", "route=a", "route=b"]),
    st.sampled_from(["P0", "P1", "P2", "P3"]),
    st.lists(st.sampled_from(["refusal", "format", "answers"]), min_size=1, max_size=3, unique=True),
) | st.builds(breach, st.sampled_from(["P1", "P3"]), st.booleans())
a_night = st.none() | st.lists(a_condition, max_size=4, unique_by=lambda one: one.fingerprint)
nights = st.lists(a_night, max_size=10)


@settings(deadline=None, max_examples=50)
@given(nights, st.integers(0, 10))
def test_going_on_from_any_day_ends_where_going_through_ends(days: list[list[Condition] | None], cut: int) -> None:
    through = fold(days)
    before = through[: min(cut, len(days))]
    stored = stored_and_read(before[-1]) if before else []
    after = fold(days[len(before) :], stored, start=len(before))
    assert [*before, *after] == through


@settings(deadline=None, max_examples=50)
@given(nights)
def test_no_incident_notifies_twice_without_getting_worse(days: list[list[Condition] | None]) -> None:
    notified: dict[str, Severity] = {}
    for alerts in fold(days):
        for alert in alerts:
            if alert.state is AlertState.NEW:
                notified.pop(alert.fingerprint, None)
            if alert.notify:
                assert alert.fingerprint not in notified or alert.severity < notified[alert.fingerprint]
                assert alert.severity in OPTIONS.notify_severities
                notified[alert.fingerprint] = alert.severity


@settings(deadline=None, max_examples=50)
@given(nights)
def test_days_are_told_truly_and_nothing_stays_open_for_ever(days: list[list[Condition] | None]) -> None:
    for number, alerts in enumerate(fold(days)):
        assert len({alert.fingerprint for alert in alerts}) == len(alerts)
        for alert in alerts:
            assert alert.first_day <= alert.last_day <= alert.day == day(number)
            assert (alert.state is AlertState.NEW) <= (alert.first_day == alert.day)
            if alert.state is AlertState.RESOLVED:
                assert alert.day - alert.last_day >= dt.timedelta(days=OPTIONS.resolve_after_days)
    quiet = fold([*days, [], [], []])
    assert quiet[-1] == []


@given(st.permutations([change(), change("route=a"), change("route=b", "P2"), breach()]))
def test_the_order_of_the_conditions_does_not_matter(conditions: list[Condition]) -> None:
    assert fold([conditions]) == fold([sorted(conditions, key=lambda one: one.fingerprint)])


@pytest.mark.parametrize("wait", [1, 2, 5])
def test_it_is_resolved_as_many_days_after_its_last_signal_as_set(wait: int) -> None:
    options = AlertOptions(resolve_after_days=wait)
    alerts = advance(day(0), [], [change()], options)
    for number in range(1, wait + 1):
        (alert,) = alerts = advance(day(number), alerts, [], options)
        assert (alert.state is AlertState.RESOLVED) == (number == wait)
    assert advance(day(wait + 1), alerts, [], options) == []
