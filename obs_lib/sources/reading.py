"""One day out of all configured sources: entries become checked rows, sorted, each once, whatever the day's size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from obs_lib.lake.rows import Rows
from obs_lib.lake.table import Table
from obs_lib.lake.tables import GPU_SAMPLES, INTERACTIONS, LABELS, QUARANTINE, SPANS, UNREAD
from obs_lib.languages import languages_of
from obs_lib.records import Day
from obs_lib.sources.entries import TABLES, Entry, Item, PassedOver, Rejected, RejectedEntry
from obs_lib.sources.formats.recognise import hint
from obs_lib.sources.repair import repair, without_negative
from obs_lib.sources.source import Seal, Source, digest_of_all
from obs_lib.sources.spool import Masking, Spool
from obs_lib.sources.unread import Unread
from obs_lib.sources.validate import check, excerpt

DUPLICATE = "request_id comes again later"
TIME_OF = {INTERACTIONS: "timestamp", SPANS: "start", GPU_SAMPLES: "at"}
"""The column whose UTC day a row belongs to where its format says nothing else."""


@dataclass(frozen=True)
class SourceDay:
    """What all sources hold of one day.

    rows : by table, without the column `day`. fingerprint : as `fingerprint_day` gives it. entries : how many were read, by
    source. repairs : how many interactions each rule of `repair.py` changed.
    """

    rows: dict[Table, Rows]
    fingerprint: str
    entries: list[int]
    repairs: Counter[str] = field(default_factory=Counter)

    def frame(self, table: Table) -> pd.DataFrame:
        """A table's rows at once; counts are nullable integers."""
        nullable = {pa.int64(): pd.Int64Dtype()}
        names = list(table.names)
        frame: pd.DataFrame = self.rows[table].table().select(names).to_pandas(types_mapper=nullable.get)
        return frame


def read_day(sources: Sequence[Source], day: Day, scratch: Path, masking: Masking | None = None) -> SourceDay:
    """The day's rows of all sources, and what was rejected.

    A request that several sources hold is taken from the last of them. With more than one source, origins are named after
    their source's number, from 1: `2:2023-06-01.jsonl`. `scratch` is an empty folder that must outlive the rows, and holds
    them as `masking` leaves them; as logged where that is None.

    SourceError when a source cannot be read to its end.
    """
    rows = _DayRows(day, scratch, masking)
    seals = []
    for number, source in enumerate(sources, start=1):
        seals.append(seal := Seal(source))
        prefix = f"{number}:" if len(sources) > 1 else ""
        for item in source.format.read(seal.over(source.entries(day))):
            rows.take(item, source, number, prefix)
    return SourceDay(
        rows.finish(),
        digest_of_all([seal.digest for seal in seals]),
        [seal.count for seal in seals],
        rows.repairs,
    )


class _DayRows:
    """Checks each row, keeps those of the day, and writes down what is rejected."""

    def __init__(self, day: Day, scratch: Path, masking: Masking | None) -> None:
        self.day, self.repairs, self._unread = day, Counter[str](), Unread()
        completed = {INTERACTIONS: _with_languages}
        self._spools = {
            table: Spool(table, scratch, masking, completed.get(table)) for table in (*TABLES, QUARANTINE, UNREAD)
        }
        self._logging: set[int] = set()  # sources that say whether a request failed

    def take(self, item: Item, source: Source, number: int, prefix: str) -> None:
        """Check one row. A row of another day is left to that day, and one that breaks a rule is quarantined."""
        entry = replace(item.entry, origin=prefix + item.entry.origin) if prefix else item.entry
        if isinstance(item, PassedOver):
            if item.of is None or item.of.date() == self.day:
                self._unread.pass_over(entry, item.what)
            return
        try:
            if isinstance(item, RejectedEntry):
                raise Rejected(item.reason)
            fields, applied = without_negative(item.fields, source.format.derived)
            record = check(item.table, fields, source.limits)
        except Rejected as reason:
            self._reject(entry, f"{reason}{hint(entry, source.format)}", number)
            return
        if item.table is not LABELS and (item.of or record[TIME_OF[item.table]]).date() != self.day:
            return  # labels are matched with the day's interactions in the end
        if item.table is INTERACTIONS:
            self.repairs.update(repair(record, [*applied, *item.repairs]))
            if item.half_read is not None:
                self._unread.half_read(entry, item.half_read)
            if record["error"] is not None or record["finish_reason"] is not None:
                self._logging.add(number)
        self._spools[item.table].add(record, entry, number)

    def finish(self) -> dict[Table, Rows]:
        """All rows of the day, by table."""
        rows = {table: self._spools[table].rows() for table in TABLES}
        for origin, number, start in self._spools[INTERACTIONS].replaced():
            self._reject(Entry(origin, number, start), DUPLICATE, 0)
        rows[INTERACTIONS] = _mapped(rows[INTERACTIONS], self._with_error_logged)
        rows[LABELS] = _of_interactions(rows[LABELS], rows[INTERACTIONS])
        for row, entry in self._unread.rows():
            self._spools[UNREAD].add(row, entry, 0)
        return rows | {table: self._spools[table].rows() for table in (QUARANTINE, UNREAD)}

    def _reject(self, entry: Entry, reason: str, source: int) -> None:
        row = {"file": entry.origin, "line": entry.number, "reason": reason, "excerpt": excerpt(entry.raw)}
        self._spools[QUARANTINE].add(row, entry, source)

    def _with_error_logged(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`error` is null on every row both where nothing failed and where failures are not logged at all. So a source counts
        as logging errors, on all rows of the day, only when some row of it has an error or a finish reason.
        """
        logged = pc.is_in(batch["_source"], pa.array(sorted(self._logging), pa.int64()))
        return batch.set_column(batch.schema.get_field_index("error_logged"), "error_logged", logged)


def _with_languages(columns: dict[str, list[Any]]) -> None:
    """Found for many rows together, of the texts as they were logged."""
    for name in ("prompt", "response"):
        columns[f"{name}_language"] = languages_of(columns[name])


def _mapped(rows: Rows, change: Callable[[pa.RecordBatch], pa.RecordBatch]) -> Rows:
    return Rows(rows.schema, rows.count, lambda: map(change, rows.batches()))


def _of_interactions(labels: Rows, interactions: Rows) -> Rows:
    """The labels of the day's own interactions; a label itself names no day."""
    if not labels.count:
        return labels
    ids = pa.concat_arrays([batch["request_id"] for batch in interactions.batches()] or [pa.array([], pa.string())])
    kept = [batch.filter(pc.is_in(batch["request_id"], ids)) for batch in labels.batches()]
    return Rows.of(pa.Table.from_batches(kept, labels.schema))
