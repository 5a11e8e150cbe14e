"""Rows of one day under the old names in, under the new ones out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from obs_lib.lake.table import Table
from obs_lib.lake.tables import (
    ALERTS,
    ANCHORS,
    DRIFT,
    EVALUATOR_CHANGES,
    LABELS,
    METRICS,
    OPERATIONS,
    REPORTS,
    SCORES,
    SKETCHES,
)
from obs_lib.pipeline.deliveries import DELIVERY, SHORT
from obs_lib.pipeline.revisions import KIND as REVISION
from obs_lib.pipeline.revisions import SUMMARY
from obs_lib.pipeline.schema_5.names import distance, evaluator, fact, metric, note, title

COLUMNS: Mapping[Table, Mapping[str, str]] = {
    LABELS: {"inclusion": "inclusion_probability"},
    SCORES: {"inclusion": "inclusion_probability"},
    ALERTS: {"pages": "notify"},
}
"""Columns that have another name: old to new."""

ADDED: Mapping[Table, frozenset[str]] = {
    METRICS: frozenset({"effective_n"}),
    DRIFT: frozenset({"level", "detectable", "nights"}),
}
"""Columns that have come since, null in rows from before."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Names:
    """Names that are digests of content which is called otherwise now.

    summaries : what names a day's summaries, by (day, name before). incidents : fingerprints, by the one before.
    """

    summaries: Mapping[tuple[str, str], str] = field(default_factory=dict)
    incidents: Mapping[str, str] = field(default_factory=dict)


def with_columns(table: Table, rows: pa.Table) -> pa.Table:
    """The rows, as they were stored, under today's columns, sorted by their key; null where they have no such column."""
    before = {new: old for old, new in COLUMNS.get(table, {}).items()}
    columns = {}
    for column in table.schema:
        stored = [rows[name] for name in (column.name, before.get(column.name)) if name in rows.column_names]
        columns[column.name] = pc.coalesce(*stored).cast(column.type) if stored else pa.nulls(len(rows), column.type)
    return _sorted(table, columns)


def renamed(table: Table, rows: pa.Table, names: Names) -> pa.Table:
    """Rows under today's columns, under today's names, sorted by their key."""
    columns = dict(zip(rows.column_names, rows.columns, strict=True))
    for name, rename in _VALUES.get(table, {}).items():
        columns[name] = _each(columns[name], rename)
    if table in _ROWS:
        made = [_ROWS[table](row, names) for row in pa.table(columns).to_pylist()]
        columns = {column.name: pa.array([row[column.name] for row in made], column.type) for column in table.schema}
    return _sorted(table, columns)


def _sorted(table: Table, columns: Mapping[str, pa.ChunkedArray | pa.Array]) -> pa.Table:
    rows = pa.table(dict(columns), schema=table.schema)
    return rows.sort_by([(name, "ascending") for name in table.key])


def _each(column: pa.ChunkedArray | pa.Array, rename: Callable[[str], str]) -> pa.Array:
    values = column.to_pylist()
    new = {value: rename(value) for value in set(values) if value is not None}
    return pa.array([new.get(value) for value in values], pa.string())


def _sketch(row: Row, _: Names) -> Row:
    """Kinds whose key begins with the name of an evaluator or a metric; see summaries/sketches.py."""
    key, mark = row["key"], {"examples": ":", "reasons": "|"}.get(row["kind"])
    if mark is not None:
        first, _mark, rest = key.partition(mark)
        key = evaluator(first) + mark + rest
    elif row["kind"] in ("labels", "judge"):
        key = evaluator(metric(key))
    return {**row, "key": key}


def _drift(row: Row, names: Names) -> Row:
    days = [(day, names.summaries.get((day, name), name)) for day, name in json.loads(row["baseline_days"])]
    return {**row, "baseline_days": json.dumps(days)}


def _alert(row: Row, names: Names) -> Row:
    evidence = [fact(entry) for entry in json.loads(row["evidence"])]
    named = names.incidents.get(row["fingerprint"], row["fingerprint"])
    written = json.dumps(evidence, sort_keys=True, allow_nan=False)
    return {**row, "fingerprint": named, "title": title(row["title"]), "evidence": written}


def _report(row: Row, names: Names) -> Row:
    """The revision in short, which stands in `provenance`, had another key."""
    provenance = json.loads(row["provenance"])
    summary = provenance.pop("gist", None) or provenance.get(SUMMARY)
    if summary is not None:
        values = summary["metrics"].items()
        provenance[SUMMARY] = {
            **summary,
            "metrics": {segment: {metric(name): value for name, value in of.items()} for segment, of in values},
            "alerts": {names.incidents.get(one, one): _open(alert) for one, alert in summary["alerts"].items()},
        }
    return {**row, "provenance": json.dumps(provenance, sort_keys=True)}


def _open(alert: Sequence[str]) -> list[str]:
    """An open incident as a revision names it: severities, title, segment."""
    *severities, named, segment = alert
    return [*severities, title(named), segment]


def _operation(row: Row, names: Names) -> Row:
    if row["kind"] in ("edition", REVISION):
        return {**row, "kind": REVISION, "detail": _difference(json.loads(row["detail"]))}
    if row["kind"] == DELIVERY:
        day_and_channel, space, incidents = row["subject"].rpartition(" ")
        shorts = {old[:SHORT]: new[:SHORT] for old, new in names.incidents.items()}
        named = sorted(shorts.get(name[:SHORT], name[:SHORT]) + name[SHORT:] for name in incidents.split("+"))
        return {**row, "subject": day_and_channel + space + "+".join(named)}
    return row


def _difference(detail: Row) -> str:
    """How two revisions differ."""
    changed = {(REVISION if name == "edition" else name): value for name, value in detail.items()}
    changed["metrics"] = [[metric(name), *rest] for name, *rest in detail["metrics"]]
    changed |= {name: [_open(alert) for alert in detail[name]] for name in ("appeared", "gone", "severity")}
    return json.dumps(changed)


_VALUES: Mapping[Table, Mapping[str, Callable[[str], str]]] = {
    SCORES: {"evaluator": evaluator},
    ANCHORS: {"evaluator": evaluator},
    EVALUATOR_CHANGES: {"evaluator": evaluator},
    METRICS: {"metric": metric, "note": note},
    DRIFT: {"name": distance},
}
_ROWS: Mapping[Table, Callable[[Row, Names], Row]] = {
    SKETCHES: _sketch,
    DRIFT: _drift,
    ALERTS: _alert,
    REPORTS: _report,
    OPERATIONS: _operation,
}
TABLES: tuple[Table, ...] = (
    LABELS,
    SCORES,
    ANCHORS,
    METRICS,
    SKETCHES,
    EVALUATOR_CHANGES,
    DRIFT,
    ALERTS,
    REPORTS,
    OPERATIONS,
)
"""The tables with names that have changed, those first that others name by digests."""
