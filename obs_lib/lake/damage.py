"""Files of a table that are damaged or gone: which, of which day, and what mends it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa
from deltalake import DeltaTable
from pyarrow.dataset import Dataset, FileSystemDataset, ParquetFileFragment

from obs_lib.errors import LakeDamaged
from obs_lib.lake.digests import digest_of_rows
from obs_lib.lake.faults import is_damage, is_fault, said
from obs_lib.lake.files import live_files
from obs_lib.lake.place import Place
from obs_lib.lake.rows import Rows
from obs_lib.lake.table import DAY, Table
from obs_lib.lake.tables import DAYS, OPERATIONS
from obs_lib.records import Day


class Tables(Protocol):
    """What is needed of `delta.DeltaTables`, which needs this module."""

    place: Place

    def dataset(self, table: Table, opened: DeltaTable, days: Sequence[object] | None = None) -> Dataset: ...


def damaged_files(
    tables: Tables, table: Table, opened: DeltaTable, days: Sequence[object] | None = None
) -> Iterator[LakeDamaged]:
    """An error for each file of these days, of all when None, that is damaged or gone; every one is read to its end."""
    named = None if days is None else {None, *map(str, days)}
    day_of = {
        file["path"]: file["day"] for file in live_files(opened).to_pylist() if named is None or file["day"] in named
    }
    every = tables.dataset(table, opened)
    for file in sorted(every.get_fragments(), key=lambda file: file.path):
        if file.path not in day_of:
            continue
        try:
            for _ in FileSystemDataset([file], table.schema, every.format, every.filesystem).to_batches():
                pass
        except BaseException as error:
            if not is_fault(error):
                raise
            if is_damage(error):
                yield _damaged(f"{tables.place.uri(table)}/{file.path}", table, day_of[file.path], said(error))


def digests_of_day(tables: Tables, table: Table, opened: DeltaTable | None, day: Day) -> Iterator[str]:
    """What names the day's rows as they lie there: taken file by file, and then, where that may not be their order, sorted.

    A day that was written before a column came is named without it. What reading raises comes as it is.
    """
    files = [] if opened is None else _files_of(tables, table, opened, day)
    if not files:
        yield digest_of_rows(Rows.of(table.schema.empty_table()))
        return
    stored = {name for file in files for name in file.physical_schema.names} | {DAY}
    schema = pa.schema([field for field in table.schema if field.name in stored])
    opened_files = [FileSystemDataset([file], schema, file.format, file.filesystem) for file in files]
    if len(files) > 1:
        opened_files.sort(key=lambda file: tuple(file.head(1, columns=list(table.key)).to_pylist()[0].values()))

    def batches() -> Iterator[pa.RecordBatch]:
        for file in opened_files:
            yield from file.to_batches()

    yield digest_of_rows(Rows(schema, sum(file.count_rows() for file in opened_files), batches))
    rows = pa.Table.from_batches(batches(), schema)
    yield digest_of_rows(Rows.of(rows.sort_by([(name, "ascending") for name in table.key])))


def sound_rows(tables: Tables, table: Table, opened: DeltaTable, day: Day) -> pa.Table | None:
    """The rows of a day's files that can be read; None where all can."""
    bad = {str(error.where).rpartition("/")[2] for error in damaged_files(tables, table, opened, [day])}
    if not bad:
        return None
    files = [file for file in _files_of(tables, table, opened, day) if file.path.rpartition("/")[2] not in bad]
    read = [FileSystemDataset([file], table.schema, file.format, file.filesystem).to_table() for file in files]
    return pa.concat_tables([table.schema.empty_table(), *read])


def _files_of(tables: Tables, table: Table, opened: DeltaTable, day: Day) -> list[ParquetFileFragment]:
    """The files with rows of a day, in order of their names."""
    paths = {file["path"] for file in live_files(opened).to_pylist() if file["day"] == str(day)}
    files = tables.dataset(table, opened, [str(day)]).get_fragments()
    return sorted((file for file in files if file.path in paths), key=lambda file: str(file.path))


def repair_of(table: Table, day: object) -> str:
    """What mends a day of a table."""
    if table.step is not None or table is DAYS:
        return f"`obs run {day} --afresh` makes the day again"
    if table is OPERATIONS:
        return "`obs maintain --repair` keeps what can be read"
    return "put the file back from a backup; `obs maintain --verify` says what else is damaged"


def _damaged(path: str, table: Table, day: str | None, problem: str) -> LakeDamaged:
    return LakeDamaged(
        f"a file of the table {table.name} is damaged or gone",
        table=table.name,
        day=None if day is None else dt.date.fromisoformat(day),
        found=problem,
        where=path,
        fix=repair_of(table, day),
    )
