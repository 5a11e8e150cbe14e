"""OTLP JSON as it is not written by the Collector, in the names that it has there.

Four are in files: Tempo's answers (`batches`), what was written before 2022 (`instrumentationLibrarySpans`), protobuf's
own names (`resource_spans`), as Python's `MessageToJson` and some agents write them, and single spans without the lists around
them, as CloudWatch stores them and Phoenix's API gives them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from obs_lib.sources.formats.parse import mapping

SIGNALS = ("resourceSpans", "resourceLogs", "resourceMetrics")
_NAMES = (
    *SIGNALS,
    *("scopeSpans", "scopeLogs", "logRecords", "traceId", "spanId", "parentSpanId", "traceState", "eventName"),
    *("startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "observedTimeUnixNano"),
    *("stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue"),
)
_SPELLED = {re.sub(r"([A-Z])", lambda letter: "_" + letter[0].lower(), name): name for name in _NAMES} | {
    "instrumentationLibrarySpans": "scopeSpans",
    "instrumentation_library_spans": "scopeSpans",
    "instrumentationLibraryLogs": "scopeLogs",
    "instrumentation_library_logs": "scopeLogs",
}
_OLDER = (
    *(b"instrumentationLibrary", b"instrumentation_library", b"resource_spans", b"resource_logs", b"scope_spans"),
    b"_time_unix_nano",
)
_SINGLE = frozenset({"traceId", "spanId", "startTimeUnixNano"})


def is_otlp(names: Iterable[str]) -> bool:
    """Whether names of a line's object are those of a signal, or of a single span, in any spelling."""
    spelled = {_SPELLED.get(name, name) for name in names}
    return not spelled.isdisjoint(SIGNALS) or spelled >= _SINGLE


def as_collected(line: dict[str, Any], raw: bytes) -> dict[str, Any]:
    """The line in the Collector's names; itself where it has no others. raw : what it was parsed from."""
    for name in ("result", "trace"):  # as Jaeger's and Tempo's API answer
        inner = line.get(name)
        line = inner if isinstance(inner, dict) and is_otlp(inner) else line
    batches = line.get("batches")
    if isinstance(batches, list) and all("resource" in mapping(batch) for batch in batches):
        line = {"resourceSpans": batches}
    if any(name in raw for name in _OLDER):
        line = _spelled(line)
    if line.keys() >= _SINGLE:
        line = {"resourceSpans": [{"resource": line.get("resource"), "scopeSpans": [{"spans": [line]}]}]}
    return line


def _spelled(value: Any) -> Any:
    """Names of fields alone: what an attribute is called is a value here."""
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    if isinstance(value, dict):
        return {_SPELLED.get(name, name): _spelled(item) for name, item in value.items()}
    return value
