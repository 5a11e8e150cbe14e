"""The night in one sentence, and the figures that stand under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from obs_lib.records import ALL, Incident, IncidentState, MetricStatus, ScoreStatus, Severity
from obs_lib.reporting.blocks import Fact, Facts, Verdict
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.numbers import count, plural
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line, place_title
from obs_lib.reporting.standing import breaches
from obs_lib.reporting.tone import Tone, severity_tone, worse_of

SEVERITY_WORDS: dict[str, str] = {
    Severity.P0: "P0, act now",
    Severity.P1: "P1, act today",
    Severity.P2: "P2, act this week",
    Severity.P3: "P3, for the record",
}
_POINTS = 4  # lines under the verdict: more would bury it


def verdict(inputs: ReportInputs) -> Verdict:
    """What to say first. What is broken comes before what is missing, what is new before what goes on."""
    new = _in_state(inputs, IncidentState.NEW)
    still = [one for one in inputs.incidents if one.is_open and one.state is not IncidentState.NEW]
    resolved = [one for one in inputs.incidents if not one.is_open]
    worse, ongoing = [alert for alert in still if alert.notify], [alert for alert in still if not alert.notify]
    worst = min((alert.severity for alert in [*new, *still]), default=None)
    label = SEVERITY_WORDS[worst] if worst else ""
    tone = severity_tone(worst) if worst else Tone.GOOD
    points = tuple(_points({"Worse": worse, "New": new, "Ongoing": ongoing, "Resolved": resolved}))
    if inputs.failures:
        failed = inputs.failures[0]
        why = f": {line(failed.note, 200).rstrip('.')}" if failed.note else ""
        sentence = f"The night is incomplete. Step {line(failed.step, 40)} failed{why}."
        return Verdict(sentence, worse_of(tone, Tone.SERIOUS), label or "Failed", points)
    if inputs.without_data:
        sentence = "No data. Not one usable interaction was logged for this day."
        return Verdict(sentence, worse_of(tone, Tone.ABSENT) if worst else Tone.ABSENT, label or "No data", points)
    if worse or new:
        lead, rest = _opening(worse, new)
        points = tuple(_points({**rest, "Ongoing": ongoing, "Resolved": resolved}))
        return Verdict(lead, tone, label, points)
    if ongoing:
        return Verdict(f"Nothing new. {plural(len(ongoing), 'incident')} still open.", tone, label, points)
    if inputs.too_early:
        sentence = "Quiet night, but too early to compare: the baseline does not have enough days yet."
        return Verdict(sentence, Tone.NOTICE, "Too early to compare", points)
    return Verdict("Quiet night.", Tone.GOOD, "Quiet", points or ("No incident is open.",))


def headline(inputs: ReportInputs, options: ReportOptions) -> Facts:
    """The day's key figures."""
    new, resolved = len(_in_state(inputs, IncidentState.NEW)), sum(not one.is_open for one in inputs.incidents)
    ongoing = len(inputs.incidents) - new - resolved
    breached = breaches(inputs)
    limited = [name for name in inputs.objectives if inputs.value(name, ALL) is not None]
    measured = sum(inputs.value(metric.name, ALL) is not None for metric in inputs.interaction_metrics)
    requests = inputs.value("requests", ALL)
    before = [value for value in inputs.trend("requests", ALL, options.trend_days)[:-1] if value is not None]
    usual = f"{count(sum(before) / len(before))} on an average day" if before else ""
    return Facts(
        (
            Fact("Interactions", count(requests) if requests is not None else "none", usual),
            Fact(
                "Open incidents",
                str(new + ongoing),
                f"{new} new, {ongoing} ongoing, {resolved} resolved",
                severity_tone(
                    min(
                        (one.severity for one in inputs.incidents if one.is_open),
                        default="",
                    )
                ),
            ),
            Fact(
                "Objectives breached",
                f"{len(breached)} of {len(limited)}" if limited else "none judged",
                ", ".join(breached[:3]) + (" …" if len(breached) > 3 else ""),
                Tone.WARNING if breached else Tone.PLAIN,
            ),
            Fact("Metrics with data", f"{measured} of {len(inputs.interaction_metrics)}", _unscored(inputs)),
        ),
        "headline",
    )


def _in_state(inputs: ReportInputs, state: IncidentState) -> list[Incident]:
    return [alert for alert in inputs.incidents if alert.state is state]


def _opening(worse: Sequence[Incident], new: Sequence[Incident]) -> tuple[str, dict[str, Sequence[Incident]]]:
    """The sentence, led by the worst of what is news, and what is left for the points.

    '1 new incident: <title>.', or '1 incident got worse: <title>. 2 more are new.'
    """
    if worse and (not new or worse[0].severity <= new[0].severity):
        more = f" {plural(len(new), 'more is', 'more are')} new." if new else ""
        sentence = f"{plural(len(worse), 'incident')} got worse: {_named(worse[0])}.{more}"
        return sentence, {"Worse": worse[1:], "New": new}
    if len(new) == 1:
        return f"1 new incident: {_named(new[0])}.", {"Worse": worse, "New": []}
    return f"{len(new)} new incidents, the worst: {_named(new[0])}.", {"Worse": worse, "New": new[1:]}


def _named(alert: Incident) -> str:
    """An incident's title and, unless it is about the whole, where it is."""
    title = line(alert.title, 140).rstrip(".")
    return title if alert.everywhere else f"{title} in {place_title(alert.place)}"


def _points(groups: Mapping[str, Sequence[Incident]]) -> list[str]:
    listed = [(word, alert) for word, alerts in groups.items() for alert in alerts]
    shown = [f"{word} ({alert.severity}): {_named(alert)}" for word, alert in listed[:_POINTS]]
    if len(listed) > _POINTS:
        shown.append(f"and {plural(len(listed) - _POINTS, 'more', 'more')}, listed under Incidents")
    return shown


def _unscored(inputs: ReportInputs) -> str:
    failed = sum(reason.n for reason in inputs.unscored if reason.status is ScoreStatus.FAILED)
    today = [inputs.today(metric.name, ALL) for metric in inputs.interaction_metrics]
    absent = sum(row is not None and row["status"] == MetricStatus.NO_DATA for row in today)
    counts = [f"{absent} without data"] if absent else []
    counts += [f"{plural(failed, 'score')} failed"] if failed else []
    return ", ".join(counts)
