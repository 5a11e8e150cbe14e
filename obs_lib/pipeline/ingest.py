"""Read a day's logs; replace its interactions and its quarantine."""

from __future__ import annotations

import datetime as dt

from obs_lib.digests import digest_of
from obs_lib.pipeline.closing import reopen
from obs_lib.pipeline.erasures import read_erasures, without_erased
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, StepState
from obs_lib.tables import INTERACTIONS, QUARANTINE, SCHEMA_VERSION

STEP = "ingest"


def ingest(ws: Workspace, day: Day) -> dict[str, object]:
    """Read the day from every source. A day without one interaction is committed as NO_DATA.

    SourceError when a source cannot be read; the lake then stays as it was.
    """
    from obs_lib.sources.reading import read_day

    with ws.step(day, STEP):
        inputs = logs_digest(ws, day)
        read = read_day(ws.settings.sources, day)
        reopen(ws.lake, day)
        erased = read_erasures(ws.lake)
        found = {INTERACTIONS: read.interactions, QUARANTINE: read.quarantine}
        frames = {table: without_erased(frame, erased) for table, frame in found.items()}
        state = StepState.READY if len(frames[INTERACTIONS]) else StepState.NO_DATA
        ws.lake.commit(day, STEP, frames, inputs=inputs, state=state)
    if read_erasures(ws.lake) != erased:  # somebody was erased after we looked: the day must not bring them back
        return ingest(ws, day)
    return {
        "day": str(day),
        "state": state.value,
        "interactions": len(frames[INTERACTIONS]),
        "quarantined": len(frames[QUARANTINE]),
    }


def logs_digest(ws: Workspace, day: Day) -> str:
    """Name of everything that `ingest` would read for the day."""
    from obs_lib.sources.reading import fingerprint_day

    rules = [source.model_dump(mode="json", exclude={"path"}) for source in ws.settings.sources]
    return digest_of(STEP, SCHEMA_VERSION, rules, fingerprint_day(ws.settings.sources, day))


def late_days(ws: Workspace, day: Day) -> list[Day]:
    """Days shortly before `day` that were ingested once and whose logs have changed since, oldest first."""
    before = [day - dt.timedelta(days=back) for back in range(ws.settings.schedule.look_back_days, 0, -1)]
    records = {record.day: record for record in ws.lake.records(before, STEP)}
    return [day for day in before if day in records and records[day].inputs != logs_digest(ws, day)]
