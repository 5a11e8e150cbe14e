"""Reads a scenario's file: what happens, and what people must receive.

days : how many. late : by day, the night in which its logs come. routes : each with what is otherwise than a quiet
`world.Route`. events : each with `days` ("10" or "10-12"), `route` ("*" for every one) and what is otherwise. told : exactly
the incidents that people are told, day by day. stands : what else must be there on some day, told or not. Of an incident only
what is written is compared.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.routing import too_old
from obs_lib.records import Incident
from tests.scenarios.play import Event, Scenario, day_of
from tests.scenarios.world import Route

HERE = Path(__file__).parent
HOUR = dt.time(2)  # at which a night folds the day before
Row = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """A scenario with what must come of it."""

    scenario: Scenario
    told: tuple[Row, ...]
    stands: tuple[Row, ...]


def stories() -> list[Path]:
    """The files of all scenarios."""
    return sorted(HERE.glob("*.yaml"))


def load(path: Path) -> Story:
    """The scenario of a file."""
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert said.pop("about"), path.name
    told, stands = tuple(said.pop("told")), tuple(said.pop("stands", ()))
    routes = {name: Route().changed(**(changes or {})) for name, changes in said.pop("routes").items()}
    events = [_event(event) for event in said.pop("events", ())]
    alerts = AlertOptions(**said.pop("alerts", {}))
    return Story(Scenario(routes=routes, events=events, alerts=alerts, **said), told, stands)


def told(days: Iterable[Iterable[Incident]]) -> list[Row]:
    """What people receive, day by day."""
    return [row(n, incident) for n, incidents in enumerate(days, start=1) for incident in incidents if incident.notify]


def told_over(nights: Iterable[Sequence[Iterable[Incident]]], max_age_hours: float) -> list[Row]:
    """The same where each night finds the days anew: no update twice, and none of a day that is too old by then."""
    received: list[Row] = []
    known: set[tuple[dt.date, str, str]] = set()
    for days in nights:
        now = dt.datetime.combine(day_of(len(days) + 1), HOUR, dt.UTC)
        news = [(n, one) for n, incidents in enumerate(days, start=1) for one in incidents if one.notify]
        for number, one in news:
            update = one.day, one.fingerprint, one.severity.value
            if update not in known and not too_old(one.day, now, max_age_hours):
                known.add(update)
                received.append(row(number, one))
    return received


def row(number: int, incident: Incident) -> Row:
    """An incident as scenarios write it."""
    return {
        "day": number,
        "severity": incident.severity.value,
        "state": incident.state.value,
        "place": list(incident.place),
        "lead": incident.lead,
        "families": sorted(incident.families),
        "suspect": incident.suspects[0].evidence if incident.suspects else "",
        "title": incident.title,
        "why": incident.why,
    }


def agrees(expected: Row, found: Row) -> bool:
    """Whether an incident is as written; of texts a part is enough."""
    return all(
        str(value) in found[name] if name in ("suspect", "title", "why") else value == found[name]
        for name, value in expected.items()
    )


def _event(said: Mapping[str, Any]) -> Event:
    changes = dict(said)
    first, _, last = str(changes.pop("days")).partition("-")
    return Event(int(first), int(last or first), changes.pop("route"), changes)
