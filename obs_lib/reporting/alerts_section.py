"""The incidents of the day: a table of them all, and the story of each; beyond the worst ones folded."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib.records import Incident, Severity
from obs_lib.reporting import numbers
from obs_lib.reporting.anchors import incident_anchor, told, unfolded
from obs_lib.reporting.blocks import Block, Heading, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.incident_section import folded_section, incident_section
from obs_lib.reporting.incident_text import STATES, sentence
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import place_title
from obs_lib.reporting.tone import Tone, severity_tone

_COLUMNS = (
    Column("Incident", "head"),
    Column("Severity", "text", lead=True),
    Column("State", "text"),
    Column("Where", "text"),
)


def alerts_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Open incidents, worst first, then those for the record, then those that were closed on this day."""
    yield Heading(
        "Incidents", "incidents", lead="One incident for one cause: signals that began together are told together."
    )
    incidents = inputs.incidents
    if not incidents:
        yield Note("No incident is open, and none was closed.", Tone.GOOD, "None")
        return
    stories, opened = told(inputs, options), unfolded(inputs, options)
    shown = [incident for incident in incidents if incident in stories]
    groups = [
        RowGroup(title, tuple(_row(incident) for incident in listed))
        for title, listed in (
            ("Open", [one for one in shown if one.is_open and one.severity is not Severity.P3]),
            ("For the record", [one for one in shown if one.is_open and one.severity is Severity.P3]),
            ("Closed today", [one for one in shown if not one.is_open]),
        )
        if listed
    ]
    hidden = len(incidents) - len(shown)
    note = f"{numbers.plural(hidden, 'more incident')} left out for length; `obs alerts` lists all." if hidden else ""
    yield TableBlock("Incidents of the day", _COLUMNS, tuple(groups), note=note)
    for incident in opened:
        yield from incident_section(inputs, incident, options)
    yield from (folded_section(inputs, incident, options) for incident in stories[len(opened) :])


def _row(incident: Incident) -> tuple[Cell, ...]:
    tone = severity_tone(incident.severity) if incident.is_open else Tone.GOOD
    return (
        Cell(sentence(incident), anchor=incident_anchor(incident)),
        Cell("", ("told to people",) if incident.notify else (), tone, incident.severity.value),
        Cell(STATES[incident.state], (incident.short,)),
        Cell(place_title(incident.place)),
    )
