"""Send what is news to people, once, and record each attempt. A broken channel never fails the night.

What is sent follows severity alone: each P0 and P1 is a message of its own, P2 stands in the day's digest, P3 in the report.
What people did about an incident holds it back, until it is more severe than it was then or its snooze has ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence

from obs_lib.alerts.delivery import channels, send, too_old
from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.storage import from_frame
from obs_lib.lake.tables import ALERTS, OPERATIONS
from obs_lib.pipeline.acts import Act, standing_acts
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Incident, Severity
from obs_lib.redaction.columns import shown_rows
from obs_lib.reporting.notification import Message, digest_message, incident_message

DELIVERY = "delivery"
AT_ONCE = frozenset({Severity.P0, Severity.P1})
"""Severities of which each incident is a message of its own."""
SHORT = 12  # digits of a fingerprint by which a message's subject names an incident


def notify(
    ws: Workspace, urls: Iterable[str], *, now: dt.datetime | None = None, link: Callable[[Day], str] | None = None
) -> dict[str, int]:
    """Send each day's news through every channel that has not taken it yet.

    urls : Apprise URLs; secrets that never leave this process. now : defaults to the clock; days that ended more than
    `alerts.max_age_hours` before it are past, and nobody is told of them. link : address of a day's report, for the messages.
    Returns how many messages were sent, failed, and were left alone as too old.
    """
    now = now or dt.datetime.now(dt.UTC)
    options = ws.settings.alerts
    count = {"sent": 0, "failed": 0, "too_old": 0}
    days = [record.day for record in ws.lake.records(step="alert") if record.readable]
    recent = [day for day in days if not too_old(day, now, options.max_age_hours)]
    incidents = from_frame(shown_rows(ALERTS, ws.lake.read(ALERTS, recent), ws.redactor))
    acts, done = standing_acts(ws, incidents), _delivered(ws, recent)
    for day in recent:
        of_day = [incident for incident in incidents if incident.day == day]
        news = [one for one in of_day if _is_news(one, acts.get(one.fingerprint), now.date(), options)]
        for keys, message in _messages(day, news, link(day) if link else None):
            for channel in channels(urls):
                if all((str(day), channel.name, key) in done for key in keys):
                    continue
                outcome = send(channel, message.title, message.body, options)
                ws.lake.log(DELIVERY, f"{day} {channel.name} {'+'.join(keys)}", outcome.status, outcome.detail)
                count["sent" if outcome.status == "SENT" else "failed"] += 1
    count["too_old"] = len(days) - len(recent)
    return count


def _messages(day: Day, news: Sequence[Incident], link: str | None) -> Iterator[tuple[list[str], Message]]:
    """What is to be sent of a day's news, each with keys that name what it says: the same is not sent twice, worse is.

    A digest has a key for each of its incidents, so that one from which an act has taken some is not sent again.
    """
    for incident in news:
        if incident.severity in AT_ONCE:
            yield [_key(incident)], incident_message(incident, link)
    later = [incident for incident in news if incident.severity not in AT_ONCE]
    if later:
        yield sorted(map(_key, later)), digest_message(day, later, link)


def _is_news(incident: Incident, act: Act | None, today: Day, options: AlertOptions) -> bool:
    """Whether an incident is sent today. act : the one that stands on it."""
    if act is None:
        return incident.notify
    if act.holds_back(incident, today):
        return False
    return incident.notify or (act.reminds(incident) and incident.severity in options.notify_severities)


def _key(incident: Incident) -> str:
    return f"{incident.fingerprint[:SHORT]}:{incident.severity}"


def _delivered(ws: Workspace, days: list[Day]) -> set[tuple[str, str, str]]:
    """(day, channel, key) of what is already sent.

    News is sent on its day or shortly after, so the log is read from the oldest day on.
    """
    if not days:
        return set()
    last = max(days[-1], dt.datetime.now(dt.UTC).date())
    span = [days[0] + dt.timedelta(days=n) for n in range((last - days[0]).days + 1)]
    log = ws.lake.read(OPERATIONS, span)
    subjects = log.loc[(log["kind"] == DELIVERY) & (log["outcome"] == "SENT"), "subject"]
    parts = [subject.split(" ", 2) for subject in subjects]
    return {(day, channel, key) for day, channel, keys in parts for key in keys.split("+")}
