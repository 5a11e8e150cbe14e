"""`obs alerts`: the incidents of a day; what people do about one; its story; what another policy would have sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from typer.core import TyperGroup

from obs_lib.cli.console import Config, DayArgument, Json, day_of, say
from obs_lib.cli.printing import print_frame, print_json, print_rows, sent_text
from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.acts import ActKind, record_act, standing_acts
from obs_lib.pipeline.alarm_review import false_alarms
from obs_lib.pipeline.deliver import Ways
from obs_lib.pipeline.deliveries import sent_to
from obs_lib.pipeline.explain import Story, explain
from obs_lib.pipeline.handling import act_text
from obs_lib.pipeline.notify import notify, tell
from obs_lib.pipeline.replay import Rates, Replay, replay
from obs_lib.pipeline.watch import late_nights
from obs_lib.pipeline.workspace import open_workspace
from obs_lib.records import ID_DIGITS, Day, Incident
from obs_lib.redaction.columns import shown_rows
from obs_lib.reporting.incident_text import sentence
from obs_lib.reporting.safe import line, visible
from obs_lib.settings.environment import notify_urls
from obs_lib.settings.loading import load_alert_policy

Id = Annotated[str, typer.Argument(metavar="ID", help=f"Id of an incident, {ID_DIGITS} digits of it at least.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.")]
ByAnybody = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who says so.")]
Reason = Annotated[str | None, typer.Option("--text", help="Why, for those who read it later.")]


class DayFirst(TyperGroup):
    """`obs alerts DAY` is `obs alerts show DAY`: what is no command's name is a day, or an option of that command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name before what is none."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer()
alerts = typer.Typer(cls=DayFirst, no_args_is_help=True)
app.add_typer(alerts, name="alerts", help="Print the incidents of DAY, or act on one, explain it, replay history.")


@alerts.command()
def show(day: DayArgument, config: Config = None, json: Json = False) -> None:
    """Print the incidents of DAY, open and just closed; `obs alerts DAY` is the same."""
    ws = open_workspace(config)
    rows = ws.lake.read_ready(ALERTS, day)
    acts = standing_acts(
        ws, [Incident.from_row({str(k): v for k, v in row.items()}) for row in rows.to_dict("records")]
    )
    shown = shown_rows(ALERTS, rows, ws.redactor)
    shown["id"] = shown["fingerprint"].str[:ID_DIGITS]
    shown["act"] = [act_text(ws, acts[name]) if name in acts else None for name in shown["fingerprint"]]
    shown["sent"] = sent_to(ws, day, shown["fingerprint"])
    columns = ["id", "severity", "state", "segment", "title", "first_day", "notify", "sent", "act"]
    more = ["fingerprint", "kind", "place", "last_day", "score", "why", "evidence"] if json else []
    print_frame(shown[columns + more], json)


@alerts.command("notify")
def notify_now(config: Config = None) -> None:
    """Send what is news and has not arrived yet, as the last step of a night does. Ends with 1 where that fails."""
    _tell(notify(open_workspace(config), Ways(notify_urls())))


@alerts.command()
def watch(config: Config = None) -> None:
    """Tell people of nights that failed, are late or never began; for a scheduler that is not the one of the nights."""
    ws = open_workspace(config)
    late = late_nights(ws)
    for incident in late:
        if incident.is_open:
            say(incident.title)
    _tell(tell(ws, late, Ways(notify_urls())))


@alerts.command()
def ack(incident: Id, by: By, text: Reason = None, config: Config = None) -> None:
    """Acknowledge an incident: it is not sent again unless it gets worse than it is."""
    _act(incident, ActKind.ACKNOWLEDGED, config, by=by, text=text)


@alerts.command()
def snooze(
    incident: Id,
    until: Annotated[Day, typer.Option(parser=day_of, metavar="DATE", help="Day on which it is news again.")],
    by: By,
    text: Reason = None,
    config: Config = None,
) -> None:
    """Leave an incident alone until a day: then it is told again if it is still open."""
    _act(incident, ActKind.SNOOZED, config, by=by, until=until, text=text)


@alerts.command()
def note(
    incident: Id,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to remember of it.")],
    by: ByAnybody = None,
    config: Config = None,
) -> None:
    """Write a note on an incident; it changes nothing."""
    _act(incident, ActKind.NOTE, config, by=by, text=text)


@alerts.command()
def close(incident: Id, by: By, text: Reason = None, config: Config = None) -> None:
    """Say that an incident is done with: it is not sent again unless it gets worse than it is."""
    _act(incident, ActKind.CLOSED, config, by=by, text=text)


@alerts.command()
def accept(incident: Id, by: By, text: Reason = None, config: Config = None) -> None:
    """Say that what an incident shows is the new normal; the baseline follows by itself."""
    _act(incident, ActKind.ACCEPTED, config, by=by, text=text)


@alerts.command()
def false_alarm(incident: Id, by: By, text: Reason = None, config: Config = None) -> None:
    """Say that nothing was wrong; `obs alerts review` counts these."""
    _act(incident, ActKind.FALSE_ALARM, config, by=by, text=text)


@alerts.command()
def review(config: Config = None, json: Json = False) -> None:
    """Count false alarms by what led them and where, beside all incidents of the same."""
    counts = false_alarms(open_workspace(config))
    if json:
        _print_json([asdict(count) for count in counts])
    else:
        print_rows(counts)


@alerts.command("explain")
def explain_incident(incident: Id, config: Config = None, json: Json = False) -> None:
    """Tell the story of an incident day by day: state, severity, why, signals, what was sent to whom, what people did; and
    examples of it.
    """
    story = explain(open_workspace(config), incident)
    if json:
        _print_json(asdict(story))
    else:
        typer.echo(visible("\n".join(_story_lines(story))))


@alerts.command("replay")
def replay_policy(
    first: DayArgument,
    last: DayArgument,
    policy: Annotated[Path, typer.Option(metavar="FILE", help="Settings file; its section `alerts` is the policy.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Say what another policy of alerts would have sent from FIRST to LAST, against the present one. Changes nothing."""
    ws = open_workspace(config)  # first: a policy may name metrics of evaluators that the settings name
    replayed = replay(ws, first, last, load_alert_policy(policy))
    if json:
        _print_json(_replay_json(replayed))
        return
    if replayed.entries:
        print_frame(pd.DataFrame(_told(replayed)), as_json=False)
        typer.echo("")
    print_frame(pd.DataFrame(_causes(replayed), dtype=object), as_json=False)
    typer.echo("")
    typer.echo(_sums("policy", replayed.policy, len(replayed.days)))
    typer.echo(_sums("present", replayed.present, len(replayed.days)))


def _act(
    incident: str,
    kind: ActKind,
    config: Path | None,
    *,
    by: str | None,
    until: Day | None = None,
    text: str | None = None,
) -> None:
    ws = open_workspace(config)
    act = record_act(ws, incident, kind, by=by, until=until, text=text)
    say(f"{act.fingerprint[:ID_DIGITS]} ({act.severity}): {act_text(ws, act)}")


def _tell(counts: Mapping[str, int]) -> None:
    say(sent_text(counts).removeprefix(", ") or "nothing to send")
    if counts["undelivered"] or counts["unrouted"]:
        raise typer.Exit(1)


def _story_lines(story: Story) -> Iterator[str]:
    yield f"Incident {story.fingerprint}: {story.sentence}"
    for day in story.days:
        yield ""
        yield f"{day.day}  {day.severity} {day.state}, {day.place}" if day.state else f"{day.day}  not open"
        if day.why:
            yield f"  why: {day.why}"
        yield from (f"  signal: {signal}" for signal in day.signals)
        yield from (f"  sent: {attempt}" for attempt in day.sent)
        yield from (f"  act: {act}" for act in day.acts)
    if story.examples:
        yield from ("", "Examples", *(f"  {example}" for example in story.examples))


def _told(replayed: Replay) -> list[dict[str, object]]:
    return [
        {
            "day": str(entry.day),
            "under": entry.under,
            "how": entry.how,
            "severity": entry.incident.severity.value,
            "state": entry.incident.state.value,
            "id": entry.incident.short,
            "incident": _sentence(entry.incident),
        }
        for entry in replayed.entries
    ]


def _causes(replayed: Replay) -> list[dict[str, object]]:
    """Days to detect of each cause; null for one that a policy never tells."""
    names = ("id", "first_day", "policy_days", "present_days", "incident")
    rows = [
        (
            cause.incident.short,
            str(cause.incident.first_day),
            cause.policy_days,
            cause.present_days,
            _sentence(cause.incident),
        )
        for cause in replayed.causes
    ]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _replay_json(replayed: Replay) -> dict[str, object]:
    return {
        "days": len(replayed.days),
        "told": _told(replayed),
        "causes": _causes(replayed),
        "policy": asdict(replayed.policy),
        "present": asdict(replayed.present),
    }


def _sentence(incident: Incident) -> str:
    return line(sentence(incident), 200)


def _sums(name: str, rates: Rates, days: int) -> str:
    detected = f"{rates.mean_days:.1f} days to detect" if rates.mean_days is not None else "nothing detected"
    pages = f"{rates.pages} page(s) in {days} day(s), {rates.pages_a_week:.1f} a week"
    return f"{name}: {pages}; {rates.digests} digest(s); {detected}; {rates.untold} cause(s) that only the other tells"


def _print_json(value: object) -> None:
    print_json(value, _day_text)


def _day_text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in an answer")
