"""How a number stands: against its objective, and against the baseline."""

from __future__ import annotations

from obs_lib.catalogue import metrics, quality
from obs_lib.records import ALL, DriftVerdict, Metric
from obs_lib.reporting import numbers
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.tone import Tone


def standing(inputs: ReportInputs, metric: Metric, segment: str) -> tuple[Tone, str]:
    breach = is_breach(inputs.value(metric.name, segment), inputs.objectives.get(metric.name), metric.direction)
    compared = (inputs.change(metric.name, segment), inputs.token_adjusted(metric.name, segment))
    if any(row is not None and row["verdict"] == DriftVerdict.DRIFTED for row in compared):
        return (Tone.SERIOUS, "breach, changed") if breach else (Tone.NOTICE, "changed")
    return (Tone.WARNING, "breach") if breach else (Tone.PLAIN, "")


def breaches(inputs: ReportInputs, segment: str = ALL) -> list[str]:
    """Titles of the metrics that stand on the wrong side of their objective today."""
    return [
        metric.title
        for metric in (*metrics(), *inputs.quality[len(quality()) :])
        if metric.direction is not None
        and is_breach(inputs.value(metric.name, segment), inputs.objectives.get(metric.name), metric.direction)
    ]


def is_breach(value: float | None, limit: float | None, direction: str | None) -> bool:
    """Whether a value is beyond its limit; the limit itself is still good."""
    if value is None or limit is None or direction is None:
        return False
    return value > limit if direction == "lower_is_better" else value < limit


def noteworthy(inputs: ReportInputs, n: int) -> list[str]:
    """The whole and the segments with most to report, at most `n`, in their usual order."""

    def rank(segment: str) -> tuple[bool, int]:
        standings = [standing(inputs, metric, segment)[1] for metric in inputs.interaction_metrics]
        return segment != ALL, -sum(("changed" in mark) * 2 + ("breach" in mark) for mark in standings)

    chosen = set(sorted(inputs.shown_segments, key=rank)[:n])
    return [segment for segment in inputs.shown_segments if segment in chosen]


def objective_text(metric: Metric, limit: float | None) -> str:
    """'≤ 5%' for a limit where higher is worse, '≥' where lower is; empty for none."""
    if limit is None or metric.direction is None:
        return ""
    return f"{'≤' if metric.direction == 'lower_is_better' else '≥'} {numbers.bare(numbers.write(limit, metric.unit))}"
