"""Read a day's logs; replace its interactions, spans, labels, GPU samples and its quarantine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from obs_lib.digests import digest_of
from obs_lib.lake.tables import INTERACTIONS, QUARANTINE
from obs_lib.languages import DETECTOR
from obs_lib.options import deciding
from obs_lib.pipeline.at_work import reading_folder, remove_left_behind
from obs_lib.pipeline.closing import reopen, void
from obs_lib.pipeline.erasures import Erasures, read_erasures
from obs_lib.pipeline.ingest_filter import IngestFilter
from obs_lib.pipeline.judging import waiting_days
from obs_lib.pipeline.migrate import up_to_date
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, StepState
from obs_lib.sources.reading import SourceDay, read_day
from obs_lib.sources.source import fingerprint_day

Look = Callable[[SourceDay, Erasures], None]

STEP = "ingest"
_READING = 5  # raised where the same logs give other rows, so that days are read again; names alone do not count


def ingest(ws: Workspace, day: Day, look: Look = lambda *_: None, *, afresh: bool = False) -> dict[str, object]:
    """Read the day from every source. A day without one interaction is committed as NO_DATA.

    look : is shown what was read, and who is erased, before anything is written. afresh : whether every table of the day is
    written again, by this step and by those after it, whatever stands there.
    SourceError when a source cannot be read; the lake then stays as it was.
    """
    up_to_date(ws.lake)
    remove_left_behind(ws.lake.files)
    with ws.step(day, STEP), reading_folder(ws.lake.files, day) as scratch:
        erased = read_erasures(ws.lake)
        admission = IngestFilter(erased, ws.redactor)
        read = read_day(ws.sources, day, scratch, admission.masking)
        look(read, erased)
        (void if afresh else reopen)(ws.lake, day)
        rows = admission.admitted(read.rows)
        interactions, rejected = rows[INTERACTIONS].count, rows[QUARANTINE].count
        state = StepState.READY if interactions else StepState.NO_DATA
        ws.lake.commit(day, STEP, rows, inputs=inputs_of(ws, read.fingerprint), state=state)
    if read_erasures(ws.lake) != erased:  # somebody was erased after we looked: the day must not bring them back
        return ingest(ws, day, look)
    return {"day": str(day), "state": state.value, "interactions": interactions, "quarantined": rejected}


def logs_digest(ws: Workspace, day: Day) -> str:
    """Name of everything that `ingest` would read for the day."""
    return inputs_of(ws, fingerprint_day(ws.sources, day))


def inputs_of(ws: Workspace, fingerprint: str) -> str:
    """The same, where the digest of the entries is known."""
    rules = [deciding(source) for source in ws.settings.sources]
    return digest_of(STEP, _READING, DETECTOR, rules, ws.redactor.stored_rules, fingerprint)


def late_days(ws: Workspace, day: Day) -> list[Day]:
    """Days shortly before `day` that are to be run again, oldest first.

    Those that were ingested once and whose logs have changed since, and those that wait for a judge's batch.
    """
    up_to_date(ws.lake)
    before = [day - dt.timedelta(days=back) for back in range(ws.settings.schedule.look_back_days, 0, -1)]
    records = {record.day: record for record in ws.lake.records(before, STEP)}
    waiting = waiting_days(ws.lake, records)
    return [day for day in before if day in records and (day in waiting or records[day].inputs != logs_digest(ws, day))]
