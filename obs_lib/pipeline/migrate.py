"""Bring a lake of an earlier release over to this one's names: table by table, then, in one commit, what `days` says of them.

A table is written anew a day at a time and put in place at once (lake/swap.py), and no reader takes the lake before the last
commit says that it has this release's version. So a run that is killed anywhere leaves a lake that the next one finishes, and
a second one has nothing to do. No model runs: scores keep their values, and digests of what kept its names stay.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from obs_lib.digests import digest_of
from obs_lib.errors import LakeConflict, LakeError
from obs_lib.lake.digests import digest_of_rows
from obs_lib.lake.lake import Lake
from obs_lib.lake.maintenance import alone, days_held
from obs_lib.lake.rows import Rows
from obs_lib.lake.steps import StepRecord, live_files, rows_of_records
from obs_lib.lake.swap import Swap, told_by_swap
from obs_lib.lake.table import DAY, Table
from obs_lib.lake.tables import ALERTS, DAYS, OPERATIONS, SETTLED
from obs_lib.lake.version import SCHEMA_VERSION, set_version
from obs_lib.pipeline import closing, schema_5
from obs_lib.pipeline.schema_5 import Names
from obs_lib.records import Day, StepState

KIND = "migration"
_NIGHT = dt.timedelta(hours=6)  # a task's time limit: what has been unfinished for longer is nobody's work
_PATIENCE = dt.timedelta(hours=3)  # for a migration that another process has begun
_OLD_LOCK = "upkeep.lock"

Tell = Callable[[str], None]
Digests = dict[str, str]
"""By day, what names a table's day."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """One table in which something is called otherwise now, and how many of its days."""

    table: str
    days: int


def up_to_date(lake: Lake, tell: Tell = lambda _: None) -> None:
    """Migrate the lake where an earlier release wrote it. Costs nothing where it did not, so every night begins with it."""
    migrate(lake, tell, patience=_PATIENCE)


def migrate(
    lake: Lake, tell: Tell = lambda _: None, *, force: bool = False, patience: dt.timedelta = dt.timedelta()
) -> list[Migrated]:
    """Bring the lake to this release's names; returns the tables that had others, none where it has them already.

    patience : how long to wait for another that is at it. LakeError when a night of the earlier release is at work (with
    `force` it counts as dead), and where a later release has written the lake.
    """
    if lake.version in (None, SCHEMA_VERSION):
        return []
    old = lake.of_any_version()
    with alone(old, patience=patience), alone(old, _OLD_LOCK), _explained(old):
        if old.version == SCHEMA_VERSION:
            return []
        if not force:
            _refuse_nights_at_work(old)
        shutil.rmtree(old.files / "staging", ignore_errors=True)  # plans of the earlier release cannot be collected
        done = _Migration(old, tell).run()
        (old.files / _OLD_LOCK).unlink()
        return done


class _Migration:
    """From schema version 4 to 5."""

    def __init__(self, lake: Lake, tell: Tell) -> None:
        self._lake, self._tell = lake, tell
        self._records = {(record.day, record.step): record for record in lake.records()}
        self._digests: dict[str, Digests] = {}  # of tables in which something is called otherwise now

    def run(self) -> list[Migrated]:
        """Every table, then the records of all days at once, then the lake's version."""
        told = self._told(SETTLED)
        if told is None:
            for table in schema_5.TABLES:
                self._tell(table.name)
                self._digests[table.name] = self._rename(table)
            counted = {table: len(days) for table, days in self._digests.items() if days}
            self._log(counted)
            self._replace_records(counted)
        else:
            counted = told["counted"]
        self._empty_days()
        days = self._lake.open(DAYS)
        if days is not None:
            set_version(days)
        return [Migrated(table, count) for table, count in counted.items()]

    # -- one table -------------------------------------------------------------------------------------------------

    def _rename(self, table: Table) -> Digests:
        """Write the days anew that hold an old name; what names them now, by day."""
        told = self._told(table)
        if told is not None:
            digests: Digests = told["digests"]
            return digests
        opened = self._lake.open(table)
        digests = self._empty_before(table)
        if opened is None:
            return digests
        names = self._names
        with Swap(table, opened, self._lake.filesystem(table)) as swap:
            for day, written in days_held(self._lake, table).items():
                rows = self._rows(table, opened, day)
                new = schema_5.renamed(table, rows, names)
                name = digest_of_rows(Rows.of(new))
                if table in schema_5.COLUMNS or name != _digest(table, rows):
                    digests[str(day)] = name
                    swap.put(str(day), new, written)
            if digests:
                swap.commit(schema_5.VERSION, {"digests": digests}, None if table in schema_5.COLUMNS else digests)
        return digests

    def _rows(self, table: Table, opened: DeltaTable, day: Day) -> pa.Table:
        """The day's rows with the columns that they were stored with."""
        files = opened.to_pyarrow_dataset(
            filesystem=self._lake.filesystem(table), file_pruning_predicate=[(DAY, "=", str(day))]
        )
        return files.to_table(filter=pc.field(DAY) == str(day))

    def _empty_before(self, table: Table) -> Digests:
        """Days without a row: their digest names the columns all the same. Not those whose rows were dropped."""
        if table not in schema_5.COLUMNS:
            return {}
        old, new = (
            digest_of_rows(Rows.of(schema.empty_table())) for schema in (schema_5.schema_before(table), table.schema)
        )
        return {str(day): new for (day, _), record in self._records.items() if record.digests.get(table.name) == old}

    @property
    def _names(self) -> Names:
        """What is named by digests of what has been renamed by now."""
        summaries = {}
        for (day, step), record in self._records.items():
            if step == "summarise":
                now = self._renamed(record)
                summaries[str(day), digest_of(dict(record.digests))] = digest_of(dict(now.digests))
        return Names(summaries, self._incidents)

    @cached_property
    def _incidents(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for day in days_held(self._lake, ALERTS):
            rows = self._lake.rows(ALERTS, [day], ["kind", "segment", "evidence"])
            found |= schema_5.incidents(rows.to_pylist())
        return found

    # -- what `days` says ------------------------------------------------------------------------------------------

    def _replace_records(self, counted: dict[str, int]) -> None:
        """All records, those of `days` too, in one commit to `days_settled`."""
        renamed = [self._renamed(record) for record in self._records.values()]
        opened = self._lake.made(SETTLED)
        with Swap(SETTLED, opened, self._lake.filesystem(SETTLED)) as swap:
            swap.put("", rows_of_records(SETTLED, renamed), _now())
            swap.commit(schema_5.VERSION, {"counted": counted})

    def _renamed(self, record: StepRecord) -> StepRecord:
        """What `days` says of a step, under what its tables' days are named now; a closed day stays closed."""
        day = str(record.day)
        digests = {table: self._digests.get(table, {}).get(day, name) for table, name in record.digests.items()}
        summary = self._records.get((record.day, "summarise"))
        if record.step == closing.STEP and summary is not None and closing.is_closed(record, summary):
            return replace(record, inputs=closing.named(self._renamed(summary)))
        return replace(record, digests=digests)

    def _empty_days(self) -> None:
        """What `days` says stands in `days_settled` now, which is the older of the two for everybody who reads."""
        opened = self._lake.open(DAYS)
        if opened is not None and live_files(opened).num_rows:
            with Swap(DAYS, opened, self._lake.filesystem(DAYS)) as swap:
                swap.commit(schema_5.VERSION, {})

    # -- how -------------------------------------------------------------------------------------------------------

    def _told(self, table: Table) -> dict[str, Any] | None:
        opened = self._lake.open(table)
        return None if opened is None else told_by_swap(opened, schema_5.VERSION)

    def _log(self, counted: dict[str, int]) -> None:
        """Once, also where we are killed after it."""
        subject = f"schema {self._lake.version} to {schema_5.VERSION}"
        logged = self._lake.read(OPERATIONS, list(days_held(self._lake, OPERATIONS)), ["subject"], {"kind": [KIND]})
        if subject not in set(logged["subject"]):
            self._lake.log(KIND, subject, "DONE", json.dumps(counted))


def _digest(table: Table, rows: pa.Table) -> str:
    ordered = rows.select(table.schema.names).cast(table.schema).sort_by([(name, "ascending") for name in table.key])
    return digest_of_rows(Rows.of(ordered))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _refuse_nights_at_work(lake: Lake) -> None:
    """A night that read its rows before would write them again, under the old names, after us."""
    opened, young = lake.open(DAYS), (_now() - _NIGHT).timestamp()
    if opened is None:
        return
    files = live_files(opened)
    written = zip(*(files[name].to_pylist() for name in (DAY, "step", "written")), strict=True)
    marked = {(day, step) for day, step, moment in written if moment / 1000 > young}
    writing = {str(r.day) for r in lake.records() if r.state is StepState.WRITING and (str(r.day), r.step) in marked}
    staged = (lake.files / "staging").rglob("*.parquet")
    at_work = writing | {
        path.relative_to(lake.files / "staging").parts[0] for path in staged if path.stat().st_mtime > young
    }
    if at_work:
        raise LakeError(
            "a night of the earlier release is at work on these days, or was killed there",
            found=", ".join(sorted(at_work)),
            where=lake.root,
            fix="`obs maintain --migrate` when it has ended, with --force when it was killed",
        )


@contextmanager
def _explained(lake: Lake) -> Iterator[None]:
    try:
        yield
    except CommitFailedError as error:
        raise LakeConflict(
            "another process writes to this lake",
            where=lake.root,
            fix="end the earlier release's nights, then run it again",
        ) from error
    except (DeltaError, OSError) as error:
        raise LakeError(f"the lake cannot be brought over: {str(error)[:300]}", where=lake.root) from error
