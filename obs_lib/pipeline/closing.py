"""Days that maintenance has closed: their rows are gone, or the rows of their baseline, so they cannot be made again.

What was made of them stands: the fold passes them over, whatever settings or code have changed. A closed day whose logs are
still there may be run again; where that gives other numbers, the day is open again.
"""

from __future__ import annotations

from collections.abc import Iterable

from obs_lib.digests import digest_of
from obs_lib.lake.lake import Lake
from obs_lib.lake.steps import DROPPED, StepRecord
from obs_lib.lake.tables import TABLES
from obs_lib.records import Day, StepState

STEP = DROPPED
_OF_NIGHTS = frozenset(table.step for table in TABLES if table.step is not None)


def is_closed(dropped: StepRecord | None, summary: StepRecord | None) -> bool:
    """Whether a day with these records of `drop` and `summarise` is closed: the numbers are those it was closed with."""
    return dropped is not None and summary is not None and summary.readable and dropped.inputs == named(summary)


def close(lake: Lake, days: Iterable[Day]) -> None:
    """Close days. Before the first row goes: a run killed in between leaves closed days with rows, and the next drops them."""
    summaries = {record.day: record for record in lake.records(step="summarise")}
    for day in sorted(set(days)):
        summary = summaries.get(day)
        if summary is not None and summary.readable:
            lake.commit(day, STEP, {}, inputs=named(summary))


def reopen(lake: Lake, day: Day) -> None:
    """Let a closed day be written again: what `days` says of its tables is not there any more. Nothing for other days."""
    if lake.record(day, STEP) is not None:
        _void(lake, day, ("ingest", "collect", "summarise"))


def void(lake: Lake, day: Day) -> None:
    """Let every table of a day be written again, whatever stands there and whatever `days` says of it."""
    _void(lake, day, [record.step for record in lake.records([day]) if record.step in _OF_NIGHTS])


def _void(lake: Lake, day: Day, steps: Iterable[str]) -> None:
    for step in steps:
        lake.commit(day, step, {}, inputs="", state=StepState.WRITING)


def named(summary: StepRecord) -> str:
    """Name of a day's numbers, by which a closed day is known."""
    return digest_of(STEP, dict(summary.digests))
