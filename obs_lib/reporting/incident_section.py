"""One incident in full: since when, where, how large, who is suspected, what shows it, and where its numbers stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from obs_lib.catalogue.distances import DISTANCES, definition_of, title_of
from obs_lib.records import ALL, Incident, Responsible, Signal
from obs_lib.reporting.anchors import examples_anchor, handling_anchor, incident_anchor, place_of_numbers
from obs_lib.reporting.blocks import Block, Fact, Facts, Fold, Heading, Link, Links, Slot
from obs_lib.reporting.incident_examples import example_blocks, examples_of
from obs_lib.reporting.incident_text import STATES, decomposed, sentence, signal_text, since, suspects
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.numbers import number, plural
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line, place_title, segment_title
from obs_lib.reporting.tone import Tone, severity_tone

_SIGNALS = 5  # shown of an incident; the strongest come first
_LINKS = 4


def incident_section(inputs: ReportInputs, incident: Incident, options: ReportOptions) -> Iterator[Block]:
    """Everything about one incident, under an anchor of its own."""
    yield _heading(incident)
    yield from _story(inputs, incident, options)


def folded_section(inputs: ReportInputs, incident: Incident, options: ReportOptions) -> Fold:
    """The same behind its sentence, with half as many examples."""
    story = tuple(_story(inputs, incident, options.tighter()))
    return Fold(_heading(incident), story, _tone(incident), incident.severity.value)


def number_links(inputs: ReportInputs, incident: Incident, options: ReportOptions) -> Iterator[Link]:
    """Where the numbers of its strongest signals stand, each once."""
    signals = {
        (signal.metric, signal.segment or ALL): None for signal in incident.evidence if definition_of(signal.metric)
    }
    for metric, segment in list(signals)[:_LINKS]:
        there = "drift" if metric in DISTANCES else place_of_numbers(inputs, segment, options)
        where = "" if segment == ALL else f" in {segment_title(segment)}"
        yield Link(line(title_of(metric), 60) + where, there)


def _heading(incident: Incident) -> Heading:
    return Heading(f"{incident.severity} {incident.short}", incident_anchor(incident), 3, f"{sentence(incident)}.")


def _story(inputs: ReportInputs, incident: Incident, options: ReportOptions) -> Iterator[Block]:
    yield Facts(tuple(_facts(inputs, incident)))
    yield Links("Numbers", tuple(number_links(inputs, incident, options)))
    yield Slot(handling_anchor(incident))
    found = examples_of(inputs, incident, options)
    if found:
        first, *others = example_blocks(found, options)
        yield replace(first, anchor=examples_anchor(incident))
        yield from others
        yield Links("Back", (Link(f"Incident {incident.short}", incident_anchor(incident)),))


def _facts(inputs: ReportInputs, incident: Incident) -> Iterator[Fact]:
    yield Fact("Severity", incident.severity.value, line(incident.why, 200), _tone(incident))
    yield Fact("State", STATES[incident.state], since(incident))
    yield Fact("Where", place_title(incident.place), decomposed(incident))
    if incident.last_day == incident.day:
        signals = [signal_text(_measured(inputs, signal)) for signal in incident.evidence[:_SIGNALS]]
        more = len(incident.evidence) - len(signals)
        for at, text in enumerate(signals):
            last = at == len(signals) - 1 and more > 0
            yield Fact("" if at else "How large", text, f"and {plural(more, 'more signal')}" if last else "")
    for at, text in enumerate(suspects(incident)):
        yield Fact("" if at else "Suspects", text)
    responsible = inputs.responsible.get(incident.fingerprint, Responsible())
    if responsible.owner:
        yield Fact("Owner", line(responsible.owner, 80))
    if responsible.runbook:
        yield Fact("Runbook", responsible.runbook)


def _tone(incident: Incident) -> Tone:
    return severity_tone(incident.severity) if incident.is_open else Tone.GOOD


def _measured(inputs: ReportInputs, signal: Signal) -> Signal:
    """The signal with the 95% interval of its value, which the day's metrics know."""
    row = inputs.today(signal.metric, signal.segment or ALL)
    if signal.low is not None or row is None or number(row["value"]) != signal.value:
        return signal
    return replace(signal, low=number(row["low"]), high=number(row["high"]))
