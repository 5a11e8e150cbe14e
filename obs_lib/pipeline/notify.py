"""Send what is news to people, once, and record each attempt. A broken channel never fails the night.

What is sent follows severity alone: each P0 and P1 is a message of its own, P2 stands in the day's digest, P3 in the report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence

from obs_lib.alerts.delivery import channels, send, too_old
from obs_lib.alerts.storage import from_frame
from obs_lib.lake.tables import ALERTS, OPERATIONS
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Incident, Severity
from obs_lib.redaction.columns import shown_rows
from obs_lib.reporting.notification import Message, digest_message, incident_message

DELIVERY = "delivery"
_AT_ONCE = frozenset({Severity.P0, Severity.P1})
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
    done = _delivered(ws, recent)
    for day in recent:
        news = [incident for incident in incidents if incident.day == day and incident.notify]
        for key, message in _messages(day, news, link(day) if link else None):
            for channel in channels(urls):
                subject = f"{day} {channel.name} {key}"
                if subject in done:
                    continue
                outcome = send(channel, message.title, message.body, options)
                ws.lake.log(DELIVERY, subject, outcome.status, outcome.detail)
                count["sent" if outcome.status == "SENT" else "failed"] += 1
    count["too_old"] = len(days) - len(recent)
    return count


def _messages(day: Day, news: Sequence[Incident], link: str | None) -> Iterator[tuple[str, Message]]:
    """What is to be sent of a day's news, each with a key that names what it says: the same is not sent twice, worse is."""
    for incident in news:
        if incident.severity in _AT_ONCE:
            yield _key(incident), incident_message(incident, link)
    later = [incident for incident in news if incident.severity not in _AT_ONCE]
    if later:
        yield "+".join(sorted(map(_key, later))), digest_message(day, later, link)


def _key(incident: Incident) -> str:
    return f"{incident.fingerprint[:SHORT]}:{incident.severity}"


def _delivered(ws: Workspace, days: list[Day]) -> set[str]:
    """Subjects already sent; news is sent on its day or shortly after, so the log is read from the oldest day on."""
    if not days:
        return set()
    last = max(days[-1], dt.datetime.now(dt.UTC).date())
    span = [days[0] + dt.timedelta(days=n) for n in range((last - days[0]).days + 1)]
    log = ws.lake.read(OPERATIONS, span)
    return set(log.loc[(log["kind"] == DELIVERY) & (log["outcome"] == "SENT"), "subject"])
