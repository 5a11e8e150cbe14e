"""The night in one sentence, and the figures that stand under it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from obs_lib.records import ALL, Incident, IncidentState, MetricStatus, Responsible, ScoreStatus, Severity
from obs_lib.reporting.anchors import examples_anchor, incident_anchor
from obs_lib.reporting.blocks import Fact, Facts, Link, Verdict
from obs_lib.reporting.incident_examples import examples_of
from obs_lib.reporting.incident_text import sentence, who_looks_after
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.numbers import count, plural
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line
from obs_lib.reporting.standing import breaches
from obs_lib.reporting.tone import Tone, severity_tone, worse_of
from obs_lib.reporting.unjudged import unjudged

SEVERITY_WORDS: dict[str, str] = {
    Severity.P0: "P0, act now",
    Severity.P1: "P1, act today",
    Severity.P2: "P2, act this week",
    Severity.P3: "P3, for the record",
}
_NEWS = frozenset({IncidentState.NEW, IncidentState.WORSE})
_POINTS = 4  # lines under the verdict: more would bury it


def verdict(inputs: ReportInputs, options: ReportOptions) -> Verdict:
    """What to say first: the worst thing that holds today, in one sentence; what is recovering never makes a day bad."""
    holding = [one for one in inputs.incidents if one.is_open and one.state is not IncidentState.RECOVERING]
    recovering = [one for one in inputs.incidents if one.state is IncidentState.RECOVERING]
    closed = [one for one in inputs.incidents if not one.is_open]
    worst = min((one.severity for one in holding), default=None)
    label = SEVERITY_WORDS[worst] if worst else ""
    tone = severity_tone(worst) if worst else Tone.GOOD
    news = sorted((one for one in holding if one.state in _NEWS), key=lambda one: one.severity)
    stands = [one for one in holding if one.state not in _NEWS]
    lead = min(holding, key=lambda one: one.severity) if holding else None
    rest = {"New": news, "Standing": stands, "Recovering": recovering, "Closed": closed}
    left_out = unjudged(inputs)
    points = (
        *([f"Not judged: {left_out.sentence}"] if left_out else []),
        *_points({word: [one for one in listed if one is not lead] for word, listed in rest.items()}),
    )
    if inputs.failures:
        failed = inputs.failures[0]
        why = f": {line(failed.note, 200).rstrip('.')}" if failed.note else ""
        text = f"The night is incomplete. Step {line(failed.step, 40)} failed{why}."
        return Verdict(text, worse_of(tone, Tone.SERIOUS), label or "Failed", tuple(_points(rest)))
    if inputs.without_data:
        text = "No data. Not one usable interaction was logged for this day."
        return Verdict(
            text, worse_of(tone, Tone.ABSENT) if worst else Tone.ABSENT, label or "No data", tuple(_points(rest))
        )
    if lead is not None:
        responsible = who_looks_after(inputs.responsible.get(lead.fingerprint, Responsible()))
        return Verdict(f"{sentence(lead)}.", tone, label, (*responsible, *points), tuple(_links(inputs, lead, options)))
    if recovering:
        count_of = plural(len(recovering), "incident")
        return Verdict(f"Nothing is wrong today; {count_of} recovering.", Tone.NOTICE, "Recovering", points)
    early = "too early to compare: the baseline does not have enough days yet."
    if left_out is not None:
        text = f"Quiet night as far as it was judged: {left_out.sentence}."
        also = (early.capitalize(),) if inputs.too_early else ()
        return Verdict(text, Tone.NOTICE, "Partly judged", (*also, *points[1:]) or ("No incident is open.",))
    if inputs.too_early:
        return Verdict(f"Quiet night, but {early}", Tone.NOTICE, "Too early to compare", points)
    return Verdict("Quiet night.", Tone.GOOD, "Quiet", points or ("No incident is open.",))


def _links(inputs: ReportInputs, incident: Incident, options: ReportOptions) -> Iterator[Link]:
    """From the sentence to what shows it, and to all that is known of it."""
    if examples_of(inputs, incident, options):
        yield Link("See example", examples_anchor(incident))
    yield Link("Details", incident_anchor(incident))


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
                f"{new} new, {ongoing} ongoing, {resolved} closed",
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


def _points(groups: Mapping[str, Sequence[Incident]]) -> list[str]:
    listed = [(word, one) for word, incidents in groups.items() for one in incidents]
    shown = [f"{word} ({one.severity}): {sentence(one)}" for word, one in listed[:_POINTS]]
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
