"""The project's own log format: JSON Lines, one interaction a line, plain or gzipped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from obs_lib.records import Day
from obs_lib.sources.files import Line, LogFile, candidates, days_named, find_files, lines
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.validate import Record, Rejected, check_line, excerpt
from obs_lib.tables import INTERACTIONS, QUARANTINE, Table

if TYPE_CHECKING:
    import pandas as pd

DUPLICATE = "request_id comes again later"


@dataclass(frozen=True, slots=True)
class SourceDay:
    """What a source holds of one day: the columns of `tables.INTERACTIONS` and `tables.QUARANTINE`, without `day`."""

    interactions: pd.DataFrame
    quarantine: pd.DataFrame


class NativeSource:
    """Reads days from a folder, file or glob; cheap to construct, lists its files once.

    A line stands in the day of its timestamp. A line without a readable timestamp can only be rejected: it counts for the
    day of its file's name, and in a file without a date for every day that is read.
    """

    def __init__(self, options: SourceOptions) -> None:
        self.options = options

    @cached_property
    def files(self) -> list[LogFile]:
        """Every file of the source, in reading order."""
        return find_files(self.options.path)

    def days(self) -> list[Day]:
        """The days that the source names: of dated files by their names, of other files by their lines' timestamps."""
        days = {file.day for file in self.files if file.day is not None}
        for file in self.files:
            if file.day is None:
                for line in lines(file, self.options.max_line_bytes):
                    days |= days_named(line.raw)
        return sorted(days)

    def fingerprint(self, day: Day) -> str:
        """Digest of the lines that `read` would take, of the names of their files, and of the limits in force.

        It rests on content alone: touching, compressing again or a neighbour's file that holds nothing of this day change
        nothing. Empty text where there is no line.
        """
        state = hashlib.sha256(f"{self.options.max_text_chars} {self.options.max_line_bytes}".encode())
        seen, last = False, ""
        for file, line in self._lines(day):
            if file.label != last:
                state.update(b"\x00file\x00" + file.label.encode() + b"\x00")
                last = file.label
            state.update(b"%d:%d:" % (line.number, len(line.raw)) + line.raw)
            seen = True
        return state.hexdigest()[:32] if seen else ""

    def read(self, day: Day) -> SourceDay:
        """All interactions of the day, and the lines that were rejected.

        SourceError when a file cannot be read to its end: half a day is worse than none.
        """
        records: dict[str, tuple[Record, LogFile, Line]] = {}
        bad: list[tuple[str, int, str, str]] = []
        for file, line in self._lines(day):
            try:
                record = check_line(line, self.options.max_text_chars)
            except Rejected as reason:
                bad.append((file.label, line.number, str(reason), excerpt(line.raw)))
                continue
            if record["timestamp"].date() != day:
                continue
            earlier = records.pop(record["request_id"], None)
            if earlier is not None:
                bad.append((earlier[1].label, earlier[2].number, DUPLICATE, excerpt(earlier[2].raw)))
            records[record["request_id"]] = (record, file, line)
        return SourceDay(_interactions([record for record, _, _ in records.values()]), _quarantine(bad))

    def _lines(self, day: Day) -> Iterator[tuple[LogFile, Line]]:
        """The lines that may belong to the day; most lines of other days are passed over without parsing them."""
        for file in candidates(self.files, day, self.options.look_around_days):
            for line in lines(file, self.options.max_line_bytes):
                named = days_named(line.raw)
                if day in named or (not named and file.day in (day, None)):
                    yield file, line


def frame_of(table: Table, columns: dict[str, list[Any]]) -> pd.DataFrame:
    """A frame with the table's columns and types; counts are nullable integers, absent texts are missing values."""
    import pandas as pd
    import pyarrow as pa

    arrays = [pa.array(columns[name], kind) for name, kind in table.columns]
    names = [name for name, _ in table.columns]
    nullable = {pa.int64(): pd.Int64Dtype()}
    frame: pd.DataFrame = pa.Table.from_arrays(arrays, names=names).to_pandas(types_mapper=nullable.get)
    return frame


def _interactions(records: list[Record]) -> pd.DataFrame:
    """The records as columns.

    `error` is null on every row both where nothing failed and where failures are not logged at all. So a day counts as
    logging its errors, on all rows, only when some row of it has an error or a finish reason.
    """
    columns = {name: [record.get(name) for record in records] for name, _ in INTERACTIONS.columns}
    logged = any(value is not None for name in ("error", "finish_reason") for value in columns[name])
    columns["error_logged"] = [logged] * len(records)
    return frame_of(INTERACTIONS, columns)


def _quarantine(bad: list[tuple[str, int, str, str]]) -> pd.DataFrame:
    names = [name for name, _ in QUARANTINE.columns]
    ordered = sorted(bad)
    return frame_of(QUARANTINE, {name: [row[n] for row in ordered] for n, name in enumerate(names)})
