"""The incidents of the day with what speaks for them."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib.catalogue import metric_of
from obs_lib.catalogue.distances import DISTANCES
from obs_lib.records import Incident, IncidentState, Signal
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line, place_title
from obs_lib.reporting.tone import Tone, severity_tone

_SIGNALS = 5  # shown for an incident; the strongest come first
_STATES = {
    IncidentState.NEW: "New tonight",
    IncidentState.ONGOING: "Ongoing",
    IncidentState.WORSE: "Worse",
    IncidentState.RECOVERING: "Recovering",
    IncidentState.NEW_LEVEL: "New level",
    IncidentState.RESOLVED: "Resolved",
    IncidentState.ACCEPTED: "Accepted as the new level",
}
_KINDS = {
    "change": "change against the baseline",
    "objective": "standing breach of an objective",
    "data": "missing data",
}


def alerts_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Open incidents, worst first, then those that were resolved on this day."""
    yield Heading(
        "Incidents", "incidents", lead="One incident for one cause: signals that moved together are told together."
    )
    incidents = inputs.incidents
    if not incidents:
        yield Note("No incident is open, and none was resolved.", Tone.GOOD, "None")
        return
    columns = (
        Column("Incident", "head"),
        Column("Severity", "text", lead=True),
        Column("State", "text"),
        Column("Where", "text"),
    )
    shown = incidents[: options.max_rows]
    groups = []
    for title, is_open in (("Open", True), ("Resolved", False)):
        body = tuple(_row(alert) for alert in shown if alert.is_open is is_open)
        if body:
            groups.append(RowGroup(title, body))
    hidden = len(incidents) - len(shown)
    note = f"{numbers.plural(hidden, 'more incident')} left out for length; `obs alerts` lists all." if hidden else ""
    yield TableBlock("Incidents of the day", columns, tuple(groups), note=note)


def signal_text(signal: Signal) -> str:
    """One signal of an incident's evidence as a sentence without a full stop.

    >>> signal_text(Signal("refusal_rate", 0.31, baseline=0.12, effect=0.19, p_adjusted=0.0001))
    'Refusal rate 31.0%, baseline 12.0% (+19.0 pts), p < 0.001'
    """
    defined = metric_of(signal.metric) or DISTANCES.get(signal.metric)
    title = defined.title if defined else line(signal.metric.replace("_", " "), 60)
    unit = defined.unit if defined else signal.unit or ""
    limit = signal.limit if signal.objective is None else signal.objective
    text = f"{title} {numbers.write(signal.value, unit)}" if signal.value is not None else title
    if signal.baseline is not None:
        text += f", baseline {numbers.write(signal.baseline, unit)}"
        text += f" ({numbers.change(signal.effect, unit, signal.baseline)})" if signal.effect is not None else ""
    elif signal.null_high is not None:
        text += f", chance alone up to {numbers.write(signal.null_high, unit)}"
    elif limit is not None:
        text += f", objective {numbers.bare(numbers.write(limit, unit))}"
    if signal.p_adjusted is not None:
        p = numbers.p_value(signal.p_adjusted)
        text += f", p {p}" if p.startswith("<") else f", p = {p}"
    note = line(signal.note, 160)
    return text + (f"; {note}" if note else "")


def signals(alert: Incident) -> tuple[str, ...]:
    """The evidence of an incident as sentences, at most a few, the rest as a count."""
    sentences = [signal_text(signal) for signal in alert.evidence[:_SIGNALS]]
    if len(alert.evidence) > _SIGNALS:
        sentences.append(f"and {numbers.plural(len(alert.evidence) - _SIGNALS, 'more signal')}")
    return tuple(sentences)


def _row(alert: Incident) -> tuple[Cell, ...]:
    resolved = not alert.is_open
    tone = Tone.GOOD if resolved else severity_tone(alert.severity)
    since = f"since {numbers.long_day(alert.first_day.isoformat())}" if alert.first_day != alert.day else ""
    facts = f"{_KINDS[alert.kind]}, score\u00a0{alert.score:.2f}"
    return (
        Cell(line(alert.title, 200), signals(alert)),
        Cell(
            "", ("pages",) if alert.notify else (), tone, f"{alert.severity} resolved" if resolved else alert.severity
        ),
        Cell(_STATES[alert.state], (since, facts) if since else (facts,)),
        Cell(place_title(alert.place)),
    )
