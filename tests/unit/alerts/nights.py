"""Evidence of days made by hand, and incidents folded over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from obs_lib.alerts.faults import Fault
from obs_lib.alerts.incidents import Evidence, advance
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.place import Level
from obs_lib.alerts.severity import strength
from obs_lib.alerts.storage import from_frame, to_frame
from obs_lib.catalogue import metric_of
from obs_lib.records import Incident, Severity, Signal

OPTIONS = AlertOptions(resolve_after_days=2)
FIRST = dt.date(2024, 3, 1)
BASELINE = {"refusal_rate": 0.1, "format_compliance": 0.95, "hallucination_rate": 0.02, "error_rate": 0.001}
SEGMENTS = {"all": 400, "route=a": 200, "route=b": 200}
Key = tuple[str, str]


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def change(metric: str, segment: str, effect: float) -> Signal:
    """A change that is beyond chance."""
    named, baseline = metric_of(metric), BASELINE[metric]
    assert named is not None
    return Signal(
        metric,
        baseline + effect,
        "share",
        segment=segment,
        family=named.family,
        strength=strength(effect, 0.05),
        effect=effect,
        baseline=baseline,
    )


def breach(metric: str, segment: str, severity: Severity = Severity.P2, *, standing: bool = False) -> Signal:
    """A breach that is settled."""
    named = metric_of(metric)
    assert named is not None
    return Signal(
        metric,
        0.5,
        "share",
        segment=segment,
        family=named.family,
        severity=severity,
        strength=0.9,
        objective=named.objective,
        standing=standing,
        settled=True,
        note="",
    )


def evidence(
    number: int,
    effects: Mapping[Key, float],
    *,
    unseen: Mapping[Key, float] | None = None,
    breaches: Sequence[Signal] = (),
    faults: Sequence[Fault] = (),
) -> Evidence:
    """What speaks for incidents on a day. unseen : changes that the comparison does not call so."""
    moved = {**(unseen or {}), **effects}

    def levels(metric: str) -> dict[str, Level]:
        if metric not in BASELINE:
            return {}
        before = BASELINE[metric]
        return {one: Level(before + moved.get((metric, one), 0.0), before, n, 7 * n) for one, n in SEGMENTS.items()}

    values = {(metric, segment): levels(metric)[segment].value for metric in BASELINE for segment in SEGMENTS}
    signals = [change(metric, segment, effect) for (metric, segment), effect in effects.items()]
    return Evidence(day(number), signals, breaches, faults, levels, values)


def blind(number: int, faults: Sequence[Fault] = ()) -> Evidence:
    """A day without a summary."""
    return Evidence(day(number), (), (), faults, lambda _: {}, {}, summarised=False)


def fold(
    days: Iterable[Evidence], previous: Sequence[Incident] = (), options: AlertOptions = OPTIONS
) -> list[list[Incident]]:
    """The incidents of each day."""
    history: list[list[Incident]] = []
    incidents = list(previous)
    for one in days:
        incidents = advance(one, incidents, options)
        history.append(incidents)
    return history


def stored_and_read(incidents: Sequence[Incident]) -> list[Incident]:
    """As they come back from the lake."""
    return from_frame(to_frame(incidents).assign(day=[str(incident.day) for incident in incidents]))
