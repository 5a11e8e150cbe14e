"""The Collector's file exporter, from the SDK's own OTLP protobuf: one request a line, ids in hex, enums as numbers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

_IDS = ("traceId", "spanId", "parentSpanId")


def line(request: Message) -> bytes:
    """An ExportTraceServiceRequest or ExportLogsServiceRequest, as the file exporter writes it.

    Protobuf's own JSON differs from OTLP's in the ids, which it writes in base64; and the Collector always writes
    `parentSpanId` and `status` of a span.
    """
    body = MessageToDict(request, use_integers_for_enums=True)
    for item in _items(body):
        for name in _IDS:
            if name in item:
                item[name] = base64.b64decode(item[name]).hex()
        if "startTimeUnixNano" in item:
            item.setdefault("parentSpanId", "")
            item.setdefault("status", {})
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _items(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for signal, scope, items in (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords")):
        for group in body.get(signal, ()):
            for scoped in group.get(scope, ()):
                for item in scoped.get(items, ()):
                    yield item
                    yield from item.get("links", ())
