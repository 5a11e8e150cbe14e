"""A lake of schema version 4 brought to 5: table by table, then what `days` says of all days, then the lake's version."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from obs_lib.digests import digest_of
from obs_lib.lake.digests import digest_of_rows
from obs_lib.lake.files import live_files
from obs_lib.lake.lake import Lake
from obs_lib.lake.maintenance import days_held
from obs_lib.lake.rows import Rows
from obs_lib.lake.steps import StepRecord, rows_of_records
from obs_lib.lake.swap import Swap, outcome_of_swap
from obs_lib.lake.table import DAY, Table
from obs_lib.lake.tables import ALERTS, DAYS, OPERATIONS, SETTLED
from obs_lib.lake.version import set_version
from obs_lib.pipeline import closing
from obs_lib.pipeline.schema_5.empty import EMPTY
from obs_lib.pipeline.schema_5.names import incidents
from obs_lib.pipeline.schema_5.rows import ADDED, COLUMNS, TABLES, Names, renamed, with_columns
from obs_lib.records import Day

KIND = "migration"
_VERSION = 5

Tell = Callable[[str], None]
Digests = dict[str, str]
"""By day, what names a table's day."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """One table in which something is called otherwise now, and how many of its days."""

    table: str
    days: int


class Migration:
    """Of a lake at which nobody else is, and which looks at any version. `run` may be killed anywhere, and run again."""

    def __init__(self, lake: Lake, tell: Tell) -> None:
        self._lake, self._tell = lake, tell
        self._records = {(record.day, record.step): record for record in lake.records()}
        self._digests: dict[str, Digests] = {}  # of tables in which something is called otherwise now

    def run(self) -> list[Migrated]:
        """Every table, then the records of all days at once, then the lake's version."""
        done = self._outcome(SETTLED)
        if done is None:
            for table in TABLES:
                self._tell(table.name)
                self._digests[table.name] = self._rename(table)
            done = {table: len(days) for table, days in self._digests.items() if days}
            self._digests |= {table.name: self._empty_before(table) for table in EMPTY if table not in TABLES}
            self._log(done)
            self._replace_records(done)
        self._empty_days()
        days = self._lake.open(DAYS)
        if days is not None:
            set_version(days)
        return [Migrated(table, count) for table, count in done.items()]

    # -- one table -------------------------------------------------------------------------------------------------

    def _rename(self, table: Table) -> Digests:
        """Write the days anew that hold an old name; what names them now, by day."""
        done = self._outcome(table)
        if done is not None:
            return done
        opened = self._lake.open(table)
        digests = self._empty_before(table)
        if opened is None:
            return digests
        names = self._names
        with Swap(table, opened, self._lake.filesystem(table)) as swap:
            for day, written in days_held(self._lake, table).items():
                old = with_columns(table, self._stored(table, opened, day))
                new = renamed(table, old, names)
                name = digest_of_rows(Rows.of(new))
                if _has_other_columns(table) or name != digest_of_rows(Rows.of(old)):
                    digests[str(day)] = name
                    swap.put(str(day), new, written)
            if digests:
                swap.commit(_VERSION, digests, None if _has_other_columns(table) else digests)
        self._sync(table)
        return digests

    def _stored(self, table: Table, opened: DeltaTable, day: Day) -> pa.Table:
        """The day's rows with the columns that they were stored with."""
        files = opened.to_pyarrow_dataset(
            filesystem=self._lake.filesystem(table), file_pruning_predicate=[(DAY, "=", str(day))]
        )
        return files.to_table(filter=pc.field(DAY) == str(day))

    def _empty_before(self, table: Table) -> Digests:
        """Days without a row: their digest names the columns all the same. Not those whose rows were dropped."""
        old, new = EMPTY.get(table, frozenset()), digest_of_rows(Rows.of(table.schema.empty_table()))
        return {str(day): new for (day, _), record in self._records.items() if record.digests.get(table.name) in old}

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
        fingerprints: dict[str, str] = {}
        for day in days_held(self._lake, ALERTS):
            rows = self._lake.rows(ALERTS, [day], ["kind", "segment", "evidence"])
            fingerprints |= incidents(rows.to_pylist())
        return fingerprints

    # -- what `days` says ------------------------------------------------------------------------------------------

    def _replace_records(self, done: dict[str, int]) -> None:
        """All records, those of `days` too, in one commit to `days_settled`."""
        renamed = [self._renamed(record) for record in self._records.values()]
        opened = self._lake.made(SETTLED)
        with Swap(SETTLED, opened, self._lake.filesystem(SETTLED)) as swap:
            swap.put("", rows_of_records(SETTLED, renamed), dt.datetime.now(dt.UTC))
            swap.commit(_VERSION, done)
        self._sync(SETTLED)

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
                swap.commit(_VERSION, {})

    # -- how -------------------------------------------------------------------------------------------------------

    def _outcome(self, table: Table) -> dict[str, Any] | None:
        """What came of a table that an earlier run has swapped; None where none has."""
        opened = self._lake.open(table)
        return None if opened is None else outcome_of_swap(opened, _VERSION)

    def _sync(self, table: Table) -> None:
        opened = self._lake.open(table)
        if opened is not None:
            self._lake.sync(table, opened.version())

    def _log(self, done: dict[str, int]) -> None:
        """Once, also where we are killed after it."""
        subject = f"schema {self._lake.version} to {_VERSION}"
        logged = self._lake.read(OPERATIONS, list(days_held(self._lake, OPERATIONS)), ["subject"], {"kind": [KIND]})
        if subject not in set(logged["subject"]):
            self._lake.log(KIND, subject, "DONE", json.dumps(done))


def _has_other_columns(table: Table) -> bool:
    """Whether every day is named otherwise, whatever it holds: a digest names the columns."""
    return table in COLUMNS or table in ADDED
