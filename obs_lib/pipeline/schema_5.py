"""What schema version 5 calls otherwise than version 4 did: rows of one day under the old names in, under the new ones out.

Renaming rows that have the new names already changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from obs_lib.pipeline.notify import DELIVERY, SHORT
from obs_lib.pipeline.revisions import KIND as REVISION
from obs_lib.pipeline.revisions import SUMMARY

VERSION = 5

COLUMNS: Mapping[Table, Mapping[str, str]] = {
    LABELS: {"inclusion": "inclusion_probability"},
    SCORES: {"inclusion": "inclusion_probability"},
    ALERTS: {"pages": "notify"},
}
"""Columns that have another name: old to new."""

_EVALUATOR = ("utilisation", "context_utilization")
_METRIC = ("context_utilisation", "context_utilization")
_ADJUSTED = ("equal_tokens:", "token_adjusted:")
_BASIS = ("latency at equal tokens", "token-adjusted latency")
_GPU = ("GPU utilisation", "GPU utilization")
_TITLES = ("Change in ", "Scores of ", "The evaluator ")  # of incidents, before names of evaluators
_NOTES = {
    "utilisation was not run": "context_utilization was not run",
    "no SM utilisation in the samples": "no SM utilization in the samples",
    "utilisation or latency was the same in every hour": "utilization or latency was the same in every hour",
}
_HOURS = (" hours have utilisation and latency", " hours have utilization and latency")

Row = dict[str, Any]


def fingerprint(kind: str, segment: str, cause: str) -> str:
    """The name that an incident had in version 4, by what it was and where."""
    return hashlib.sha256(json.dumps([kind, segment, cause]).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Names:
    """Names that are digests of content which is called otherwise now.

    summaries : what names a day's summaries, by (day, name before). incidents : fingerprints, by the one before.
    """

    summaries: Mapping[tuple[str, str], str] = field(default_factory=dict)
    incidents: Mapping[str, str] = field(default_factory=dict)


def renamed(table: Table, rows: pa.Table, names: Names) -> pa.Table:
    """The rows under today's columns and names, sorted by their key. rows : with `day`, and the columns as they were stored."""
    before = {new: old for old, new in COLUMNS.get(table, {}).items()}
    columns = {}
    for column in table.schema:
        stored = [rows[name] for name in (column.name, before.get(column.name)) if name in rows.column_names]
        columns[column.name] = pc.coalesce(*stored).cast(column.type) if stored else pa.nulls(len(rows), column.type)
    for name, rename in _VALUES.get(table, {}).items():
        columns[name] = _each(columns[name], rename)
    if table in _ROWS:
        made = [_ROWS[table](row, names) for row in pa.table(columns).to_pylist()]
        columns = {column.name: pa.array([row[column.name] for row in made], column.type) for column in table.schema}
    return pa.table(columns, schema=table.schema).sort_by([(name, "ascending") for name in table.key])


def schema_before(table: Table) -> pa.Schema:
    """The table's columns under their old names."""
    old = {new: name for name, new in COLUMNS.get(table, {}).items()}
    return pa.schema([(old.get(column.name, column.name), column.type) for column in table.schema])


def evaluator(name: str) -> str:
    """An evaluator's name, also among other words of ours."""
    return re.sub(rf"\b{_EVALUATOR[0]}\b", _EVALUATOR[1], name)


def metric(name: str) -> str:
    """A metric, also one of labels: `context_utilisation:recall`."""
    return re.sub(rf"^{_METRIC[0]}\b", _METRIC[1], name)


def distance(name: str) -> str:
    """The name of a comparison: `change:<metric>`, `equal_tokens:<metric>`, or one of its own."""
    if name.startswith(_ADJUSTED[0]):
        return _ADJUSTED[1] + metric(name.removeprefix(_ADJUSTED[0]))
    return "change:" + metric(name.removeprefix("change:")) if name.startswith("change:") else name


def title(text: str) -> str:
    """The title of an incident."""
    if text.startswith(_GPU[0]):
        return _GPU[1] + text.removeprefix(_GPU[0])
    return evaluator(text) if text.startswith(_TITLES) else text


def note(text: str) -> str:
    """Why a metric has no value."""
    if text.partition(" ")[0].isdigit():
        return text.replace(*_HOURS)
    return _NOTES.get(text, text)


def fact(evidence: Row) -> Row:
    """One entry of an incident's evidence."""
    changed = {("token_adjusted" if name == "at_equal_tokens" else name): value for name, value in evidence.items()}
    for name in ("metric", "family"):
        if isinstance(changed.get(name), str):
            changed[name] = evaluator(metric(changed[name]))
    if changed.get("basis") == _BASIS[0]:
        changed["basis"] = _BASIS[1]
    return changed


def incidents(alerts: Iterable[Row]) -> dict[str, str]:
    """Fingerprints that were made of an old name: the one before to the one now. alerts : rows under old or new names."""
    renamed: dict[str, str] = {}
    for row in alerts:
        causes = _causes(row["kind"], [fact(entry) for entry in json.loads(row["evidence"])])
        if causes is not None:
            old, new = (fingerprint(row["kind"], row["segment"], cause) for cause in causes)
            renamed[old] = new
    return renamed


def _causes(kind: str, evidence: Sequence[Row]) -> tuple[str, str] | None:
    """What an incident was and is named after, from its evidence under the new names; None where that is the same."""
    measured = str(evidence[0].get("metric")) if evidence else ""
    old, new = _EVALUATOR
    return {
        ("objective", _METRIC[1]): _METRIC,
        ("data", f"failed {new} scores"): (f"scores:{old}", f"scores:{new}"),
        ("data", f"{new} on the anchors, largest difference"): (f"evaluator:{old}", f"evaluator:{new}"),
    }.get((kind, measured))


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
        day_and_channel, space, told = row["subject"].rpartition(" ")
        shorts = {old[:SHORT]: new[:SHORT] for old, new in names.incidents.items()}
        named = sorted(shorts.get(one[:SHORT], one[:SHORT]) + one[SHORT:] for one in told.split("+"))
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
