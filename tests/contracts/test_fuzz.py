"""10,000 damaged lines of every format through the whole reading path: no crash, and no line without a row or a reason."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from obs_lib.lake.rows import rows_of
from obs_lib.lake.table import Table
from obs_lib.lake.tables import GPU_SAMPLES, INTERACTIONS, QUARANTINE, SPANS
from obs_lib.records import Day
from obs_lib.sources.entries import TABLES, Entry, PassedOver, Rejected, RejectedEntry, Row
from obs_lib.sources.formats.azure_gateway import AzureGatewayFormat
from obs_lib.sources.formats.dcgm import DcgmFormat
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.reading import DUPLICATE, TIME_OF, SourceDay, read_day
from obs_lib.sources.repair import without_negative
from obs_lib.sources.source import Source, open_source
from obs_lib.sources.validate import check
from tests import logs
from tests.mutate import mutations
from tests.unit.sources.formats.test_exports import LOGS as EXPORTS

pytestmark = pytest.mark.slow

N, TOGETHER, LONGEST = 10_000, 500, 100_000
DAY = dt.date(2025, 3, 7)
ID = re.compile(rb'("(?:traceId|spanId|parentSpanId)": ?"[0-9a-f]+)[0-9a-f]{3}')
RECORDED = Path(__file__).parents[1] / "unit" / "sources" / "formats" / "recorded"


@dataclass(frozen=True)
class Case:
    """Whole lines of one format.

    silent : whether a line that was read may give neither a row nor a reason. alone : whether each line stands for itself.
    """

    format: str
    lines: Callable[[], list[bytes]]
    silent: Callable[[bytes], bool] = lambda _: False
    alone: bool = False


def written(*writers: str) -> list[bytes]:
    """Sample interactions as these writers log them."""
    rows = logs.interactions(DAY, per_route=150)
    return [json.dumps(line).encode() for name in writers for row in rows for line in logs.WRITERS[name](row)]


def recorded(name: str) -> list[bytes]:
    """What real clients wrote."""
    return (RECORDED / name).read_bytes().splitlines()


def sdk_spans() -> list[bytes]:
    """What the Langfuse SDK wrote, as OTLP."""
    return [json.dumps(_otlp_span(json.loads(line))).encode() for line in recorded("langfuse_spans.jsonl")]


def copies(lines: list[bytes]) -> list[bytes]:
    """OTLP lines many times with ids of their own, so that damaged ones seldom take each other's place."""
    return [ID.sub(rb"\g<1>%03x" % n, line) for n in range(100) for line in lines]


def _otlp_span(span: logs.Row) -> logs.Row:
    plain = {
        "traceId": "1" * 32,
        "spanId": f"{span['start'] % 2**60:016x}",
        "name": span["name"],
        "startTimeUnixNano": str(span["start"]),
        "endTimeUnixNano": str(span["end"]),
        "attributes": [logs.attribute(name, value) for name, value in span["attributes"].items()],
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [plain]}]}]}


def shapes() -> list[bytes]:
    """What else Langfuse's versions write, many times with ids of their own."""
    return [json.dumps(item).encode() for n in range(100) for item in logs.langfuse_shapes(str(n))]


def exports(name: str) -> list[bytes]:
    """What other formats write, many times with ids of their own."""
    lines = [json.dumps(item) for item in EXPORTS[name]]
    return [
        re.sub(r'("|0x)([a-f0-9]{12,}|[rtbc])"', rf'\g<1>\g<2>{n:03}"', line).encode()
        for n in range(100)
        for line in lines
    ]


def is_trace(raw: bytes) -> bool:
    """A trace's record of Langfuse goes into its interactions."""
    record = json.loads(raw)
    return (
        isinstance(record, dict)
        and "id" in record
        and "timestamp" in record
        and not {"type", "startTime"} <= set(record)
    )


def says_nothing_new(raw: bytes) -> bool:
    """Comments and other metrics of DCGM say nothing of a GPU; what does, adds to the row of its time and GPU."""
    metric = re.match(rb"\s*([A-Za-z_:][A-Za-z0-9_:]*)", raw)
    if raw.lstrip().startswith(b"#") or (metric and metric[1].decode() not in logs.DCGM):
        return True
    lines = (b"# scraped_at 2025-03-07T12:00:00Z", raw)
    items = list(DcgmFormat().read(Entry("log.prom", n, line) for n, line in enumerate(lines)))
    return [type(item) for item in items] == [Row]


def is_unfilled(raw: bytes) -> bool:
    """What `obs labels sample` drew and nobody has labelled yet: it has an inclusion, and null where the value would be."""
    try:
        label = json.loads(raw)
    except ValueError:
        return False
    return isinstance(label, dict) and label.get("value") is None and label.get("inclusion_probability") is not None


def is_piece(raw: bytes) -> bool:
    """A row of Azure API Management goes into the call whose id it bears."""
    row = json.loads(raw)
    return isinstance(row, dict) and AzureGatewayFormat.owns(row)


PIECES = {"azure_gateway": is_piece}
CASES = {
    "native": Case("native", lambda: written("native"), alone=True),
    "labels": Case("labels", lambda: written("labels"), is_unfilled, alone=True),
    "gpu": Case("gpu", lambda: [line.encode() for line in logs.gpu(DAY)], alone=True),
    "dcgm": Case(
        "dcgm",
        lambda: [b"# scraped_at 2025-03-07T12:00:00Z", *(line.encode() for line in logs.dcgm(DAY))],
        says_nothing_new,
    ),
    "of an installed package": Case("acme", lambda: written("acme"), alone=True),
    "litellm": Case("litellm", lambda: [*written("litellm"), *30 * recorded("litellm.jsonl")]),
    "langfuse": Case("langfuse", lambda: [*written("langfuse"), *shapes()], is_trace),
    "otlp": Case("otlp", lambda: [*written("otlp", "openinference"), *copies(recorded("otlp.jsonl"))]),
    **{name: Case(name, partial(exports, name), PIECES.get(name, lambda _: False)) for name in EXPORTS},
    "the Langfuse SDK over otlp": Case("otlp", lambda: copies(sdk_spans())),
}


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_damaged_lines(case: Case, tmp_path: Path) -> None:
    damaged = list(mutations(case.lines(), N, seed=7))
    kept = rejected = 0
    for start in range(0, N, TOGETHER):
        folder = tmp_path / str(start)
        folder.mkdir()
        (folder / "log.jsonl").write_bytes(b"\n".join(damaged[start : start + TOGETHER]) + b"\n")
        source = open_source(SourceOptions(format=case.format, path=str(folder / "log.jsonl"), max_line_bytes=LONGEST))
        entries = list(source.place.undated())
        rows, reasons, passed = outcomes(source, entries)
        told = {row.line for row in rows} | set(reasons) | passed
        silent = [entry.raw for entry in entries if entry.number not in told]
        assert [raw for raw in silent if not case.silent(raw)] == []
        days = read_days(source, {row.day or DAY for row in rows}, folder)
        if case.alone:
            assert_read(rows, reasons, days)
        kept, rejected = kept + len(rows), rejected + len(reasons)
    assert kept > N / 20  # not hopeless; what belongs together is one row
    assert rejected > N / 20  # nor harmless


@dataclass(frozen=True)
class CheckedRow:
    """A checked row. day : None for a label, which goes with its interaction."""

    line: int
    table: Table
    day: Day | None
    key: tuple[object, ...]


def outcomes(source: Source, entries: list[Entry]) -> tuple[list[CheckedRow], dict[int, str], set[int]]:
    """The rows of the entries, by its line why one was rejected, as the ledger of `reading.py` decides it, and what was passed
    over, by line.
    """
    rows, reasons = [], {}
    passed = {}
    for item in source.format.read(entries):
        if isinstance(item, PassedOver):
            passed[item.entry.number] = item.what
            continue
        try:
            if isinstance(item, RejectedEntry):
                raise Rejected(item.reason)
            fields, _ = without_negative(item.fields, source.format.derived)
            record = check(item.table, fields, source.limits)
        except Rejected as reason:
            reasons[item.entry.number] = str(reason)
            continue
        moment = item.of or record.get(TIME_OF.get(item.table, ""))
        key = tuple(record[name] for name in item.table.key)
        rows.append(CheckedRow(item.entry.number, item.table, moment and moment.date(), key))
    assert all(reasons.values())
    return rows, reasons, set(passed)


def read_days(source: Source, days: set[Day], folder: Path) -> dict[Day, SourceDay]:
    """These days and all that the source names; every row of them fits the lake."""
    by_day = {}
    for day in sorted({*source.days(), *days}):
        (folder / str(day)).mkdir()
        by_day[day] = read_day([source], day, folder / str(day))
        for table in (*TABLES, QUARANTINE):
            assert rows_of(table, day, by_day[day].rows[table]).table().num_rows == by_day[day].rows[table].count
    return by_day


def assert_read(rows: list[CheckedRow], reasons: dict[int, str], days: dict[Day, SourceDay]) -> None:
    """The days that were read hold every line as what it is: a row, or a line of quarantine with its reason."""
    quarantined = {(row["line"], row["reason"]) for of_day in days.values() for row in listed(of_day, QUARANTINE)}
    assert {pair for pair in quarantined if pair[1] != DUPLICATE} == set(reasons.items())
    for table in (INTERACTIONS, SPANS, GPU_SAMPLES):
        expected = {(row.day, *row.key) for row in rows if row.table is table}
        kept = [
            (day, *(row[name] for name in table.key)) for day, of_day in days.items() for row in listed(of_day, table)
        ]
        assert len(kept) == len(expected)
        assert set(kept) == expected
    logged = [row for row in rows if row.table is INTERACTIONS]
    again = sum(reason == DUPLICATE for _, reason in quarantined)
    assert sum(of_day.rows[INTERACTIONS].count for of_day in days.values()) + again == len(logged)


def listed(of_day: SourceDay, table: Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = of_day.rows[table].table().to_pylist()
    return rows
