"""Which signals of a day have one cause: those that begin together in populations that overlap.

The strongest signal leads. A family whose place overlaps with that of a stronger one joins it; one that lies elsewhere begins a
cause of its own. What an incident that is already open explains begins nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from obs_lib.alerts.place import EVERYWHERE, Level, Place, overlap, place_of, within
from obs_lib.records import ALL, STAGE_SEGMENTS, Incident, IncidentState, Signal

Levels = Callable[[str], Mapping[str, Level]]
"""The levels of a metric or distance by segment; empty for what is neither."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Signals that have one cause."""

    signals: tuple[Signal, ...]
    """Strongest first; the first one leads."""
    place: Place


def claim(incidents: Sequence[Incident], signals: Iterable[Signal]) -> tuple[dict[str, list[Signal]], list[Signal]]:
    """The signals of each open incident, by its fingerprint, and those that are of none.

    A signal is an incident's where its family is one of the incident's and its segment overlaps with the incident's place;
    elsewhere too where it is of the family that leads the incident: then it has spread. Of several incidents the one that began
    last. One whose level has become the baseline has only what goes on from there, the same way.
    """
    claims: dict[str, list[Signal]] = {incident.fingerprint: [] for incident in incidents}
    free: list[Signal] = []
    latest = sorted(incidents, key=lambda incident: (incident.first_day, incident.fingerprint), reverse=True)
    # The whole moves with its segments, so it goes where they go: last.
    for signal in sorted(signals, key=lambda signal: (signal.segment in (None, ALL), strongest_first(signal))):
        beside = signal.segment in (None, ALL) and any(known.family == signal.family for known in free)
        owner = None if beside else _owner(signal, latest)
        if owner is None:
            free.append(signal)
        else:
            claims[owner.fingerprint].append(signal)
    return claims, free


def causes(signals: Sequence[Signal], levels: Levels) -> list[Cause]:
    """The causes behind signals that no open incident explains, the strongest first."""
    families: dict[str, list[Signal]] = {}
    for signal in sorted(signals, key=strongest_first):
        families.setdefault(signal.family or signal.metric, []).append(signal)
    groups: list[tuple[list[Signal], Place]] = []
    for members in families.values():
        place = place_of_family(members, levels)
        for n, (known, there) in enumerate(groups):
            if overlap(place, there):
                groups[n] = ([*known, *members], _joined(there, place))
                break
        else:
            groups.append((members, place))
    return [Cause(tuple(sorted(members, key=strongest_first)), place) for members, place in groups]


def explains(families: Collection[str | None], place: Place, signal: Signal) -> bool:
    """Whether what changed in these families, in this place, may be what a signal or a breach shows."""
    return signal.family in families and within(signal.segment, place)


def place_of_family(members: Sequence[Signal], levels: Levels) -> Place:
    """Where a family's change lies, by the metric of its strongest signal that has a level."""
    segments = {signal.segment or ALL for signal in members}
    known = next((found for signal in members if (found := levels(signal.metric))), {})
    return place_of(segments, known)


def strongest_first(signal: Signal) -> tuple[bool, float, str, bool, str]:
    """The order of signals: what people meet before the stages that bring it about, the strongest first, then by name."""
    segment = signal.segment or ALL
    return segment in STAGE_SEGMENTS, -(signal.strength or 0.0), signal.metric, segment != ALL, segment


def _owner(signal: Signal, latest: Sequence[Incident]) -> Incident | None:
    there = next(
        (one for one in latest if explains(one.families, frozenset(one.place), signal) and _takes(one, signal)), None
    )
    open_ones = (one for one in latest if one.state is not IncidentState.NEW_LEVEL)
    return there or next((one for one in open_ones if signal.family == one.lead), None)


def _takes(incident: Incident, signal: Signal) -> bool:
    return incident.state is not IncidentState.NEW_LEVEL or any(
        one.metric == signal.metric and one.worst * (signal.effect or 0.0) > 0 for one in incident.extents
    )


def _joined(lead: Place, other: Place) -> Place:
    """The leading place, with the stages that the other names; a lead that lies everywhere stays there."""
    stages = (lead | other) & frozenset(STAGE_SEGMENTS)
    of_requests = lead - stages or other - stages
    return of_requests | stages or EVERYWHERE
