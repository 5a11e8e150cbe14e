"""Send people what is worth a message, once, and record each attempt. A broken channel never fails the night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import pandas as pd

from obs_lib.alerts.delivery import channels, send, too_old
from obs_lib.alerts.incidents import from_frame
from obs_lib.lake.tables import ALERTS, OPERATIONS
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day
from obs_lib.redaction.columns import shown_rows
from obs_lib.reporting.notification import message

DELIVERY = "delivery"
SHORT = 12  # digits of a fingerprint by which a message's subject names an incident


def notify(
    ws: Workspace, urls: Iterable[str], *, now: dt.datetime | None = None, link: Callable[[Day], str] | None = None
) -> dict[str, int]:
    """Send one message for each day with news, through every channel that has not taken it yet.

    urls : Apprise URLs; secrets that never leave this process. now : defaults to the clock; days that ended more than
    `alerts.max_age_hours` before it are past and nobody is told of them. link : address of a day's report, for the message.
    Returns how many messages were sent, failed, and were left alone as too old.
    """
    now = now or dt.datetime.now(dt.UTC)
    options = ws.settings.alerts
    count = {"sent": 0, "failed": 0, "too_old": 0}
    days = [record.day for record in ws.lake.records(step="alert") if record.readable]
    recent = [day for day in days if not too_old(day, now, options.max_age_hours)]
    alerts = ws.lake.read(ALERTS, recent)
    done = _delivered(ws, recent)
    for day in recent:
        rows = alerts[(alerts["day"] == str(day)) & alerts["notify"]]
        if rows.empty:
            continue
        title, body = message(from_frame(shown_rows(ALERTS, rows, ws.redactor)), day, link(day) if link else None)
        for channel in channels(urls):
            subject = f"{day} {channel.name} {_content(rows)}"
            if subject in done:
                continue
            outcome = send(channel, title, body, options)
            ws.lake.log(DELIVERY, subject, outcome.status, outcome.detail)
            count["sent" if outcome.status == "SENT" else "failed"] += 1
    count["too_old"] = len(days) - len(recent)
    return count


def _content(rows: pd.DataFrame) -> str:
    """Names what a message says, so that the same news is not sent twice and worse news is."""
    return "+".join(sorted(rows["fingerprint"].str.slice(0, SHORT) + ":" + rows["severity"]))


def _delivered(ws: Workspace, days: list[Day]) -> set[str]:
    """Subjects already sent; a message is sent on its day or shortly after, so the log is read from the oldest day on."""
    if not days:
        return set()
    last = max(days[-1], dt.datetime.now(dt.UTC).date())
    span = [days[0] + dt.timedelta(days=n) for n in range((last - days[0]).days + 1)]
    log = ws.lake.read(OPERATIONS, span)
    return set(log.loc[(log["kind"] == DELIVERY) & (log["outcome"] == "SENT"), "subject"])
