"""The incidents of the day with what speaks for them."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib.records import Incident, Responsible, Severity
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.incident_text import STATES, facts, sentence, signals, who_looks_after
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import place_title
from obs_lib.reporting.tone import Tone, severity_tone

_SIGNALS = 5  # shown for an incident; the strongest come first


def alerts_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Open incidents, worst first, then those for the record, then those that were closed on this day."""
    yield Heading(
        "Incidents", "incidents", lead="One incident for one cause: signals that began together are told together."
    )
    incidents = inputs.incidents
    if not incidents:
        yield Note("No incident is open, and none was closed.", Tone.GOOD, "None")
        return
    columns = (
        Column("Incident", "head"),
        Column("Severity", "text", lead=True),
        Column("State", "text"),
        Column("Where", "text"),
    )
    shown = incidents[: options.max_rows]
    groups = [
        RowGroup(title, tuple(_row(incident, inputs.responsible.get(incident.fingerprint)) for incident in listed))
        for title, listed in (
            ("Open", [one for one in shown if one.is_open and one.severity is not Severity.P3]),
            ("For the record", [one for one in shown if one.is_open and one.severity is Severity.P3]),
            ("Closed today", [one for one in shown if not one.is_open]),
        )
        if listed
    ]
    hidden = len(incidents) - len(shown)
    note = f"{numbers.plural(hidden, 'more incident')} left out for length; `obs alerts` lists all." if hidden else ""
    yield TableBlock("Incidents of the day", columns, tuple(groups), note=note)


def _row(incident: Incident, responsible: Responsible | None) -> tuple[Cell, ...]:
    tone = severity_tone(incident.severity) if incident.is_open else Tone.GOOD
    evidence = signals(incident, _SIGNALS) if incident.last_day == incident.day else ()
    return (
        Cell(sentence(incident), (*facts(incident), *who_looks_after(responsible or Responsible()), *evidence)),
        Cell("", ("told to people",) if incident.notify else (), tone, incident.severity.value),
        Cell(STATES[incident.state], (incident.fingerprint[:8],)),
        Cell(place_title(incident.place)),
    )
