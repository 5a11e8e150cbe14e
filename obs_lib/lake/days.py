"""One day of one table, replaced by other rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import pyarrow.compute as pc
from deltalake import DeltaTable

from obs_lib.errors import LakeError
from obs_lib.lake.delta import DeltaTables
from obs_lib.lake.faults import explained
from obs_lib.lake.rows import Rows
from obs_lib.lake.table import DAY, Table
from obs_lib.records import Day

_PORTION = 64 << 20  # bytes written at once


class _Before(NamedTuple):
    """A day of a table before it was replaced, and the table's version; None where there was no table."""

    version: int | None
    rows: Rows


class DayWriter:
    """Replaces days in the tables of a lake."""

    def __init__(self, tables: DeltaTables) -> None:
        self._tables = tables

    def replace(self, table: Table, day: Day, rows: Rows) -> None:
        """Replace the day, in one commit where it fits into `_PORTION`, else in several.

        Handed a whole stream, Delta's writer takes as much memory as the day has. That the day is not replaced at once harms
        nobody: it is marked as being written.
        """
        where: str | None = f"{DAY} = '{day}'"
        for portion in rows.portions(_PORTION):
            self._tables.write(table, portion, where)
            where = None  # the rest is added to the first

    def replace_all_or_none(self, day: Day, tables: Mapping[Table, Rows]) -> None:
        """Replace the day in each table; when one fails, those already replaced are put back, and its error goes on.

        LakeDamaged where what stood cannot be read: the tables are as they were.
        """
        before: dict[Table, _Before] = {}
        try:
            for table, rows in tables.items():
                before[table] = self._as_it_stands(table, day)
                self.replace(table, day, rows)
        except LakeError:
            for table, old in before.items():
                if self._version(table) != old.version:  # the last one may have failed at its first portion, or later
                    explained(partial(self.replace, table, day, old.rows), f"{table.name} of {day}")
            raise

    def _version(self, table: Table) -> int | None:
        opened = self._tables.current(table)
        return None if opened is None else opened.version()

    def _as_it_stands(self, table: Table, day: Day) -> _Before:
        """The day's rows in the table's present version, which Delta keeps when it is replaced; read only when asked for."""

        def rows(opened: DeltaTable) -> _Before:
            day_only, files = pc.field(DAY) == str(day), self._tables.dataset(table, opened, [str(day)])
            stands = Rows(table.schema, files.count_rows(day_only), lambda: iter(files.to_batches(filter=day_only)))
            return _Before(opened.version(), stands)

        before = self._tables.reading(table, rows, [str(day)])
        return _Before(None, Rows.of(table.schema.empty_table())) if before is None else before
