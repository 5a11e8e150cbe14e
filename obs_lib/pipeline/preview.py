"""What reading a day comes to: how much of it every source gives, what is rejected and why, and what the lake holds of it."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from obs_lib.lake.digests import digest_of_rows
from obs_lib.lake.rows import Rows, rows_of
from obs_lib.lake.table import Table
from obs_lib.lake.tables import INTERACTIONS, QUARANTINE, UNREAD
from obs_lib.pipeline.at_work import reading_folder
from obs_lib.pipeline.erasures import Erasures, columns_of, read_erasures, without_erased
from obs_lib.pipeline.ingest import STEP, ingest, inputs_of
from obs_lib.pipeline.ingest_filter import IngestFilter
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day
from obs_lib.redaction.columns import redact_stored, shown_rows
from obs_lib.reporting.safe import visible
from obs_lib.sources.entries import TABLES as LOG_TABLES
from obs_lib.sources.reading import DUPLICATE, SourceDay, read_day
from obs_lib.sources.unread import HALF, PASSED


@dataclass(frozen=True, slots=True)
class SourceRead:
    """A source by its number, from 1, and how many entries of it can hold something of the day."""

    number: int
    format: str
    where: str
    entries: int


@dataclass(frozen=True, slots=True)
class Rejects:
    """Entries rejected for one reason, and the first of them; its texts are masked as the settings say."""

    reason: str
    count: int
    file: str
    line: int
    excerpt: str


@dataclass(frozen=True, slots=True)
class HalfReads:
    """Interactions whose tokens arrived and whose texts did not: how many of one dialect, and what was seen and not read."""

    dialect: str
    count: int
    unread: list[str]


@dataclass(frozen=True, slots=True)
class PassedCalls:
    """Calls, or entries, that give no interaction and are no fault: what they are, and where the first one stands."""

    what: str
    count: int
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What reading the day gives.

    rows : by table, as the lake takes them; those of erased people are counted in `erased`. rejects : commonest first, without
    the duplicates: entries whose interaction comes again later. repairs : interactions repaired, by rule.
    unread_files : those that lie beside the logs and are not read. half_read, passed_over : commonest first.
    lake : "never read", "unchanged" or "would change", with `changes`, the names of the tables that would.
    """

    day: str
    lake: str
    changes: list[str]
    sources: list[SourceRead]
    rows: dict[str, int]
    rejects: list[Rejects]
    duplicates: int
    repairs: dict[str, int]
    erased: int
    unread_files: list[str]
    half_read: list[HalfReads]
    passed_over: list[PassedCalls]


def preview(ws: Workspace, day: Day) -> Preview:
    """Read the day and change nothing in the lake. SourceError when a source cannot be read."""
    erased = read_erasures(ws.lake)
    with _folder(ws, day) as folder:
        return _look(ws, day, read_day(ws.sources, day, folder, IngestFilter(erased, ws.redactor).masking), erased)


@contextmanager
def _folder(ws: Workspace, day: Day) -> Iterator[Path]:
    """Beside the lake, since a day may be larger than /tmp; there where the lake may not be written to, or is not there yet."""
    if os.access(ws.lake.files, os.W_OK):
        with reading_folder(ws.lake.files, day) as folder:
            yield folder
        return
    with tempfile.TemporaryDirectory(prefix="reading-") as elsewhere:
        yield Path(elsewhere)


def ingest_and_preview(ws: Workspace, day: Day) -> Preview:
    """Run the step `ingest` and say what it read; `lake` compares with what was there before."""
    previews: list[Preview] = []
    ingest(ws, day, look=lambda read, erased: previews.append(_look(ws, day, read, erased)))
    return previews[-1]


def _look(ws: Workspace, day: Day, read: SourceDay, erased: Erasures) -> Preview:
    kept = {table: _kept(table, rows, erased) for table, rows in read.rows.items() if table in LOG_TABLES}
    rejects, gone = _rejects(ws, read.rows[QUARANTINE], erased)
    half_read, passed = _unread(ws, read.rows[UNREAD], erased)
    erased_rows = sum(rows.count - kept[table] for table, rows in read.rows.items() if table in kept) + gone
    lake, changes = _compared(ws, day, read, erased)
    return Preview(
        day=str(day),
        lake=lake,
        changes=changes,
        sources=[
            SourceRead(number, options.format, options.where, entries)
            for number, (options, entries) in enumerate(zip(ws.settings.sources, read.entries, strict=True), start=1)
        ],
        rows={table.name: n for table, n in kept.items()},
        rejects=[group for group in rejects if group.reason != DUPLICATE],
        duplicates=sum(group.count for group in rejects if group.reason == DUPLICATE),
        repairs=_repairs(read.rows[INTERACTIONS], erased),
        erased=erased_rows,
        unread_files=_unread_files(ws),
        half_read=half_read,
        passed_over=passed,
    )


def _unread(ws: Workspace, rows: Rows, erased: Erasures) -> tuple[list[HalfReads], list[PassedCalls]]:
    frame = without_erased(UNREAD, rows.table().to_pandas(), erased)
    shown = shown_rows(UNREAD, redact_stored(UNREAD, frame, ws.redactor), ws.redactor)
    ordered = shown.sort_values(["n", "what", "names"], ascending=[False, True, True]).to_dict("records")
    half = [row for row in ordered if row["kind"] == HALF]
    return [
        HalfReads(row["what"], int(row["n"]), [visible(name) for name in json.loads(row["names"])]) for row in half
    ], [
        PassedCalls(visible(row["what"]), int(row["n"]), visible(ws.redactor.shown(row["file"])), int(row["line"]))
        for row in ordered
        if row["kind"] == PASSED
    ]


def _unread_files(ws: Workspace) -> list[str]:
    """Their names, after their source's number where there are several, as origins are named."""
    files = [(number, name) for number, source in enumerate(ws.sources, start=1) for name in source.unread()]
    return [visible(ws.redactor.shown(f"{n}:{name}" if len(ws.sources) > 1 else name)) for n, name in files]


def _kept(table: Table, rows: Rows, erased: Erasures) -> int:
    """How many rows are left without the erased."""
    names = columns_of(table)
    if not erased or not names:
        return rows.count
    return sum(len(without_erased(table, batch.select(names).to_pandas(), erased)) for batch in rows.batches())


def _repairs(rows: Rows, erased: Erasures) -> dict[str, int]:
    names = [*columns_of(INTERACTIONS), "repairs"]
    repaired: Counter[str] = Counter()
    for batch in rows.batches():
        for rules in without_erased(INTERACTIONS, batch.select(names).to_pandas(), erased)["repairs"].dropna():
            repaired.update(json.loads(rules))
    return dict(sorted(repaired.items()))


def _rejects(ws: Workspace, rows: Rows, erased: Erasures) -> tuple[list[Rejects], int]:
    """The rejects by reason, and how many were of somebody erased."""
    counted: Counter[str] = Counter()
    first: dict[str, Mapping[str, object]] = {}
    for batch in rows.batches():
        frame = without_erased(QUARANTINE, batch.to_pandas(), erased)
        counted.update(frame["reason"])
        for row in frame.drop_duplicates("reason").to_dict("records"):
            first.setdefault(row["reason"], {str(name): value for name, value in row.items()})
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    shown = _shown(ws, [first[reason] for reason, _ in ordered])
    groups = [
        # The reason stays as it is: it is ours, and names the group.
        Rejects(reason, n, row["file"], int(row["line"]), row["excerpt"] or "")
        for (reason, n), row in zip(ordered, shown.to_dict("records"), strict=True)
    ]
    return groups, rows.count - counted.total()


def _shown(ws: Workspace, rows: list[Mapping[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["file", "line", "reason", "excerpt"]).astype(object)
    frame = shown_rows(QUARANTINE, redact_stored(QUARANTINE, frame, ws.redactor), ws.redactor)
    frame["excerpt"] = frame["excerpt"].where(frame["excerpt"].notna(), None)
    return frame.assign(file=[visible(ws.redactor.shown(name)) for name in frame["file"]])


def _compared(ws: Workspace, day: Day, read: SourceDay, erased: Erasures) -> tuple[str, list[str]]:
    record = ws.lake.record(day, STEP)
    if record is None or not record.readable:
        return "never read", []
    if record.inputs == inputs_of(ws, read.fingerprint):
        return "unchanged", []
    rows = IngestFilter(erased, ws.redactor).admitted(read.rows)
    changes = [
        table.name
        for table, kept in rows.items()
        if record.digests.get(table.name) != digest_of_rows(rows_of(table, day, kept))
    ]
    return ("would change" if changes else "unchanged"), sorted(changes)
