"""News for programs: what Airflow's alert assets announce. It is remembered as a channel's messages are, by the same rules.

Airflow makes the events once the task that asked for them has succeeded. So they are claimed by that task, and confirmed by one
after it: if it is killed in between, P0 and P1 are announced again, others are not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from obs_lib.alerts.channels.channel import cleaned
from obs_lib.alerts.channels.webhook import body_of
from obs_lib.alerts.routing import responsible
from obs_lib.pipeline.deliver import Link
from obs_lib.pipeline.deliveries import SHORT, DeliveryLog, Update, one_at_a_time
from obs_lib.pipeline.notify import news_of
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Severity
from obs_lib.reporting.notification import incident_message

CHANNEL = "airflow-assets"


def claim_events(ws: Workspace, link: Link | None = None, now: dt.datetime | None = None) -> list[dict[str, Any]]:
    """What is news and was not announced yet, an incident each, as a webhook is told it. now : by default now."""
    news = news_of(ws, now or dt.datetime.now(dt.UTC))
    if not news.days:
        return []
    events = []
    with one_at_a_time(ws.lake.files):
        log = DeliveryLog(ws, min(news.days))
        for incident in (one for of_day in news.days.values() for one in of_day):
            update = Update.of(incident)
            if log.settled(update, [CHANNEL]):
                continue
            who = responsible(incident, ws.settings.delivery.rules)
            log.claim(CHANNEL, [update])
            message = incident_message(incident, link(incident.day) if link else None, who)
            events.append(body_of(cleaned(message.told_by(ws.settings.own_name))))
    return events


def confirm_events(ws: Workspace, events: Collection[Mapping[str, Any]]) -> None:
    """Record that events, as they were claimed, have been made."""
    updates = [
        Update(dt.date.fromisoformat(event["day"]), event["incidents"][0]["id"][:SHORT], Severity(event["severity"]))
        for event in events
    ]
    if not updates:
        return
    with one_at_a_time(ws.lake.files):
        log = DeliveryLog(ws, min(update.day for update in updates))
        for update in updates:
            log.confirm(CHANNEL, [update])
