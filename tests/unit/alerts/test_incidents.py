from __future__ import annotations

from dataclasses import replace

import pytest

from obs_lib.alerts.faults import Fault
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.storage import to_frame
from obs_lib.lake.tables import ALERTS
from obs_lib.records import Incident, Severity, Signal, Suspect
from tests.unit.alerts.nights import blind, breach, change, day, evidence, fold, stored_and_read

REFUSAL, EVERYWHERE, OTHER = ("refusal_rate", "route=a"), ("refusal_rate", "all"), ("refusal_rate", "route=b")
FORMAT, ERRORS = ("format_compliance", "route=a"), ("error_rate", "route=a")


def states(days: list[list[Incident]]) -> list[str]:
    return [", ".join(f"{one.state.value}{'!' if one.notify else ''}" for one in incidents) for incidents in days]


def test_the_life_of_an_incident() -> None:
    bad = {REFUSAL: 0.2}
    days = fold([evidence(n, effects) for n, effects in enumerate([{}, bad, bad, {}, bad, {}, {}, {}])])
    assert states(days) == ["", "NEW!", "ONGOING", "RECOVERING", "ONGOING", "RECOVERING", "RESOLVED", ""]
    assert days[3][0].closes == day(4)
    (last,) = days[6]
    assert (last.first_day, last.last_day, last.day) == (day(1), day(4), day(6))
    assert last.evidence == days[4][0].evidence


def test_it_starts_anew_after_it_was_resolved() -> None:
    days = fold([evidence(n, effects) for n, effects in enumerate([{REFUSAL: 0.2}, {}, {}, {REFUSAL: 0.2}])])
    assert states(days) == ["NEW!", "RECOVERING", "RESOLVED", "NEW!"]
    assert days[0][0].fingerprint != days[3][0].fingerprint


def test_a_day_without_figures_resolves_nothing() -> None:
    days = fold([evidence(0, {REFUSAL: 0.2}), blind(1), blind(2), blind(3), evidence(4, {})])
    assert states(days) == ["NEW!", "ONGOING", "ONGOING", "ONGOING", "RESOLVED"]
    assert {incident.last_day for incidents in days for incident in incidents} == {day(0)}


def test_it_is_told_again_only_where_it_is_worse_than_ever() -> None:
    sizes = [0.06, 0.2, 0.06, 0.2, 0.2]
    days = fold([evidence(n, {REFUSAL: size}) for n, size in enumerate(sizes)])
    assert states(days) == ["NEW!", "WORSE!", "ONGOING", "ONGOING", "ONGOING"]
    assert [incidents[0].severity.value for incidents in days] == ["P2", "P1", "P1", "P1", "P1"]


def test_twice_its_worst_is_worse_and_no_news_at_the_same_severity() -> None:
    days = fold([evidence(n, {REFUSAL: size}) for n, size in enumerate([0.2, 0.3, 0.6, 0.7, 0.7])])
    assert states(days) == ["NEW!", "ONGOING", "WORSE", "ONGOING", "ONGOING"]


def test_what_grows_is_seen_where_the_comparison_calls_it_chance() -> None:
    days = fold(
        [evidence(0, {REFUSAL: 0.1}), evidence(1, {}, unseen={REFUSAL: 0.15}), evidence(2, {}, unseen={REFUSAL: 0.5})]
    )
    assert states(days) == ["NEW!", "ONGOING", "WORSE!"]
    assert days[2][0].severity == "P1"


def test_a_second_problem_is_told_while_the_first_is_open() -> None:
    both = {REFUSAL: 0.2, FORMAT: -0.2}
    _, second = fold([evidence(0, {REFUSAL: 0.2}), evidence(1, both)])
    assert {(one.lead, one.state.value, one.notify) for one in second} == {
        ("refusal", "ONGOING", False),
        ("format", "NEW", True),
    }
    (together,) = fold([evidence(0, both)])[0]
    assert together.families == {"refusal", "format"}


def test_places_are_the_smallest_that_explain_the_whole() -> None:
    def places(*effects: dict[tuple[str, str], float]) -> list[set[tuple[str, ...]]]:
        return [{one.place for one in incidents} for incidents in fold([evidence(n, e) for n, e in enumerate(effects)])]

    assert places({EVERYWHERE: 0.1, REFUSAL: 0.2}) == [{("route=a",)}]
    assert places({EVERYWHERE: 0.2, REFUSAL: 0.2, OTHER: 0.2}) == [{("all",)}]
    assert places({REFUSAL: 0.2, ("format_compliance", "route=b"): -0.2}) == [{("route=a",), ("route=b",)}]
    assert places({REFUSAL: 0.2}, {REFUSAL: 0.2, OTHER: 0.2}) == [{("route=a",)}, {("route=a", "route=b")}]


def test_what_spreads_is_told_as_the_same_incident() -> None:
    days = fold(
        [evidence(0, {REFUSAL: 0.2}), evidence(1, {REFUSAL: 0.2, OTHER: 0.2}), evidence(2, {REFUSAL: 0.2, OTHER: 0.2})]
    )
    assert states(days) == ["NEW!", "WORSE!", "ONGOING"]


def test_a_level_that_stays_becomes_the_baseline_and_is_never_resolved_while_an_objective_is_breached() -> None:
    stays = {"unseen": {REFUSAL: 0.2}}
    broken = [breach("refusal_rate", "route=a", standing=True)]
    days = fold(
        [
            evidence(0, {REFUSAL: 0.2}),
            evidence(1, {}, breaches=broken, **stays),
            evidence(2, {}, breaches=broken, **stays),
            evidence(3, {}, breaches=broken, **stays),
            evidence(4, {}),
            evidence(5, {}),
        ]
    )
    assert states(days) == ["NEW!", "ONGOING", "NEW_LEVEL", "NEW_LEVEL", "NEW_LEVEL", "RESOLVED"]
    assert days[2][0].severity == "P2"
    accepted = fold([evidence(0, {REFUSAL: 0.2}), *(evidence(n, {}, **stays) for n in (1, 2, 3))])
    assert states(accepted) == ["NEW!", "ONGOING", "ACCEPTED", ""]


def test_a_new_level_that_goes_on_the_same_way_is_its_own_incident_grown_worse() -> None:
    broken = [breach("refusal_rate", "route=a", standing=True)]
    settled = [
        evidence(0, {REFUSAL: 0.2}),
        *(evidence(n, {}, breaches=broken, unseen={REFUSAL: 0.2}) for n in (1, 2, 3)),
    ]
    *_, before, after = fold([*settled, evidence(4, {REFUSAL: 0.1}, breaches=broken)])
    assert states([before, after]) == ["NEW_LEVEL", "WORSE!"]
    assert before[0].fingerprint == after[0].fingerprint
    other_way = fold([*settled, evidence(4, {REFUSAL: -0.1}, breaches=broken)])[-1]
    assert {one.state.value for one in other_way} == {"NEW_LEVEL", "NEW"}
    elsewhere = fold([*settled, evidence(4, {OTHER: 0.1}, breaches=broken)])[-1]
    assert {one.state.value for one in elsewhere} == {"NEW_LEVEL", "NEW"}


def test_a_standing_breach_is_one_incident_and_told_once() -> None:
    broken = [breach("refusal_rate", "all", standing=True), breach("refusal_rate", "route=a", standing=True)]
    days = fold([evidence(n, {}, breaches=broken) for n in range(3)])
    assert states(days) == ["NEW!", "ONGOING", "ONGOING"]
    assert days[0][0].title == "Refusal rate beyond its objective"
    unsettled = [replace(signal, settled=False) for signal in broken]
    assert states(fold([evidence(0, {}, breaches=unsettled)])) == [""]
    assert states(fold([evidence(0, {}, breaches=broken), evidence(1, {}, breaches=unsettled)])) == ["NEW!", "ONGOING"]


def test_a_breach_of_what_changed_is_part_of_the_change() -> None:
    (incident,) = fold([evidence(0, {REFUSAL: 0.2}, breaches=[breach("refusal_rate", "route=a", Severity.P1)])])[0]
    assert (incident.kind, incident.severity) == ("change", "P1")
    assert [signal.objective for signal in incident.evidence] == [None, 0.2]


def test_harm_is_told_whatever_is_open() -> None:
    harm = Signal(
        "toxicity_rate", 0.07, "share", segment="route=a", family="toxicity", severity=Severity.P0, note="harm"
    )
    open_one = evidence(0, {REFUSAL: 0.2})
    tomorrow = evidence(1, {REFUSAL: 0.2})
    burst = replace(tomorrow, signals=[*tomorrow.signals, harm])
    _, (first, second) = fold([open_one, burst])
    assert (first.lead, first.severity, first.notify, first.why) == ("toxicity", "P0", True, "harm")
    assert (second.lead, second.notify) == ("refusal", False)


def test_suspects_lie_where_the_incident_does() -> None:
    version = Suspect("version", "route=a", "model version m-2 first seen: 100% of 200 requests")
    elsewhere, stage = Suspect("version", "route=b", "x"), Suspect("stage", "stage=retrieval", "y")
    one = replace(evidence(0, {REFUSAL: 0.2}), suspects=(version, elsewhere, stage))
    assert fold([one])[0][0].suspects == (version,)


def test_how_much_is_mix_and_how_much_behaviour() -> None:
    (incident,) = fold([evidence(0, {EVERYWHERE: 0.1, REFUSAL: 0.2})])[0]
    assert incident.mix == pytest.approx(0.0)
    assert incident.behaviour == pytest.approx(0.1)


def test_faults_of_the_data_go_their_own_way() -> None:
    def fault(severity: Severity) -> Fault:
        return Fault("quarantine", severity, "Log lines rejected", 0.5, (), "50% of 100 lines")

    severities = [Severity.P2, Severity.P2, Severity.P1]
    days = fold([blind(n, [fault(severity)]) for n, severity in enumerate(severities)])
    assert states(days) == ["NEW!", "ONGOING", "WORSE!"]
    assert days[0][0].why == "50% of 100 lines"


def test_worst_first() -> None:
    faults = [Fault("step:plan", Severity.P0, "F", 0.5)]
    broken = [breach("error_rate", "all", Severity.P3)]
    (incidents,) = fold([evidence(0, {REFUSAL: 0.06}, breaches=broken, faults=faults)])
    assert [incident.severity.value for incident in incidents] == ["P0", "P2", "P3"]


def test_rows_are_the_tables_columns_and_come_back() -> None:
    one = evidence(0, {REFUSAL: 0.2, FORMAT: -0.1}, breaches=[breach("error_rate", "route=\u202e<b>|x")])
    (incidents,) = fold([one])
    frame = to_frame(incidents)
    assert list(frame.columns) == [name for name in ALERTS.names if name != "day"]
    assert stored_and_read(incidents) == incidents
    assert list(to_frame([]).columns) == list(frame.columns)
    assert stored_and_read([]) == []


@pytest.mark.parametrize("wait", [1, 2, 5])
def test_it_is_resolved_as_many_days_after_its_last_signal_as_set(wait: int) -> None:
    options = AlertOptions(resolve_after_days=wait, notify_resolved=True)
    days = fold([evidence(0, {REFUSAL: 0.2}), *(evidence(n, {}) for n in range(1, wait + 2))], options=options)
    assert states(days) == ["NEW!", *["RECOVERING"] * (wait - 1), "RESOLVED!", ""]


@pytest.mark.parametrize(
    ("distance", "family", "severity", "title"),
    [
        ("topic_drift", "topics", Severity.P3, "People ask about other things"),
        ("answer_drift", "answers", Severity.P2, "Answers are not what they were"),
    ],
)
def test_a_distance_that_leads_gives_its_incident_a_name(
    distance: str, family: str, severity: Severity, title: str
) -> None:
    signal = Signal(distance, 0.1, "squared MMD", segment="all", family=family, strength=0.99, effect=0.1)
    (incident,) = fold([replace(evidence(1, {}), signals=[signal])])[0]
    assert (incident.severity, incident.title, incident.lead) == (severity, title, family)


def test_a_metric_names_the_incident_before_a_distance_that_is_stronger() -> None:
    words = Signal("token_kl", 2.0, "nats", segment="all", family="answers", strength=1.0, effect=1.9)
    refuses = change("refusal_rate", "all", 0.3)
    both = replace(evidence(1, {}), signals=[words, refuses])
    ((incident,),) = fold([both])
    assert incident.lead == "answers"
    assert incident.title == "The model refuses more; also answers"
    ((alone,),) = fold([replace(both, signals=[words])])
    assert alone.title == "Answers are not what they were"
