"""How a day's report differs from its last revision, in words: for a terminal, and above the rendered page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from obs_lib.catalogue import metric_of
from obs_lib.records import ALL
from obs_lib.reporting import numbers
from obs_lib.reporting.html import environment
from obs_lib.reporting.revision import Difference, MetricChange
from obs_lib.reporting.safe import line

_WHY = {
    "logs": "the day's logs (late or changed ones, or an erasure)",
    "settings": "settings",
    "code": "code or models",
    "scores": "scores made anew",
}
_DAYS_BEFORE = "the days before it, or what they are compared by"


def sentences(changed: Difference) -> Iterator[str]:
    """A difference in words, a line each: why, then what, the most important first."""
    yield f"Because of: {', '.join(_WHY[why] for why in changed.why if why in _WHY) or _DAYS_BEFORE}"
    if changed.label:
        before, after = changed.label
        yield f"Verdict: {line(after, 60)}, before {line(before, 60)}"
    if changed.interactions:
        n, now = changed.interactions
        yield f"Interactions: {numbers.count(now)}, before {numbers.count(n)}"
    for new in changed.appeared:
        yield f"New incident, {line(new.severity, 10)}: {_named(new.title, new.segment)}"
    for other in changed.severity:
        levels = f"{line(other.after, 10)}, before {line(other.before, 10)}"
        yield f"Incident is {levels}: {_named(other.title, other.segment)}"
    for old in changed.gone:
        yield f"No longer an incident: {_named(old.title, old.segment)}"
    yield from map(_metric, changed.metrics)
    if changed.more:
        yield f"{numbers.plural(changed.more, 'smaller change')} of metrics left out"


def as_text(head: str, lines: Sequence[str]) -> str:
    """The difference as text for a terminal, ending in a newline."""
    return "\n".join([head, "-" * len(head), *(f"  - {sentence}" for sentence in lines)]) + "\n"


def with_banner(page: bytes, head: str, lines: Sequence[str]) -> bytes:
    """A rendered page with the difference above it."""
    banner = environment().get_template("revision.html.j2").render(head=head, lines=lines)
    start, body, rest = page.partition(b"<body>\n")
    return start + body + banner.encode() + b"\n" + rest


def _metric(change: MetricChange) -> str:
    metric = metric_of(change.metric)
    title, unit = (metric.title, metric.unit) if metric else (line(change.metric, 60), "")
    return f"{_named(title, change.segment)}: {_value(change.after, unit)}, before {_value(change.before, unit)}"


def _named(title: str, segment: str) -> str:
    return line(title, 140) if segment == ALL else f"{line(title, 140)} ({line(segment, 80)})"


def _value(value: float | None, unit: str) -> str:
    return "no data" if value is None else numbers.write(value, unit)
