"""One day made again without the rows of erased people. No model runs: everybody else keeps their scores and vectors."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from obs_lib.lake.maintenance import days_held, drop_days
from obs_lib.lake.table import Table, naming_last
from obs_lib.lake.tables import EMBEDDINGS, INTERACTIONS, SCORES, TABLES
from obs_lib.models.vectors import text_hash
from obs_lib.pipeline.at_work import is_at_work
from obs_lib.pipeline.cases import distinct_cases
from obs_lib.pipeline.erasures import Erasures, erased_rows, without_erased
from obs_lib.pipeline.judging import judge_ledger
from obs_lib.pipeline.plan import texts_of
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.session_texts import COLUMNS, placed_in, read_by
from obs_lib.pipeline.staging import days_staged_lately
from obs_lib.pipeline.summarise import summarise
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import CASE_COLUMNS, Day, StepState

STEP = "forget"
ROW_TABLES = {step: naming_last(table for table in TABLES if table.step == step) for step in ("ingest", "collect")}
"""The tables that hold rows of people, by the step that writes them."""

_SUMMARIES = tuple(table for table in TABLES if table.step == "summarise")
_UNFINISHED = "somebody was erased from this day while it was unfinished: run it again"


def remake(ws: Workspace, day: Day, erased: Erasures) -> None:
    """The day without the rows of the erased. Killed anywhere, it starts again from what `days` says of this step."""
    good = _good_steps(ws, day)
    ws.lake.commit(day, STEP, {}, inputs=json.dumps(good, sort_keys=True), state=StepState.WRITING)
    shutil.rmtree(ws.lake.files / "staging" / str(day), ignore_errors=True)
    page_path(ws, day).unlink(missing_ok=True)  # rendered again by the fold, which may fail before it comes to it
    judge_ledger(ws.lake).forget(_cases_of(ws, day, erased))
    sound = True
    for step, tables in ROW_TABLES.items():
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


def _cases_of(ws: Workspace, day: Day, erased: Erasures) -> set[str]:
    """The cases of the erased, those too that were judged by a night that was killed before it left scores."""
    scores = ws.lake.rows(SCORES, [day], ["request_id", "case"]).to_pandas()
    rows = ws.lake.rows(INTERACTIONS, [day]).to_pandas()
    theirs = rows[erased_rows(INTERACTIONS, rows, erased)]
    theirs = theirs[["request_id", *CASE_COLUMNS]].reset_index(drop=True)
    whole = placed_in(theirs, rows[COLUMNS], ws.settings.summaries.session_idle_minutes)
    asked = (*distinct_cases(theirs)[1], *distinct_cases(whole)[1])  # with and without those that judge sessions
    return {*scores.loc[erased_rows(SCORES, scores, erased), "case"].dropna(), *asked}


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
    begun = records.get(STEP)
    good: dict[str, Any] = json.loads(begun.inputs) if begun and begun.state is StepState.WRITING else {}
    for step in (*ROW_TABLES, "summarise"):
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
    ran = set(scores["evaluator"])
    evaluators = tuple(evaluator for evaluator in ws.evaluators if evaluator.name in ran)
    rows = _frame(ws, INTERACTIONS, day)
    scored = rows[rows["request_id"].isin(set(scores["request_id"]))]
    if read_by(evaluators):
        scored = placed_in(scored, rows[COLUMNS], ws.settings.summaries.session_idle_minutes)
    cases, _ = distinct_cases(scored)
    return {text_hash(text) for text in texts_of(ws, cases, evaluators)}


def _frame(ws: Workspace, table: Table, day: Day) -> pd.DataFrame:
    """A day's rows; counts stay whole numbers where some are missing."""
    frame: pd.DataFrame = ws.lake.rows(table, [day]).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return frame


def at_work(ws: Workspace, day: Day) -> bool:
    """Whether a night is at work on the day, or was killed there lately: it has read its rows already."""
    good = _good_steps(ws, day)
    states = {record.step: record.state for record in ws.lake.records([day])}
    if any(states.get(step) is StepState.WRITING and step not in good for step in (*ROW_TABLES, "summarise")):
        return True
    return is_at_work(ws.lake.files, day) or str(day) in days_staged_lately(ws.lake.files)
