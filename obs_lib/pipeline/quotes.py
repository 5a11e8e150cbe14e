"""Which pages quote answers of other days than their own, so that they go where those go: with an erasure, or by age."""

from __future__ import annotations

import json
from collections.abc import Mapping

from obs_lib.lake.tables import REPORTS
from obs_lib.pipeline.fold import History
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day
from obs_lib.reporting.inputs import ReportInputs

QUOTES = "quotes"
"""Where the table `reports` keeps the days, in the JSON of `provenance`."""


def quoted(inputs: ReportInputs) -> list[str]:
    """The days before whose answers stand beside examples of incidents, oldest first, as ISO text."""
    items = (item for found in inputs.incident_examples for item in found.items)
    return sorted({str(item.earlier.day) for item in items if item.earlier})


def quotes_of_closed(ws: Workspace, past: History) -> Mapping[Day, frozenset[Day]]:
    """The closed days whose pages, which nobody makes again, quote other days; and which."""
    closed = [day for day in past.days if past.closed(day)]
    rows = ws.lake.read(REPORTS, closed, ["day", "provenance"])
    named = zip(rows["day"], rows["provenance"], strict=True)
    found = {Day.fromisoformat(day): json.loads(stored).get(QUOTES, []) for day, stored in named}
    return {day: frozenset(map(Day.fromisoformat, days)) for day, days in found.items() if days}
