"""A night's pages as one short message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from obs_lib.records import ALL, AlertState
from obs_lib.reporting.alerts_section import signals
from obs_lib.reporting.inputs import TableRow, rows
from obs_lib.reporting.numbers import long_day, plural
from obs_lib.reporting.safe import line

_INCIDENTS = 8  # told one by one; a longer message is not read on a phone
_SIGNALS = 2
_STATES = {AlertState.NEW: "new", AlertState.ONGOING: "worse", AlertState.RESOLVED: "resolved"}


def message(alerts: pd.DataFrame | Sequence[TableRow], day: dt.date, link: str | None = None) -> tuple[str, str]:
    """(title, body) of the message about `alerts`: rows of tables.ALERTS that page.

    Plain text on purpose: what comes from logs has no Markdown or HTML to break out of. Grouped by severity, worst
    first, under 4,000 characters whatever the number of alerts, so that no channel cuts it.
    """
    listed = list(alerts) if isinstance(alerts, Sequence) else rows(alerts)
    listed = sorted(listed, key=lambda row: (row["severity"], row["fingerprint"]))
    if not listed:
        return f"LLM night watch {day.isoformat()}: nothing to report", f"Report: {link}\n" if link else ""
    title = f"{line(listed[0]['severity'], 4)} LLM night watch {day.isoformat()}: {line(listed[0]['title'], 90)}"
    if len(listed) > 1:
        title += f" and {len(listed) - 1} more"
    body = [f"{plural(len(listed), 'incident')} on {long_day(day.isoformat())} (UTC)."]
    severity = ""
    for row in listed[:_INCIDENTS]:
        if row["severity"] != severity:
            severity = row["severity"]
            body += ["", line(severity, 4)]
        where = "" if row["segment"] == ALL else f" [{line(row['segment'], 60)}]"
        body.append(f"- {line(row['title'], 140)}{where}, {_STATES.get(row['state'], 'open')}")
        body += [f"    {line(signal, 140)}" for signal in signals(row)[:_SIGNALS]]
    if len(listed) > _INCIDENTS:
        body += ["", f"and {len(listed) - _INCIDENTS} more in the report."]
    if link:
        body += ["", f"Report: {link}"]
    return title, "\n".join(body) + "\n"
