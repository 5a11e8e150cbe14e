"""The incidents of the day with what speaks for them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from obs_lib.catalogue import metric_of
from obs_lib.records import AlertState, Severity
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.inputs import ReportInputs, TableRow
from obs_lib.reporting.numbers import number
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line, segment_title
from obs_lib.reporting.tone import Tone, severity_tone

_SIGNALS = 5  # signals told for an incident; the strongest come first
_DISTANCES = {"semantic_drift": "Semantic drift", "token_kl": "Token KL divergence"}
_STATES = {
    AlertState.NEW: "New tonight",
    AlertState.ONGOING: "Ongoing",
    AlertState.RESOLVED: "Resolved",
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
    for title, states in (("Open", (AlertState.NEW, AlertState.ONGOING)), ("Resolved", (AlertState.RESOLVED,))):
        body = tuple(_row(row) for row in shown if row["state"] in states)
        if body:
            groups.append(RowGroup(title, body))
    hidden = len(incidents) - len(shown)
    note = f"{numbers.plural(hidden, 'more incident')} left out for length; `obs alerts` lists all." if hidden else ""
    yield TableBlock("Incidents of the day", columns, tuple(groups), note=note)


def signal_text(signal: Mapping[str, Any]) -> str:
    """One signal of an incident's evidence as a sentence without a full stop.

    >>> signal_text({"metric": "refusal_rate", "value": 0.31, "baseline": 0.12, "p_value": 0.0001})
    'Refusal rate 31.0%, baseline 12.0% (+19.0 pts), p < 0.001'
    """
    name = str(signal.get("metric") or signal.get("name") or "signal").removeprefix("change:")
    metric = metric_of(name)
    unit = metric.unit if metric else str(signal.get("unit") or "")
    title = metric.title if metric else _DISTANCES.get(name, line(name.replace("_", " "), 60))
    value = number(signal.get("value", signal.get("statistic")))
    base = number(signal.get("baseline", signal.get("baseline_value")))
    limit = number(signal.get("objective", signal.get("limit", signal.get("threshold"))))
    chance = number(signal.get("null_high"))
    effect = number(signal.get("effect"))
    text = f"{title} {numbers.write(value, unit)}" if value is not None else title
    if base is not None:
        text += f", baseline {numbers.write(base, unit)}"
        moved = effect if effect is not None else value - base if value is not None else None
        text += f" ({numbers.change(moved, unit, base)})" if moved is not None else ""
    elif chance is not None:
        text += f", chance alone up to {numbers.write(chance, unit)}"
    elif limit is not None:
        text += f", objective {numbers.bare(numbers.write(limit, unit))}"
    p = number(signal.get("p_adjusted", signal.get("p_value")))
    if p is not None:
        written = numbers.p_value(p)
        text += f", p {written}" if written.startswith("<") else f", p = {written}"
    note = line(signal.get("note") or "", 160)
    return text + (f"; {note}" if note else "")


def signals(row: TableRow) -> tuple[str, ...]:
    """The evidence of an incident as sentences, at most a few, the rest as a count."""
    found = _parsed(row["evidence"]) or []
    known = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list | tuple) else []
    told = [signal_text(one) for one in known[:_SIGNALS]]
    if len(known) > _SIGNALS:
        told.append(f"and {numbers.plural(len(known) - _SIGNALS, 'more signal')}")
    return tuple(told)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _row(row: TableRow) -> tuple[Cell, ...]:
    resolved = row["state"] == AlertState.RESOLVED
    tone = Tone.GOOD if resolved else severity_tone(row["severity"])
    severity = row["severity"] if row["severity"] in set(Severity) else line(row["severity"], 10)
    state = _STATES.get(row["state"], line(row["state"], 20))
    since = f"since {numbers.long_day(row['first_day'])}" if row["first_day"] != row["day"] else ""
    score = number(row["score"])
    facts = [_KINDS.get(row["kind"], line(row["kind"], 40))]
    facts += [f"score\u00a0{score:.2f}"] if score is not None else []
    return (
        Cell(line(row["title"], 200), signals(row)),
        Cell("", ("pages",) if row["notify"] else (), tone, f"{severity} resolved" if resolved else severity),
        Cell(state, tuple(filter(None, (since, ", ".join(facts))))),
        Cell(segment_title(row["segment"])),
    )
