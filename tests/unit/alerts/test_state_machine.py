"""What holds of incidents whatever the days bring."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from obs_lib.alerts.faults import Fault
from obs_lib.alerts.incidents import Evidence
from obs_lib.records import CLOSED, Incident, IncidentState, Severity
from tests.unit.alerts.nights import OPTIONS, SEGMENTS, blind, breach, day, evidence, fold, stored_and_read

ADVERSE = {"refusal_rate": 1, "format_compliance": -1, "hallucination_rate": 1}
SIZES = st.sampled_from([0.06, 0.1, 0.2, 0.5])
_changes = st.dictionaries(
    st.tuples(st.sampled_from(sorted(ADVERSE)), st.sampled_from(sorted(SEGMENTS))), SIZES, max_size=4
)
_breaches = st.lists(
    st.builds(
        breach,
        st.sampled_from(["refusal_rate", "hallucination_rate", "error_rate"]),
        st.sampled_from(sorted(SEGMENTS)),
        st.sampled_from([Severity.P1, Severity.P2, Severity.P3]),
        standing=st.booleans(),
    ),
    max_size=2,
    unique_by=lambda signal: (signal.metric, signal.segment),
)
_faults = st.lists(
    st.builds(
        Fault, st.sampled_from(["quarantine", "step:plan"]), st.sampled_from(list(Severity)), st.just("F"), st.just(0.5)
    ),
    max_size=1,
)


@st.composite
def _nights(draw: st.DrawFn) -> list[Evidence]:
    days = []
    for number in range(draw(st.integers(0, 9))):
        faults = draw(_faults)
        if draw(st.integers(0, 5)) == 0:
            days.append(blind(number, faults))
            continue
        seen, unseen = draw(_changes), draw(_changes)
        signed = [{key: ADVERSE[key[0]] * size for key, size in changes.items()} for changes in (seen, unseen)]
        days.append(evidence(number, signed[0], unseen=signed[1], breaches=draw(_breaches), faults=faults))
    return days


nights = _nights()
soon = settings(deadline=None, max_examples=60)


@soon
@given(nights)
def test_nothing_is_told_twice_unless_it_is_more_severe_elsewhere_as_well_or_beyond_a_new_level(
    days: list[Evidence],
) -> None:
    told: dict[str, Incident] = {}
    for incidents in fold(days):
        for incident in incidents:
            if incident.state is IncidentState.NEW_LEVEL:
                told.pop(incident.fingerprint, None)
            before = told.get(incident.fingerprint)
            if incident.notify:
                assert incident.severity in OPTIONS.notify_severities
                assert before is None or incident.severity < before.severity or set(incident.place) != set(before.place)
                assert incident.state in (IncidentState.NEW, IncidentState.WORSE)
                told[incident.fingerprint] = incident


@soon
@given(nights)
def test_whatever_is_new_and_severe_enough_is_told(days: list[Evidence]) -> None:
    for incidents in fold(days):
        for incident in incidents:
            if incident.state is IncidentState.NEW:
                assert incident.notify is (incident.severity in OPTIONS.notify_severities)


@soon
@given(nights)
def test_no_incident_vanishes_before_it_is_closed(days: list[Evidence]) -> None:
    for before, after in pairwise(fold(days)):
        left = {incident.fingerprint for incident in before if incident.state not in CLOSED}
        assert left <= {incident.fingerprint for incident in after}
        assert not {one.fingerprint for one in before if one.state in CLOSED} & {one.fingerprint for one in after}


@soon
@given(nights)
def test_names_are_unique_and_stay(days: list[Evidence]) -> None:
    known: dict[str, tuple[object, ...]] = {}
    for number, incidents in enumerate(fold(days)):
        assert len({incident.fingerprint for incident in incidents}) == len(incidents)
        for incident in incidents:
            lasting = (incident.kind, incident.lead, incident.first_day)
            assert known.setdefault(incident.fingerprint, lasting) == lasting
            assert incident.first_day <= incident.last_day <= incident.day == day(number)
            assert (incident.state is IncidentState.NEW) == (incident.first_day == incident.day)


@soon
@given(nights)
def test_severity_falls_only_where_a_level_has_become_the_baseline(days: list[Evidence]) -> None:
    for before, after in pairwise(fold(days)):
        earlier = {incident.fingerprint: incident for incident in before}
        for incident in after:
            if incident.fingerprint in earlier and incident.state is not IncidentState.NEW_LEVEL:
                assert incident.severity <= earlier[incident.fingerprint].severity


@soon
@given(nights, st.integers(0, 9))
def test_going_on_from_what_is_stored_ends_where_going_through_ends(days: list[Evidence], cut: int) -> None:
    through = fold(days)
    cut = min(cut, len(days))
    stored = stored_and_read(through[cut - 1]) if cut else []
    assert stored == (through[cut - 1] if cut else [])
    assert fold(days[cut:], stored) == through[cut:]


@soon
@given(nights)
def test_a_day_without_a_summary_resolves_nothing(days: list[Evidence]) -> None:
    before = fold(days)[-1] if days else []
    (after,) = fold([blind(len(days))], before)
    changes = {one.fingerprint: one for one in before if one.kind != "data" and one.state not in CLOSED}
    kept = {one.fingerprint: one for one in after if one.kind != "data"}
    assert kept.keys() == changes.keys()
    for fingerprint, incident in kept.items():
        assert (incident.state, incident.notify) == (IncidentState.ONGOING, False) or (
            incident.state is changes[fingerprint].state is IncidentState.NEW_LEVEL
        )
        assert incident.last_day == changes[fingerprint].last_day


@soon
@given(nights, st.randoms(use_true_random=False))
def test_the_order_of_signals_does_not_matter(days: list[Evidence], rng: random.Random) -> None:
    def mixed(one: Evidence) -> Evidence:
        return replace(
            one, signals=rng.sample(one.signals, len(one.signals)), breaches=rng.sample(one.breaches, len(one.breaches))
        )

    assert fold(map(mixed, days)) == fold(days)


@soon
@given(nights)
def test_nothing_stays_open_for_ever_once_all_is_as_before(days: list[Evidence]) -> None:
    quiet = [evidence(len(days) + n, {}) for n in range(OPTIONS.resolve_after_days + 2)]
    assert fold([*days, *quiet])[-1] == []
