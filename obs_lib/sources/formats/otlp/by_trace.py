"""A line of OTLP taken apart by the traces whose spans and log records it holds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.otlp import coding_agents
from obs_lib.sources.formats.otlp.encoding import parse, record_of
from obs_lib.sources.formats.parse import mapping

_SIGNALS = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))


def by_trace(entry: Entry) -> Iterator[tuple[str, Entry]]:
    """The parts of a line by trace; under "" what belongs to none: log records without a span, and what is no OTLP."""
    try:
        line = parse(entry)
    except (Rejected, RecursionError):
        yield "", entry
        return
    parts: dict[str, dict[str, list[Any]]] = defaultdict(dict)
    for signal, scope, items in _SIGNALS:
        for group in _listed(line.get(signal)):
            resource = mapping(group).get("resource")
            for item in (
                item for scoped in _listed(mapping(group).get(scope)) for item in _listed(mapping(scoped).get(items))
            ):
                one = {"resource": resource, scope: [{items: [item]}]}
                parts[_trace_of(entry, item, signal)].setdefault(signal, []).append(one)
    if len(parts) == 1:
        yield next(iter(parts)), entry
        return
    if not parts or "resourceMetrics" in line:
        yield "", entry if not parts else replace(entry, raw=b'{"resourceMetrics": []}')
    for trace, part in parts.items():
        yield trace, replace(entry, raw=json.dumps(part, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _trace_of(entry: Entry, item: Any, signal: str) -> str:
    name = mapping(item).get("traceId")
    if not isinstance(name, str):
        return ""
    if signal == "resourceLogs":
        try:
            record = record_of(entry, item)
        except Rejected:
            return ""
        if not record.span_id or coding_agents.is_event(record):
            return ""
    return name.lower()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
