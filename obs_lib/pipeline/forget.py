"""Erase a person, or one request, from every table and every kept version, and re-make what showed them.

The ids are recorded first, then each day is re-made without their rows, then old versions go. So nothing that is read from
now on brings them back, and a run that was killed is finished by running it again. No model runs: scores and vectors of
everybody else stay as they are, only numbers and pages are made anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import pandas as pd

from obs_lib.errors import LakeError
from obs_lib.lake.lock import alone
from obs_lib.lake.maintenance import days_held, delete_moments, settle
from obs_lib.lake.purge import purge
from obs_lib.lake.table import Table
from obs_lib.lake.tables import ERASURES, INTERACTIONS, OPERATIONS, QUARANTINE, SCORES, TABLES
from obs_lib.pipeline.at_work import is_at_work, remove_left_behind
from obs_lib.pipeline.erasures import Erasures, columns_of, erased_rows, read_erasures, without_erased
from obs_lib.pipeline.fold import history
from obs_lib.pipeline.migrate import up_to_date
from obs_lib.pipeline.night import fold
from obs_lib.pipeline.quotes import quotes_of_closed
from obs_lib.pipeline.remake import ROW_TABLES, STEP, at_work, remake
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.staging import NIGHT
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, StepState

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Removed:
    """Rows of one table and day that were removed, or would be."""

    day: str
    table: str
    rows: int


def forget(
    ws: Workspace, kind: str, name: str, *, dry_run: bool = False, force: bool = False, tell: Tell = lambda _: None
) -> list[Removed]:
    """Erase the `user` or `request` of that id; returns what was removed, by day and table, empty when nothing was found.

    LakeError when a night is at work on one of the days: the erasure is recorded then, and is finished by the next call. With
    `force` such nights count as dead.
    """
    if not dry_run:
        up_to_date(ws.lake)
    with nullcontext() if dry_run else alone(ws.lake):
        before = read_erasures(ws.lake)
        erased = before.with_ids([(kind, name)])
        days = sorted({day for tables in ROW_TABLES.values() for table in tables for day in days_held(ws.lake, table)})
        tell("look")
        erased = erased.with_ids({named for day in days for named in _ids_of(ws, day, erased)})
        held = {day: _held(ws, day, erased) for day in days}
        unfinished = {r.day for r in ws.lake.records(step=STEP) if r.state is StepState.WRITING}
        logged = _log_rows(ws, erased)
        removed = [rows for day in days for rows in held[day]] + _counted(OPERATIONS, logged)
        if dry_run:
            return removed
        _record(ws, before, erased)
        touched = sorted({day for day in days if held[day]} | unfinished)
        _refuse_nights_at_work(ws, touched, force)
        remove_left_behind(ws.lake.files, NIGHT)
        for day in touched:
            tell(str(day))
            remake(ws, day, erased)
        fold(ws, tell)
        _clear_quoting_pages(ws, touched)
        _clear_log(ws, _log_rows(ws, erased))  # again: the fold may have said which segments are gone
        _clear_notes(ws, erased)
        _refuse_nights_at_work(ws, touched, force)
        tell("old versions")
        for table in TABLES:
            purge(ws.lake, table, touched)
        ws.lake.log(STEP, kind, "DONE", f"{sum(rows.rows for rows in removed)} rows removed")
        return removed


def _ids_of(ws: Workspace, day: Day, erased: Erasures) -> Iterable[tuple[str, str]]:
    """(kind, id) of the requests of somebody erased, and of the traces that hold no other interaction."""
    rows = ws.lake.rows(INTERACTIONS, [day], columns_of(INTERACTIONS)).to_pandas()
    theirs = erased_rows(INTERACTIONS, rows, erased)
    others = set(rows.loc[~theirs, "trace_id"].dropna())
    yield from (("request", name) for name in rows.loc[theirs, "request_id"])
    yield from (("trace", name) for name in set(rows.loc[theirs, "trace_id"].dropna()) - others)


def _held(ws: Workspace, day: Day, erased: Erasures) -> list[Removed]:
    """What the day holds of the erased. An excerpt that loses its text counts as a row."""
    held = []
    for table in (*ROW_TABLES["ingest"], SCORES):
        rows = ws.lake.rows(table, [day], columns_of(table)).to_pandas()
        theirs = erased_rows(table, rows, erased)
        n = int(theirs.sum())
        if table is QUARANTINE:
            n += int(
                without_erased(table, rows, erased)["excerpt"].isna().sum() - rows.loc[~theirs, "excerpt"].isna().sum()
            )
        held += [Removed(str(day), table.name, n)] if n else []
    return held


def _record(ws: Workspace, before: Erasures, erased: Erasures) -> None:
    new = sorted(erased.names - before.names)
    if new:
        ws.lake.append(ERASURES, dt.datetime.now(dt.UTC).date(), pd.DataFrame(new, columns=["salt", "kind", "digest"]))


def _refuse_nights_at_work(ws: Workspace, days: list[Day], force: bool) -> None:
    """A night that read its rows before would write them again after us.

    With `force` those that look at work and hold no lock count as dead; one that holds its lock is alive.
    """
    alive = sorted(str(day) for day in days if is_at_work(ws.lake.files, day))
    if alive:
        raise LakeError(
            "a night is at work on these days; the erasure is recorded and must be finished",
            found=", ".join(alive),
            where=ws.lake.root,
            fix="run the same command when it has ended",
        )
    busy = [] if force else sorted(str(day) for day in days if at_work(ws, day))
    if busy:
        raise LakeError(
            "a night is at work on these days, or was killed there; the erasure is recorded and must be finished",
            found=", ".join(busy),
            where=ws.lake.root,
            fix="run the same command when it has ended, or with --force when it was killed",
        )


def _log_rows(ws: Workspace, erased: Erasures) -> pd.DataFrame:
    """Rows of `operations` that mention the erased."""
    rows = ws.lake.rows(OPERATIONS, None).to_pandas()
    mentioning: pd.DataFrame = rows[erased_rows(OPERATIONS, rows, erased)]
    return mentioning


def _counted(table: Table, rows: pd.DataFrame) -> list[Removed]:
    return [Removed(str(day), table.name, int(n)) for day, n in rows.groupby("day").size().items()]


def _clear_log(ws: Workspace, rows: pd.DataFrame) -> None:
    for day, of_day in rows.groupby("day"):
        moments = [moment.to_pydatetime() for moment in of_day["at"]]
        delete_moments(ws.lake, OPERATIONS, dt.date.fromisoformat(str(day)), "at", moments)


def _clear_notes(ws: Workspace, erased: Erasures) -> None:
    """Messages of failed steps that mention the erased."""
    cleared = [r for r in ws.lake.records() if r.state is StepState.FAILED and erased.mentioned(r.note)]
    for record in cleared:
        ws.lake.commit(record.day, record.step, {}, inputs=record.inputs, state=record.state, note="failed")
    if cleared:  # one of them may have stood among the settled ones
        settle(ws.lake, cleared[-1].day + dt.timedelta(days=1))


def _clear_quoting_pages(ws: Workspace, touched: Sequence[Day]) -> None:
    """Pages that quote an answer of one of these days and that the fold makes no more: maintenance has closed their day."""
    for day, quoted in quotes_of_closed(ws, history(ws)).items():
        if quoted.intersection(touched):
            page_path(ws, day).unlink(missing_ok=True)
