"""Erase a person, or one request, from every table and every kept version, and re-make what showed them.

The ids are recorded first, then each day is re-made without their rows, then old versions go. So nothing that is read from
now on brings them back, and a run that was killed is finished by running it again. No model runs: scores and vectors of
everybody else stay as they are, only numbers and pages are made anew.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from obs_lib.errors import LakeError
from obs_lib.lake.maintenance import alone, days_held, delete_moments, drop_days, settle
from obs_lib.lake.purge import purge
from obs_lib.lake.table import Table, naming_last
from obs_lib.lake.tables import (
    EMBEDDINGS,
    ERASURES,
    INTERACTIONS,
    OPERATIONS,
    QUARANTINE,
    SCORES,
    TABLES,
)
from obs_lib.models.vectors import text_hash
from obs_lib.pipeline.cases import distinct_cases
from obs_lib.pipeline.erasures import Erasures, columns_of, erased_rows, read_erasures, without_erased
from obs_lib.pipeline.judging import judge_ledger
from obs_lib.pipeline.migrate import up_to_date
from obs_lib.pipeline.night import fold
from obs_lib.pipeline.plan import texts_of
from obs_lib.pipeline.summarise import summarise
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import CASE_COLUMNS, Day, StepState

STEP = "forget"
_BY_STEP = {step: naming_last(table for table in TABLES if table.step == step) for step in ("ingest", "collect")}
"""The tables of the steps that hold rows of people."""
_SUMMARIES = tuple(table for table in TABLES if table.step == "summarise")

_NIGHT = dt.timedelta(hours=6)  # a task's time limit: a plan older than that is nobody's
_TEMPORARY = dt.timedelta(minutes=1)  # a page is written in milliseconds; an older unfinished one is of a killed writer
_UNFINISHED = "somebody was erased from this day while it was unfinished: run it again"
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
    with alone(ws.lake):
        before = read_erasures(ws.lake)
        erased = before.with_ids([(kind, name)])
        days = sorted({day for tables in _BY_STEP.values() for table in tables for day in days_held(ws.lake, table)})
        tell("look")
        erased = erased.with_ids({one for day in days for one in _ids_of(ws, day, erased)})
        found = {day: _held(ws, day, erased) for day in days}
        unfinished = {r.day for r in ws.lake.records(step=STEP) if r.state is StepState.WRITING}
        logged = _log_rows(ws, erased)
        removed = [one for day in days for one in found[day]] + _counted(OPERATIONS, logged)
        if dry_run:
            return removed
        _record(ws, before, erased)
        touched = sorted({day for day in days if found[day]} | unfinished)
        _refuse_nights_at_work(ws, touched, force)
        for day in touched:
            tell(str(day))
            _remake(ws, day, erased)
        fold(ws, tell)
        _clear_log(ws, _log_rows(ws, erased))  # again: the fold may have said which segments are gone
        _clear_notes(ws, erased)
        _refuse_nights_at_work(ws, touched, force)
        tell("old versions")
        for table in TABLES:
            purge(ws.lake, table, touched)
        _clear_temporary_pages(ws)
        ws.lake.log(STEP, kind, "DONE", f"{sum(one.rows for one in removed)} rows removed")
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
    found = []
    for table in (*_BY_STEP["ingest"], SCORES):
        rows = ws.lake.rows(table, [day], columns_of(table)).to_pandas()
        theirs = erased_rows(table, rows, erased)
        n = int(theirs.sum())
        if table is QUARANTINE:
            n += int(
                without_erased(table, rows, erased)["excerpt"].isna().sum() - rows.loc[~theirs, "excerpt"].isna().sum()
            )
        found += [Removed(str(day), table.name, n)] if n else []
    return found


def _record(ws: Workspace, before: Erasures, erased: Erasures) -> None:

    new = sorted(erased.names - before.names)
    if new:
        ws.lake.append(ERASURES, dt.datetime.now(dt.UTC).date(), pd.DataFrame(new, columns=["salt", "kind", "digest"]))


# -- one day -----------------------------------------------------------------------------------------------------------


def _remake(ws: Workspace, day: Day, erased: Erasures) -> None:
    """The day without the rows of the erased. Killed anywhere, it starts again from what `days` says of this step."""
    good = _good_steps(ws, day)
    ws.lake.commit(day, STEP, {}, inputs=json.dumps(good, sort_keys=True), state=StepState.WRITING)
    shutil.rmtree(ws.lake.files / "staging" / str(day), ignore_errors=True)
    scores = ws.lake.rows(SCORES, [day], ["request_id", "case"]).to_pandas()
    judge_ledger(ws.lake).forget(scores.loc[erased_rows(SCORES, scores, erased), "case"].dropna())
    sound = True
    for step, tables in _BY_STEP.items():
        sound = sound and step in good
        if sound:
            was = good[step]
            frames = _rows_left(ws, day, [table for table in tables if table.name in was["tables"]], erased)
            state = StepState.READY if len(frames[INTERACTIONS if step == "ingest" else SCORES]) else StepState.NO_DATA
            ws.lake.commit(day, step, frames, inputs=was["inputs"], state=state, note=was["note"])
        else:
            _void(ws, day, step, tables)
    if sound and "summarise" in good:
        summarise(ws, day)
    elif not sound:
        _void(ws, day, "summarise", _SUMMARIES)
    ws.lake.commit(day, STEP, {}, inputs="", state=StepState.READY)


def _void(ws: Workspace, day: Day, step: str, tables: Sequence[Table]) -> None:
    """Empty the tables of a step that nobody has finished, or that rests on such a one: it must be run again anyway."""
    record = ws.lake.record(day, step)
    if record is not None and record.readable:
        ws.lake.commit(day, step, {}, inputs="", state=StepState.FAILED, note=_UNFINISHED)
    for table in tables:
        if day in days_held(ws.lake, table):
            drop_days(ws.lake, table, [day])


def _good_steps(ws: Workspace, day: Day) -> dict[str, Any]:
    """Inputs, note and tables of the day's steps that can be read, or that an earlier run of ours left unfinished."""
    records = {record.step: record for record in ws.lake.records([day])}
    ours = records.get(STEP)
    good: dict[str, Any] = json.loads(ours.inputs) if ours and ours.state is StepState.WRITING else {}
    for step in (*_BY_STEP, "summarise"):
        record = records.get(step)
        if record is not None and record.readable:
            good[step] = {"inputs": record.inputs, "note": record.note, "tables": sorted(record.digests)}
        elif step in good and step != "summarise" and (record is None or record.inputs != good[step]["inputs"]):
            del good[step]  # another's work, begun after ours and not finished
    return good


def _rows_left(ws: Workspace, day: Day, tables: list[Table], erased: Erasures) -> dict[Table, pd.DataFrame]:
    frames = {
        table: without_erased(table, _frame(ws, table, day), erased) for table in tables if table is not EMBEDDINGS
    }
    if EMBEDDINGS in tables:
        stored = _frame(ws, EMBEDDINGS, day)
        needed = _texts_left(ws, day, frames[SCORES])
        frames[EMBEDDINGS] = stored[stored["text_hash"].isin(needed)].reset_index(drop=True)
    return frames


def _texts_left(ws: Workspace, day: Day, scores: pd.DataFrame) -> set[str]:
    """Hashes of the texts whose vectors the scored interactions of the day need."""
    rows = _frame(ws, INTERACTIONS, day)[["request_id", *CASE_COLUMNS]]
    cases, _ = distinct_cases(rows[rows["request_id"].isin(set(scores["request_id"]))])
    ran = set(scores["evaluator"])
    return {text_hash(text) for text in texts_of(cases, tuple(one for one in ws.evaluators if one.name in ran))}


def _frame(ws: Workspace, table: Table, day: Day) -> pd.DataFrame:
    """A day's rows; counts stay whole numbers where some are missing."""
    frame: pd.DataFrame = ws.lake.rows(table, [day]).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return frame


# -- what is not a day's -------------------------------------------------------------------------------------------------


def _refuse_nights_at_work(ws: Workspace, days: list[Day], force: bool) -> None:
    """A night that read its rows before would write them again after us."""
    at_work = [] if force else sorted(str(day) for day in days if _at_work(ws, day))
    if at_work:
        raise LakeError(
            "a night is at work on these days, or was killed there; the erasure is recorded and must be finished",
            found=", ".join(at_work),
            where=ws.lake.root,
            fix="run the same command when it has ended, or with --force when it was killed",
        )


def _at_work(ws: Workspace, day: Day) -> bool:
    good = _good_steps(ws, day)
    states = {record.step: record.state for record in ws.lake.records([day])}
    if any(states.get(step) is StepState.WRITING and step not in good for step in (*_BY_STEP, "summarise")):
        return True
    young = dt.datetime.now(dt.UTC).timestamp() - _NIGHT.total_seconds()
    staged = (ws.lake.files / "staging" / str(day)).rglob("*.parquet")
    return any(path.stat().st_mtime > young for path in staged)


def _log_rows(ws: Workspace, erased: Erasures) -> pd.DataFrame:
    """Rows of `operations` that mention the erased."""
    rows = ws.lake.rows(OPERATIONS, None).to_pandas()
    found: pd.DataFrame = rows[erased_rows(OPERATIONS, rows, erased)]
    return found


def _counted(table: Table, rows: pd.DataFrame) -> list[Removed]:
    return [Removed(str(day), table.name, int(n)) for day, n in rows.groupby("day").size().items()]


def _clear_log(ws: Workspace, rows: pd.DataFrame) -> None:
    for day, mine in rows.groupby("day"):
        moments = [moment.to_pydatetime() for moment in mine["at"]]
        delete_moments(ws.lake, OPERATIONS, dt.date.fromisoformat(str(day)), "at", moments)


def _clear_notes(ws: Workspace, erased: Erasures) -> None:
    """Messages of failed steps that mention the erased."""
    cleared = [r for r in ws.lake.records() if r.state is StepState.FAILED and erased.mentioned(r.note)]
    for record in cleared:
        ws.lake.commit(record.day, record.step, {}, inputs=record.inputs, state=record.state, note="failed")
    if cleared:  # one of them may have stood among the settled ones
        settle(ws.lake, cleared[-1].day + dt.timedelta(days=1))


def _clear_temporary_pages(ws: Workspace) -> None:
    """Pages whose writer was killed before it had finished."""
    old = dt.datetime.now(dt.UTC).timestamp() - _TEMPORARY.total_seconds()
    for path in (ws.lake.files / "pages").glob(".*"):
        if path.stat().st_mtime < old:
            path.unlink(missing_ok=True)
