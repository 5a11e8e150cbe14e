"""Send what is news to people, and record each attempt. A broken channel never fails the night.

What is sent follows severity alone: each P0 and P1 is a message of its own, P2 stands in the day's digest, P3 in the report.
What people did about an incident holds it back, until it is more severe than it was then or its snooze has ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from obs_lib.alerts.options import AlertOptions
from obs_lib.alerts.routing import too_old
from obs_lib.alerts.storage import from_frame
from obs_lib.lake.tables import ALERTS
from obs_lib.pipeline.acts import Act, standing_acts
from obs_lib.pipeline.deliver import Count, Courier, Ways
from obs_lib.pipeline.deliveries import DeliveryLog, one_at_a_time
from obs_lib.pipeline.withdrawn import remember, withdrawn
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Incident
from obs_lib.redaction.columns import shown_rows


@dataclass(frozen=True)
class News:
    """What there is to tell. Texts are masked as the settings say."""

    days: dict[Day, list[Incident]]
    """Of each day that is not too old, what is news; oldest first."""
    ended: list[Incident]
    """What closed on one of them, news or not."""
    too_old: int
    """Days of which nobody is told any more."""

    @property
    def first_day(self) -> Day | None:
        """The oldest day on which something of this may have been told before; None where nothing is to be told."""
        return min([*self.days, *(incident.first_day for incident in self.ended)], default=None)


def news_of(ws: Workspace, now: dt.datetime) -> News:
    """What is news now: on days that ended at most `alerts.max_age_hours` ago, and not held back by what people did."""
    options = ws.settings.alerts
    known = [record.day for record in ws.lake.records(step="alert") if record.readable]
    days = [day for day in known if not too_old(day, now, options.max_age_hours)]
    incidents = from_frame(shown_rows(ALERTS, ws.lake.read(ALERTS, days), ws.redactor))
    acts = standing_acts(ws, incidents)
    news = [one for one in incidents if _is_news(one, acts.get(one.fingerprint), now.date(), options)]
    by_day = {day: [incident for incident in news if incident.day == day] for day in days}
    return News(by_day, [one for one in incidents if not one.is_open], len(known) - len(days))


def notify(ws: Workspace, ways: Ways, *, now: dt.datetime | None = None) -> dict[str, int]:
    """Send each day's news by the routes, where it has not arrived yet. now : defaults to the clock.

    Returns how many messages were sent, failed, and are unknown, and how many incidents no route takes or, of P0 and P1, did
    not arrive everywhere; `too_old` days were left alone.
    """
    now = now or dt.datetime.now(dt.UTC)
    news, gone = news_of(ws, now), withdrawn(ws)
    count = Count()
    first = min(filter(None, [news.first_day, *(one.first_day for one, _ in gone)]), default=None)
    if first is not None:
        with one_at_a_time(ws.lake.files):
            courier = Courier(ws, DeliveryLog(ws, first), ways, now)
            for day, incidents in news.days.items():
                courier.tell(day, incidents)
            courier.tell_ends(news.ended)
            for incident, who in gone:
                courier.tell_withdrawn(incident, who)
            remember(ws, courier.shown(one for incidents in news.days.values() for one in incidents))
            count = courier.count
    return {**count.as_dict(), "too_old": news.too_old}


def tell(
    ws: Workspace, incidents: Collection[Incident], ways: Ways, *, now: dt.datetime | None = None
) -> dict[str, int]:
    """Send incidents that stand in no table, such as that of a night that is late, by the same routes and the same rules.

    Of those that have ended only channels are told that show them until they hear of it, and were told of them.
    """
    now = now or dt.datetime.now(dt.UTC)
    recent = [one for one in incidents if not too_old(one.day, now, ws.settings.alerts.max_age_hours)]
    if not recent:
        return Count().as_dict()
    with one_at_a_time(ws.lake.files):
        courier = Courier(ws, DeliveryLog(ws, min(one.first_day for one in recent)), ways, now)
        standing = [one for one in recent if one.is_open]
        for day in sorted({one.day for one in standing}):
            courier.tell(day, [one for one in standing if one.day == day], quiet=False)
        courier.tell_ends(one for one in recent if not one.is_open)
        return courier.count.as_dict()


def _is_news(incident: Incident, act: Act | None, today: Day, options: AlertOptions) -> bool:
    """Whether an incident is sent today. act : the one that stands on it."""
    if act is None:
        return incident.notify
    if act.holds_back(incident, today):
        return False
    return incident.notify or (act.reminds(incident) and incident.severity in options.notify_severities)
