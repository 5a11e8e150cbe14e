"""One day out of all configured sources: entries become checked rows, sorted, each once, whatever the day's size."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from obs_lib.connections import Connection, Connections, none_known, storage_options
from obs_lib.errors import ConfigError
from obs_lib.lake.rows import Rows
from obs_lib.lake.tables import GPU_SAMPLES, INTERACTIONS, LABELS, QUARANTINE, SPANS, Table
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Format, Found, Reject
from obs_lib.sources.files import FileEntries
from obs_lib.sources.formats.catalogue import build
from obs_lib.sources.langfuse_api import LangfuseEntries
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.repair import repair, without_negative
from obs_lib.sources.spool import Spool
from obs_lib.sources.sql import SqlEntries
from obs_lib.sources.validate import Limits, check, excerpt
from obs_lib.sources.values import Rejected

DUPLICATE = "request_id comes again later"
TABLES = (INTERACTIONS, SPANS, LABELS, GPU_SAMPLES)
TIME_OF = {INTERACTIONS: "timestamp", SPANS: "start", GPU_SAMPLES: "at"}
"""The column whose UTC day a row belongs to where its format says nothing else."""


class Entries(Protocol):
    """Where entries come from.

    entries : all in which rows of the day can stand, in reading order. days : those that names say. undated : the entries
    that no name gives a day. All raise SourceError when something cannot be read whole.
    """

    def entries(self, day: Day) -> Iterator[Entry]: ...

    def days(self) -> list[Day]: ...

    def undated(self) -> Iterator[Entry]: ...


@dataclass(frozen=True)
class Source:
    """Entries, the format that they are in, and what a row may be."""

    place: Entries
    format: Format
    limits: Limits

    def days(self) -> list[Day]:
        """The days that the source names, oldest first: of dated files by their names, of other entries by their times."""
        days = set(self.place.days())
        for entry in self.place.undated():
            days |= self.format.days(entry.raw)
        return sorted(days)

    def entries(self, day: Day) -> Iterator[Entry]:
        """The entries that may give rows of the day; most others are passed over without parsing them.

        An entry that names no day at all can only be rejected, or be a label: it counts for the day of its file's name,
        and in a file without a date for every day that is read.
        """
        for entry in self.place.entries(day):
            named = self.format.days(entry.raw)
            if day in named or (not named and entry.day in (day, None)):
                yield entry

    def fingerprint(self, day: Day) -> str:
        """Digest of the entries that `read_day` would take, of where they stand, and of the limits in force.

        It rests on content alone: touching, compressing again or a neighbour's file that holds nothing of this day change
        nothing. Empty text where there is no entry.
        """
        seal = Seal(self.limits)
        for _ in seal.over(self.entries(day)):
            pass
        return seal.digest


class Seal:
    """Takes the digest of entries while somebody else goes through them."""

    def __init__(self, limits: Limits) -> None:
        self._state, self._last, self.count = hashlib.sha256(repr(limits).encode()), "", 0

    def over(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        """The same entries."""
        for entry in entries:
            if entry.origin != self._last:
                self._state.update(b"\x00origin\x00" + entry.origin.encode("utf-8", "replace") + b"\x00")
                self._last = entry.origin
            self._state.update(b"%d:%d:" % (entry.number, len(entry.raw)) + entry.raw)
            self.count += 1
            yield entry

    @property
    def digest(self) -> str:
        """Empty text where there was no entry."""
        return self._state.hexdigest()[:32] if self.count else ""


@dataclass(frozen=True)
class SourceDay:
    """What all sources hold of one day.

    rows : by table, without the column `day`. fingerprint : as `fingerprint_day` gives it. entries : how many were read, by
    source. repairs : how many interactions each rule of `repair.py` mended.
    """

    rows: dict[Table, Rows]
    fingerprint: str
    entries: list[int]
    repairs: Counter[str] = field(default_factory=Counter)

    def frame(self, table: Table) -> pd.DataFrame:
        """A table's rows at once; counts are nullable integers."""
        nullable = {pa.int64(): pd.Int64Dtype()}
        names = [name for name, _ in table.columns]
        frame: pd.DataFrame = self.rows[table].table().select(names).to_pandas(types_mapper=nullable.get)
        return frame


def open_source(options: SourceOptions, connections: Connections = none_known) -> Source:
    """The source that the options name. Opens nothing yet; ConfigError where a connection is not known."""
    limits = Limits(options.max_text_chars, options.naive_times == "utc")
    return Source(_place(options, connections), build(options), limits)


def known_days(sources: Sequence[Source]) -> list[Day]:
    """The days that any source names, oldest first."""
    return sorted({day for source in sources for day in source.days()})


def fingerprint_day(sources: Sequence[Source], day: Day) -> str:
    """Digest of everything that `read_day` would read; "" where no source holds anything of the day."""
    return _all_of([source.fingerprint(day) for source in sources])


def read_day(sources: Sequence[Source], day: Day, scratch: Path) -> SourceDay:
    """The day's rows of all sources, and what was rejected.

    A request that several sources hold is taken from the last of them. With more than one source, origins are named after
    their source's number, from 1: `2:2023-06-01.jsonl`. `scratch` is an empty folder that must outlive the rows.

    SourceError when a source cannot be read to its end.
    """
    desk = _Desk(day, scratch)
    seals = []
    for number, source in enumerate(sources, start=1):
        seals.append(seal := Seal(source.limits))
        prefix = f"{number}:" if len(sources) > 1 else ""
        for item in source.format.read(seal.over(source.entries(day))):
            desk.take(item, source, number, prefix)
    return SourceDay(
        desk.finish(), _all_of([seal.digest for seal in seals]), [seal.count for seal in seals], desk.repairs
    )


class _Desk:
    """Checks each row, keeps those of the day, and writes down what is rejected."""

    def __init__(self, day: Day, scratch: Path) -> None:
        self.day, self.repairs = day, Counter[str]()
        self._spools = {table: Spool(table, scratch) for table in (*TABLES, QUARANTINE)}
        self._logging: set[int] = set()  # sources that say whether a request failed

    def take(self, item: Found | Reject, source: Source, number: int, prefix: str) -> None:
        """Check one row. A row of another day is passed over, and one that breaks a rule is quarantined."""
        entry = replace(item.entry, origin=prefix + item.entry.origin) if prefix else item.entry
        try:
            if isinstance(item, Reject):
                raise Rejected(item.reason)
            fields, mended = without_negative(item.fields, source.format.derived)
            record = check(item.table, fields, source.limits)
        except Rejected as reason:
            self._reject(entry, str(reason), number)
            return
        if item.table is not LABELS and (item.of or record[TIME_OF[item.table]]).date() != self.day:
            return  # labels are matched with the day's interactions in the end
        if item.table is INTERACTIONS:
            self.repairs.update(repair(record, mended))
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
        return rows | {QUARANTINE: self._spools[QUARANTINE].rows()}

    def _reject(self, entry: Entry, reason: str, source: int) -> None:
        row = {"file": entry.origin, "line": entry.number, "reason": reason, "excerpt": excerpt(entry.raw)}
        self._spools[QUARANTINE].add(row, entry, source)

    def _with_error_logged(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`error` is null on every row both where nothing failed and where failures are not logged at all. So a source counts
        as logging errors, on all rows of the day, only when some row of it has an error or a finish reason.
        """
        logged = pc.is_in(batch["_source"], pa.array(sorted(self._logging), pa.int64()))
        return batch.set_column(batch.schema.get_field_index("error_logged"), "error_logged", logged)


def _mapped(rows: Rows, change: Callable[[pa.RecordBatch], pa.RecordBatch]) -> Rows:
    return Rows(rows.schema, rows.count, lambda: map(change, rows.batches()))


def _of_interactions(labels: Rows, interactions: Rows) -> Rows:
    """The labels of the day's own interactions; a label itself names no day."""
    if not labels.count:
        return labels
    ids = pa.concat_arrays([batch["request_id"] for batch in interactions.batches()] or [pa.array([], pa.string())])
    kept = [batch.filter(pc.is_in(batch["request_id"], ids)) for batch in labels.batches()]
    return Rows.of(pa.Table.from_batches(kept, labels.schema))


def _all_of(digests: list[str]) -> str:
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:32] if any(digests) else ""


def _place(options: SourceOptions, connections: Connections) -> Entries:
    """Where the options say that entries come from."""
    known = connections(options.connection) if options.connection else None
    if options.query is None and options.path is None:
        return _langfuse(options, known)
    if options.query is not None:
        return SqlEntries(known.uri if known else str(options.url), options.query)
    path = str(options.path)
    protocol = path.partition("://")[0] if "://" in path else "file"
    credentials = storage_options(protocol, known) if known else {}
    return FileEntries(path, options.look_around_days, options.max_line_bytes, credentials)


def _langfuse(options: SourceOptions, known: Connection | None) -> Entries:

    if known is None or not (options.url or known.host):
        raise ConfigError(
            "Langfuse's API needs an address and keys",
            rule="`connection`, whose login is the public key and whose password is the secret key, and `url` or its host",
            where="sources[]",
        )
    return LangfuseEntries(str(options.url or known.host), known.login or "", known.password or "")
