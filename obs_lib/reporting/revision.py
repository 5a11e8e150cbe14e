"""What one revision of a day's report says in short, and how two revisions of a day differ.

None of it is part of a report: that depends on what the lake holds of the day, not on what it held before. It stands beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from obs_lib.catalogue import metric_of
from obs_lib.records import ALL
from obs_lib.reporting import numbers
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.safe import line

MOST = 20  # metrics, and alerts, that a difference names
REASONS = ("logs", "settings", "code", "scores")
"""The keys of `made_of`."""


class OpenIncident(NamedTuple):
    """An incident that a revision shows as open. Title and segment are masked, as the report's are."""

    severity: str
    title: str
    segment: str


class SeverityChange(NamedTuple):
    """An incident that both revisions show as open, with another severity."""

    before: str
    after: str
    title: str
    segment: str


class MetricChange(NamedTuple):
    """A number that the report writes otherwise, in the metric's unit; None where a revision has none."""

    metric: str
    segment: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class RevisionSummary:
    """One revision in short. It holds no id and no text of a log but names of segments, which are masked.

    label : the verdict's. interactions : how many the day has; 0 where it has none.
    metrics : {segment: {metric: value}}, only what has a value. alerts : open ones by fingerprint.
    made_of : digest by each of REASONS.
    """

    label: str
    interactions: int
    metrics: Mapping[str, Mapping[str, float]]
    alerts: Mapping[str, OpenIncident]
    made_of: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, as the table `reports` keeps it."""
        return {**asdict(self), "alerts": {name: list(alert) for name, alert in self.alerts.items()}}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> RevisionSummary:
        """The inverse of `to_json`."""
        alerts = {name: OpenIncident(*alert) for name, alert in stored["alerts"].items()}
        return cls(stored["label"], stored["interactions"], stored["metrics"], alerts, stored["made_of"])


@dataclass(frozen=True, slots=True)
class Difference:
    """What the later of two revisions says otherwise.

    why : which of REASONS differ; empty where none does. label, interactions : (before, after); None where they are the same.
    metrics : largest relative change first, at most MOST. more : how many were left out.
    appeared, gone, severity : of open incidents, at most MOST each.
    """

    why: tuple[str, ...]
    label: tuple[str, str] | None = None
    interactions: tuple[int, int] | None = None
    metrics: tuple[MetricChange, ...] = ()
    more: int = 0
    appeared: tuple[OpenIncident, ...] = ()
    gone: tuple[OpenIncident, ...] = ()
    severity: tuple[SeverityChange, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, as the table `operations` keeps it; pairs that are the same are left out."""
        pairs = {"label": self.label, "interactions": self.interactions}
        lists = {name: [list(row) for row in getattr(self, name)] for name in _ROWS}
        return {"why": list(self.why), "more": self.more, **{k: list(v) for k, v in pairs.items() if v}, **lists}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Difference:
        """The inverse of `to_json`; other keys are not looked at."""
        pairs: dict[str, Any] = {name: tuple(stored[name]) for name in ("label", "interactions") if name in stored}
        lists: dict[str, Any] = {name: tuple(kind(*row) for row in stored[name]) for name, kind in _ROWS.items()}
        return cls(why=tuple(stored["why"]), more=stored["more"], **pairs, **lists)


_ROWS: Mapping[str, type[Any]] = {
    "metrics": MetricChange,
    "appeared": OpenIncident,
    "gone": OpenIncident,
    "severity": SeverityChange,
}


def revision_summary(inputs: ReportInputs, label: str, made_of: Mapping[str, str]) -> RevisionSummary:
    """The revision in short. label : the verdict's."""
    values: dict[str, dict[str, float]] = {}
    for segment in inputs.shown_segments:
        for metric in inputs.catalogue:
            value = inputs.value(metric.name, segment)
            if value is not None:
                values.setdefault(segment, {})[metric.name] = float(f"{value:.9g}")
    alerts = {
        alert.fingerprint: OpenIncident(alert.severity.value, line(alert.title, 140), alert.place[0])
        for alert in inputs.incidents
        if alert.is_open
    }
    return RevisionSummary(label, numbers.whole(inputs.value("requests", ALL)), values, alerts, dict(made_of))


def difference(before: RevisionSummary, after: RevisionSummary) -> Difference | None:
    """What the later revision says otherwise; None where it says the same. What rounds alike has not changed."""
    old, new = before.alerts, after.alerts
    moved = _moved(before.metrics, after.metrics)
    both = [name for name in new if name in old]
    changed = Difference(
        why=_why(before.made_of, after.made_of),
        label=(before.label, after.label) if before.label != after.label else None,
        interactions=(before.interactions, after.interactions) if before.interactions != after.interactions else None,
        metrics=tuple(moved[:MOST]),
        more=max(0, len(moved) - MOST),
        appeared=tuple(new[name] for name in new if name not in old)[:MOST],
        gone=tuple(old[name] for name in old if name not in new)[:MOST],
        severity=tuple(SeverityChange(old[n].severity, *new[n]) for n in both if old[n].severity != new[n].severity)[
            :MOST
        ],
    )
    return changed if changed != Difference(changed.why) else None


def _moved(before: Mapping[str, Mapping[str, float]], after: Mapping[str, Mapping[str, float]]) -> list[MetricChange]:
    changes = []
    for segment in dict.fromkeys([*after, *before]):
        old, new = before.get(segment, {}), after.get(segment, {})
        for name in dict.fromkeys([*new, *old]):
            was, now = old.get(name), new.get(name)
            unit = metric.unit if (metric := metric_of(name)) else ""
            differs = numbers.write(was, unit) != numbers.write(now, unit)
            if differs and (name, segment) != ("requests", ALL):  # which is the number of interactions
                changes.append(MetricChange(name, segment, was, now))
    return sorted(changes, key=lambda change: -_relative(change.before, change.after))


def _relative(was: float | None, now: float | None) -> float:
    """How much of the larger value a change is, in [0, 2]; more than that where only one of them is known."""
    if was is None or now is None:
        return 3.0
    return abs(now - was) / max(abs(now), abs(was))


def _why(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    differ = [name for name in REASONS if before.get(name) != after.get(name)]
    # Other logs, settings or models make other scores; they are a reason of their own only where none of these is.
    return tuple([name for name in differ if name != "scores"] or differ)
