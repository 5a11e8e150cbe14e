"""A Langfuse server on loopback: takes what the SDK exports, and answers the public API from observations and scores.

What it answers is what the caller built with the SDK's own models, filtered, cut into pages and field groups as the API does.
"""

from __future__ import annotations

import base64
import gzip
import http.server
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loopback import address_of, listening

OBSERVATIONS, SCORES = "/api/public/v2/observations", "/api/public/v3/scores"
OLD_OBSERVATIONS, OLD_SCORES, OLD_TRACES = "/api/public/observations", "/api/public/v2/scores", "/api/public/traces"
_NEW, _OLD = (OBSERVATIONS, SCORES), (OLD_OBSERVATIONS, OLD_SCORES, OLD_TRACES)
GROUPS = {
    "core": "id traceId startTime endTime projectId parentObservationId type",
    "basic": "name level statusMessage version environment bookmarked public userId sessionId isRootObservation",
    "time": "completionStartTime createdAt updatedAt",
    "io": "input output",
    "metadata": "metadata",
    "model": "model internalModelId modelParameters providedModelName modelId inputPrice outputPrice totalPrice",
    "usage": "usageDetails costDetails totalCost usagePricingTierName",
    "prompt": "promptId promptName promptVersion",
    "metrics": "latency timeToFirstToken",
    "trace_context": "tags release traceName",
}


@dataclass
class State:
    """What the server holds and does."""

    observations: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    traces: list[dict[str, Any]] = field(default_factory=list)
    spans: list[Any] = field(default_factory=list)  # opentelemetry.proto.trace.v1 spans
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # answered first, in this order
    bodies: list[bytes] = field(default_factory=list)  # answered next, with status 200
    old: bool = False  # a server that knows only the older paths
    key: str = "Basic " + base64.b64encode(b"pk-lf-test:sk-lf-test").decode()
    url: str = ""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            raw = gzip.decompress(raw)
        request = ExportTraceServiceRequest.FromString(raw)
        state: State = self.server.state
        state.spans += [span for r in request.resource_spans for s in r.scope_spans for span in s.spans]
        self._answer(200, b"")

    def do_GET(self) -> None:
        state: State = self.server.state
        split = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        state.asked.append((split.path, query))
        state.authorizations.append(self.headers.get("Authorization"))
        if state.failures:
            status, headers = state.failures.pop(0)
            self._answer(status, b'{"message": "told to"}', headers)
        elif state.bodies:
            self._answer(200, state.bodies.pop(0))
        elif self.headers.get("Authorization") != state.key:
            self._answer(401, b'{"message": "Invalid credentials"}')
        elif split.path in (_OLD if state.old else _NEW):
            self._answer(200, json.dumps(_page(state, split.path, query)).encode())
        else:
            self._answer(404, b'{"message": "Not found"}')

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Length": str(len(body)),
            "Content-Type": "application/json",
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _page(state: State, path: str, query: dict[str, str]) -> dict[str, Any]:
    items = (
        state.observations
        if path in (OBSERVATIONS, OLD_OBSERVATIONS)
        else state.traces
        if path == OLD_TRACES
        else state.scores
    )
    start, at = ("StartTime", "startTime") if items is state.observations else ("Timestamp", "timestamp")
    found = [item for item in items if query["from" + start] <= item[at] < query["to" + start]]
    size = int(query["limit"])
    if state.old:
        page = int(query["page"])
        meta = {"page": page, "limit": size, "totalItems": len(found), "totalPages": -(-len(found) // size)}
        return {"data": found[(page - 1) * size : page * size], "meta": meta}
    begin = int(query.get("cursor", "0"))
    more = {"cursor": str(begin + size)} if begin + size < len(found) else {}
    page_items = found[begin : begin + size]
    if path == OBSERVATIONS:
        kept = {name for group in query.get("fields", "core,basic").split(",") for name in GROUPS[group].split()}
        kept |= set(GROUPS["core"].split())
        page_items = [{name: value for name, value in item.items() if name in kept} for item in page_items]
    elif "subject" not in query.get("fields", ""):
        page_items = [{name: value for name, value in item.items() if name != "subject"} for item in page_items]
    return {"data": page_items, "meta": more}


@contextmanager
def serving() -> Iterator[State]:
    """The server's state, with its URL."""
    with listening(Handler) as server:
        server.state = State(url=address_of(server))  # type: ignore[attr-defined]
        yield server.state  # type: ignore[attr-defined]
