"""Reads a scenario's file: what happens, and what people must receive.

days : how many. routes : each with what is otherwise than a quiet `world.Route`. events : each with `days` ("10" or "10-12"),
`route` ("*" for every one) and what is otherwise. told : exactly the incidents that people are told, day by day. stands : what
else must be there on some day, told or not. Of an incident only what is written is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from obs_lib.alerts.options import AlertOptions
from obs_lib.records import Incident
from tests.scenarios.play import Event, Scenario
from tests.scenarios.world import Route

HERE = Path(__file__).parent
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
