"""The log of Acme's gateway: a JSON object a line, one call to a model each."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from obs_lib.lake.tables import INTERACTIONS, LABELS, SPANS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Rejected, Row
from obs_lib.sources.formats.base import EntryFormat
from obs_lib.sources.validate import parse_object

FIELDS = {
    "id": "request_id",
    "trace": "trace_id",
    "user": "user_id",
    "model": "model_version",
    "question": "prompt",
    "found": "contexts",
    "reply": "response",
    "read": "input_tokens",
    "written": "output_tokens",
    "first_ms": "ttft_ms",
    "ms": "total_latency_ms",
    "stopped": "finish_reason",
    "failure": "error",
}
"""Acme's names, and those of the native log format (docs/logs.md)."""

AT = re.compile(rb'"at": ?(\d{9,10}(?:\.\d+)?)')


class GatewayFormat(EntryFormat):
    describe = "Acme's gateway: a JSON object a line, times in seconds since 1970"
    version = "1"
    tables = frozenset({INTERACTIONS, SPANS, LABELS})

    def days(self, raw: bytes) -> set[Day]:
        return {_moment(float(seconds)).date() for seconds in AT.findall(raw)}

    def rows(self, entry: Entry) -> Iterator[Row]:
        line = parse_object(entry)
        if type(line.get("at")) not in (int, float):
            raise Rejected("at: not seconds since 1970")
        at = _moment(line["at"])
        fields = {ours: line[theirs] for theirs, ours in FIELDS.items() if theirs in line}
        yield Row(INTERACTIONS, entry, fields | {"timestamp": at})
        yield Row(SPANS, entry, _span(line, at), at)
        if "thumb" in line:
            verdict = {
                "request_id": line.get("id"),
                "name": "thumb",
                "source": "human",
                "value": int(line["thumb"] == "up"),
            }
            yield Row(LABELS, entry, verdict)


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _span(line: dict[str, object], at: dt.datetime) -> dict[str, object]:
    """The call as a stage of its trace, so that the night sees how long it took."""
    return {
        "trace_id": line.get("trace", line.get("id")),
        "span_id": line.get("id"),
        "request_id": line.get("id"),
        "stage": "inference",
        "name": "gateway",
        "start": at,
        "duration_ms": line.get("ms"),
    }
