"""What is sent of a night, as one short message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from obs_lib.records import ALL, Alert, AlertState
from obs_lib.reporting.alerts_section import signals
from obs_lib.reporting.numbers import long_day, plural
from obs_lib.reporting.safe import line

_INCIDENTS = 8  # one by one; a longer message is not read on a phone
_SIGNALS = 2
_STATES = {AlertState.NEW: "new", AlertState.ONGOING: "worse", AlertState.RESOLVED: "resolved"}


def message(alerts: Sequence[Alert], day: dt.date, link: str | None = None) -> tuple[str, str]:
    """(title, body) of the message about what is to be sent of a day.

    Plain text on purpose: what comes from logs has no Markdown or HTML to break out of. Grouped by severity, worst
    first, under 4,000 characters whatever the number of alerts, so that no channel cuts it.
    """
    incidents = sorted(alerts, key=lambda alert: (alert.severity, alert.fingerprint))
    if not incidents:
        return f"LLM night watch {day.isoformat()}: nothing to report", f"Report: {link}\n" if link else ""
    worst = incidents[0]
    title = f"{worst.severity} LLM night watch {day.isoformat()}: {line(worst.title, 90)}"
    if len(incidents) > 1:
        title += f" and {len(incidents) - 1} more"
    body = [f"{plural(len(incidents), 'incident')} on {long_day(day.isoformat())} (UTC)."]
    for severity, alike in groupby(incidents[:_INCIDENTS], key=lambda alert: alert.severity):
        body += ["", severity.value, *(text for alert in alike for text in _incident(alert))]
    if len(incidents) > _INCIDENTS:
        body += ["", f"and {len(incidents) - _INCIDENTS} more in the report."]
    if link:
        body += ["", f"Report: {link}"]
    return title, "\n".join(body) + "\n"


def _incident(alert: Alert) -> list[str]:
    where = "" if alert.segment == ALL else f" [{line(alert.segment, 60)}]"
    title = f"- {line(alert.title, 140)}{where}, {_STATES[alert.state]}"
    return [title, *(f"    {line(signal, 140)}" for signal in signals(alert)[:_SIGNALS])]
