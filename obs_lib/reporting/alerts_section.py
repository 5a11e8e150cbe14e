"""The incidents of the day: a table of them all, and the worst in full."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib.records import Incident, Responsible, Severity
from obs_lib.reporting import numbers
from obs_lib.reporting.anchors import in_full, incident_anchor
from obs_lib.reporting.blocks import Block, Heading, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.incident_section import incident_section
from obs_lib.reporting.incident_text import STATES, facts, sentence, signals, who_looks_after
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

_ROWS = 6  # of the table for each signal of an incident that is not shown in full; the strongest come first


def alerts_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Open incidents, worst first, then those for the record, then those that were closed on this day."""
    yield Heading(
        "Incidents", "incidents", lead="One incident for one cause: signals that began together are told together."
    )
    incidents = inputs.incidents
    if not incidents:
        yield Note("No incident is open, and none was closed.", Tone.GOOD, "None")
        return
    shown = incidents[: options.max_rows]
    full = in_full(inputs, options)
    groups = [
        RowGroup(title, tuple(_row(inputs, incident, incident in full, options) for incident in listed))
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
    for incident in full:
        yield from incident_section(inputs, incident, options)


def _row(inputs: ReportInputs, incident: Incident, in_full: bool, options: ReportOptions) -> tuple[Cell, ...]:
    tone = severity_tone(incident.severity) if incident.is_open else Tone.GOOD
    most = max(1, options.max_rows // _ROWS) if incident.last_day == incident.day else 0
    responsible = inputs.responsible.get(incident.fingerprint, Responsible())
    about = () if in_full else (*facts(incident), *who_looks_after(responsible), *signals(incident, most))
    return (
        Cell(sentence(incident), about, anchor=incident_anchor(incident) if in_full else ""),
        Cell("", ("told to people",) if incident.notify else (), tone, incident.severity.value),
        Cell(STATES[incident.state], (incident.short,)),
        Cell(place_title(incident.place)),
    )
