"""What one revision of a day's report says in short, how two revisions of a day differ, and the difference in words.

None of it is part of a report: that depends on what the lake holds of the day, not on what it held before. It stands beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from obs_lib.catalogue import metric_of
from obs_lib.records import ALL, AlertState
from obs_lib.reporting import numbers
from obs_lib.reporting.html import environment
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.safe import line

Gist = Mapping[str, Any]
"""Plain JSON: label (the verdict's), interactions, metrics ({segment: {metric: value}}, only what has one), alerts
({fingerprint: [severity, title, segment]}, only open ones), made_of ({"logs" | "settings" | "code" | "scores": digest})."""

MOST = 20  # metrics, and alerts, that a difference names
_REASONS = {
    "logs": "the day's logs (late or changed ones, or an erasure)",
    "settings": "settings",
    "code": "code or models",
    "scores": "scores made anew",
}
_DAYS_BEFORE = "the days before it, or what they are compared by"


def gist(inputs: ReportInputs, label: str, made_of: Mapping[str, str]) -> dict[str, Any]:
    """The revision in short. It holds no id and no text of a log but names of segments, which are masked as `inputs` are."""
    values: dict[str, dict[str, float]] = {}
    for segment in inputs.shown_segments:
        for metric in inputs.catalogue:
            value = inputs.value(metric.name, segment)
            if value is not None:
                values.setdefault(segment, {})[metric.name] = float(f"{value:.9g}")
    alerts = {
        row["fingerprint"]: [row["severity"], line(row["title"], 140), row["segment"]]
        for row in inputs.incidents
        if row["state"] != AlertState.RESOLVED
    }
    interactions = numbers.whole(inputs.value("requests", ALL))
    return {
        "label": label,
        "interactions": interactions,
        "metrics": values,
        "alerts": alerts,
        "made_of": dict(made_of),
    }


def difference(before: Gist, after: Gist) -> dict[str, Any] | None:
    """What the later revision says otherwise; None where it says the same.

    why : which of `made_of` differ, [] where none does. label, interactions : [before, after], only where they differ.
    metrics : [metric, segment, before, after] where the report writes another value, None where there is none; largest
        relative change first, at most MOST. more : how many were left out.
    appeared, gone : [severity, title, segment] of alerts. severity : [before, after, title, segment].
    """
    old, new = before["alerts"], after["alerts"]
    pairs = {name: [before[name], after[name]] for name in ("label", "interactions") if before[name] != after[name]}
    moved = _moved(before["metrics"], after["metrics"])
    appeared = [new[name] for name in new if name not in old]
    gone = [old[name] for name in old if name not in new]
    severity = [[old[name][0], *new[name]] for name in new if name in old and old[name][0] != new[name][0]]
    if not (pairs or moved or appeared or gone or severity):
        return None
    return {
        "why": _why(before["made_of"], after["made_of"]),
        **pairs,
        "metrics": moved[:MOST],
        "more": max(0, len(moved) - MOST),
        "appeared": appeared[:MOST],
        "gone": gone[:MOST],
        "severity": severity[:MOST],
    }


def sentences(found: Mapping[str, Any]) -> Iterator[str]:
    """A difference in words, a line each: why, then what, the most important first."""
    yield f"Because of: {', '.join(_REASONS[why] for why in found['why'] if why in _REASONS) or _DAYS_BEFORE}"
    if "label" in found:
        yield "Verdict: {}, before {}".format(*(line(one, 60) for one in reversed(found["label"])))
    if "interactions" in found:
        yield "Interactions: {}, before {}".format(*(numbers.count(one) for one in reversed(found["interactions"])))
    yield from (f"New incident, {line(one[0], 10)}: {_named(*one[1:])}" for one in found["appeared"])
    for old, new, title, segment in found["severity"]:
        yield f"Incident is {line(new, 10)}, before {line(old, 10)}: {_named(title, segment)}"
    yield from (f"No longer an incident: {_named(*one[1:])}" for one in found["gone"])
    for name, segment, old, new in found["metrics"]:
        title, unit = (metric.title, metric.unit) if (metric := metric_of(name)) else (line(name, 60), "")
        yield f"{_named(title, segment)}: {_value(new, unit)}, before {_value(old, unit)}"
    if found["more"]:
        yield f"{numbers.plural(found['more'], 'smaller change')} of metrics left out"


def as_text(head: str, said: Sequence[str]) -> str:
    """The difference as text for a terminal, ending in a newline."""
    return "\n".join([head, "-" * len(head), *(f"  - {one}" for one in said)]) + "\n"


def with_banner(page: bytes, head: str, said: Sequence[str]) -> bytes:
    """A rendered page with the difference above it."""
    banner = environment().get_template("revision.html.j2").render(head=head, said=said)
    start, body, rest = page.partition(b"<body>\n")
    return start + body + banner.encode() + b"\n" + rest


def _moved(before: Mapping[str, Mapping[str, float]], after: Mapping[str, Mapping[str, float]]) -> list[list[Any]]:
    found = []
    for segment in dict.fromkeys([*after, *before]):
        old, new = before.get(segment, {}), after.get(segment, {})
        for name in dict.fromkeys([*new, *old]):
            was, now = old.get(name), new.get(name)
            unit = metric.unit if (metric := metric_of(name)) else ""
            told_apart = numbers.write(was, unit) != numbers.write(now, unit)
            if told_apart and (name, segment) != ("requests", ALL):  # which is the number of interactions
                found.append([name, segment, was, now])
    return sorted(found, key=lambda one: -_relative(one[2], one[3]))


def _relative(was: float | None, now: float | None) -> float:
    """How much of the larger value a change is, in [0, 2]; more than that where only one of them is known."""
    if was is None or now is None:
        return 3.0
    return abs(now - was) / max(abs(now), abs(was))


def _why(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    differ = [name for name in _REASONS if before.get(name) != after.get(name)]
    # Other logs, settings or models make other scores; they are a reason of their own only where none of these is.
    return [name for name in differ if name != "scores"] or differ


def _named(title: str, segment: str) -> str:
    return line(title, 140) if segment == ALL else f"{line(title, 140)} ({line(segment, 80)})"


def _value(value: float | None, unit: str) -> str:
    return "no data" if value is None else numbers.write(value, unit)
