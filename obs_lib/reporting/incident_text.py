"""What an incident is, in words that a tired person understands: a sentence with numbers, and the facts under it."""

from __future__ import annotations

from obs_lib.catalogue.distances import definition_of
from obs_lib.records import ALL, Incident, IncidentState, Responsible, Signal
from obs_lib.reporting import numbers
from obs_lib.reporting.safe import line, place_title

STATES = {
    IncidentState.NEW: "New tonight",
    IncidentState.ONGOING: "Ongoing",
    IncidentState.WORSE: "Worse",
    IncidentState.RECOVERING: "Recovering",
    IncidentState.NEW_LEVEL: "New level",
    IncidentState.RESOLVED: "Resolved",
    IncidentState.ACCEPTED: "Accepted as the new level",
}
_KINDS = {"change": "change against the baseline", "objective": "breach of an objective", "data": "fault of the data"}
_SUSPECTS = 3


def sentence(incident: Incident) -> str:
    """What is wrong, how much, where and since when, without a full stop; after a colon the likeliest suspect.

    "Answers are not supported: hallucination rate 3% to 82% in route=docs since 12 Mar; stage retrieval fails in 74%"
    """
    parts = [line(incident.title.partition(";")[0], 140).rstrip(".")]
    if amount := _amount(incident):
        parts[0] += f": {amount}"
    if not incident.everywhere:
        parts[0] += f" in {place_title(incident.place)}"
    if incident.first_day != incident.day:
        parts[0] += f" since {numbers.short_day(incident.first_day.isoformat())}"
    return "; ".join([*parts, *(line(suspect.evidence, 160) for suspect in incident.suspects[:1])])


def facts(incident: Incident) -> tuple[str, ...]:
    """What a reader asks next: since when, how bad and why, who is suspected, mix or behaviour."""
    named = suspects(incident)
    suspected = f"Suspects: {'; '.join(named)}" if named else ""
    return tuple(filter(None, (since(incident), line(incident.why, 200), suspected, decomposed(incident))))


def suspects(incident: Incident) -> tuple[str, ...]:
    """The likeliest suspects, a sentence without a full stop each."""
    return tuple(line(suspect.evidence, 120) for suspect in incident.suspects[:_SUSPECTS])


def who_looks_after(responsible: Responsible) -> tuple[str, ...]:
    """Owner and runbook in a line each, as the settings name them: no text of a log, so that an address stays one."""
    owner = f"Owner: {line(responsible.owner, 80)}" if responsible.owner else ""
    return tuple(filter(None, (owner, f"Runbook: {responsible.runbook}" if responsible.runbook else "")))


def signal_text(signal: Signal) -> str:
    """One signal of an incident's evidence as a sentence without a full stop.

    >>> signal_text(Signal("refusal_rate", 0.31, baseline=0.12, effect=0.19, p_adjusted=0.0001))
    'Refusal rate 31.0%, baseline 12.0% (+19.0 pts), p < 0.001'
    """
    title, unit = _named(signal)
    limit = signal.limit if signal.objective is None else signal.objective
    text = f"{title} {numbers.write(signal.value, unit)}" if signal.value is not None else title
    text += numbers.over_nights(signal.nights)
    if signal.segment not in (None, ALL):
        text += f" in {line(signal.segment, 60)}"
    if known := numbers.interval(signal.low, signal.high, unit):
        text += f" (95% interval {known})"
    if signal.baseline is not None:
        text += f", baseline {numbers.write(signal.baseline, unit)}"
        text += f" ({numbers.change(signal.effect, unit, signal.baseline)})" if signal.effect is not None else ""
    elif signal.null_high is not None:
        text += f", chance alone up to {numbers.write(signal.null_high, unit)}"
    elif limit is not None:
        text += f", {'limit' if signal.objective is None else 'objective'} {numbers.bare(numbers.write(limit, unit))}"
    if signal.p_adjusted is not None:
        p = numbers.p_value(signal.p_adjusted)
        text += f", p {p}" if p.startswith("<") else f", p = {p}"
    note = line(signal.note, 160)
    return text + (f"; {note}" if note else "")


def signals(incident: Incident, most: int) -> tuple[str, ...]:
    """The evidence of an incident as sentences, at most so many, the rest as a count; nothing where `most` is 0."""
    sentences = [signal_text(signal) for signal in incident.evidence[:most]]
    if most and len(incident.evidence) > most:
        sentences.append(f"and {numbers.plural(len(incident.evidence) - most, 'more signal')}")
    return tuple(sentences)


def _amount(incident: Incident) -> str:
    """What its strongest signal shows, from before to now: one of the family that it is named by before one of another, and a
    metric before a distance, whose numbers say little.
    """

    def rank(signal: Signal) -> int:
        leads, compared = signal.family == incident.lead, signal.baseline is not None
        return 0 if leads and compared else 1 if leads and signal.objective is not None else 2 if compared else 3

    signal = min(incident.evidence, key=rank, default=None)
    if signal is None or signal.value is None:
        return ""
    title, unit = _named(signal)
    now = numbers.write(signal.value, unit)
    if signal.baseline is not None:
        return f"{title.lower()} {numbers.write(signal.baseline, unit)} to {now}{numbers.over_nights(signal.nights)}"
    if signal.objective is not None:
        return f"{title.lower()} {now}, objective {numbers.bare(numbers.write(signal.objective, unit))}"
    return f"{title.lower()} {now}"


def _named(signal: Signal) -> tuple[str, str]:
    defined = definition_of(signal.metric)
    if defined is not None:
        return defined.title, defined.unit
    return line(signal.metric.replace("_", " "), 60), signal.unit or ""


def since(incident: Incident) -> str:
    """Since when it is there, when it was last seen, when it closes, and what kind it is."""
    dates = (
        f"Since {numbers.long_day(incident.first_day.isoformat())}"
        if incident.first_day != incident.day
        else "Since today"
    )
    if incident.last_day != incident.day:
        dates += f", last seen {numbers.short_day(incident.last_day.isoformat())}"
    if incident.closes is not None and incident.is_open:
        dates += f", closes {numbers.short_day(incident.closes.isoformat())} unless it comes back"
    return f"{dates}; {_KINDS[incident.kind]}"


def decomposed(incident: Incident) -> str:
    """How much of the whole's change is moved traffic and how much is behaviour."""
    lead = next((signal for signal in incident.evidence if signal.family == incident.lead), None)
    if incident.mix is None or incident.behaviour is None or lead is None:
        return ""
    _, unit = _named(lead)
    behaviour, mix = numbers.change(incident.behaviour, unit), numbers.change(incident.mix, unit)
    return f"Of the whole's change {behaviour} is behaviour and {mix} moved traffic"
