"""Receivers of scores on loopback that keep what the real ones would: a Collector, a Langfuse, a Phoenix."""

from __future__ import annotations

import base64
import http.server
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.protobuf.json_format import MessageToDict
from langfuse.api.scores.types.create_score_request import CreateScoreRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tests.loopback import address_of, listening

PUBLIC, SECRET = "pk-lf-test", "sk-lf-test"


@dataclass(frozen=True)
class Request:
    """One request. path : without its query."""

    method: str
    path: str
    headers: Any
    body: bytes


class Double(Protocol):
    """A server: what it answers a request with."""

    def answer(self, request: Request) -> tuple[int, bytes]: ...


@dataclass
class Collector:
    """OTLP/HTTP: takes what the official messages can read. rejects : log records that it says it did not take."""

    rejects: int = 0
    status: int = 200
    events: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0

    def answer(self, request: Request) -> tuple[int, bytes]:
        self.requests += 1
        if self.status != 200:
            return self.status, b"secret words of a server"
        assert (request.path, request.headers["Content-Type"]) == ("/v1/logs", "application/x-protobuf")
        for resource in ExportLogsServiceRequest.FromString(request.body).resource_logs:
            for scope in resource.scope_logs:
                for record in scope.log_records:
                    facts = MessageToDict(record, preserving_proto_field_name=True)
                    facts["attributes"] = {one.key: _value(one.value) for one in record.attributes}
                    facts |= {"trace_id": record.trace_id.hex(), "span_id": record.span_id.hex()}
                    self.events.append(facts)
        partial = ExportLogsPartialSuccess(rejected_log_records=self.rejects)
        return 200, ExportLogsServiceResponse(partial_success=partial).SerializeToString()


@dataclass
class Langfuse:
    """The public API for scores. older : whether it knows the batches of `/api/public/ingestion` alone.

    scores : by id and timestamp, as Langfuse keeps them.
    """

    older: bool = False
    rejects: frozenset[str] = frozenset()
    scores: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def answer(self, request: Request) -> tuple[int, bytes]:
        keys = base64.b64encode(f"{PUBLIC}:{SECRET}".encode()).decode()
        if request.headers["Authorization"] != f"Basic {keys}":
            return 401, b"{}"
        if len(request.body) > 1_000_000:
            return 413, b"{}"
        sent = json.loads(request.body)
        if request.path == "/api/public/scores" and not self.older:
            errors = [{"message": one["id"]} for one in sent if not self._take(one)]
            if errors:
                return 207, _json({"accepted": len(sent) - len(errors), "rejected": len(errors), "errors": errors})
            return 202, _json({"message": "Accepted"})
        if request.path == "/api/public/ingestion" and self.older:
            assert {one["type"] for one in sent["batch"]} == {"score-create"}
            errors = [{"id": one["id"], "status": 400} for one in sent["batch"] if not self._take(one["body"])]
            return 207, _json({"successes": [], "errors": errors})
        return 400 if request.path == "/api/public/scores" else 404, b"{}"

    def _take(self, body: dict[str, Any]) -> bool:
        score = CreateScoreRequest.model_validate(body)
        assert score.name
        assert body["dataType"] == "NUMERIC"
        if body["name"] in self.rejects:
            return False
        self.scores[body["id"], body["timestamp"]] = body
        return True


class _Result(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    label: str | None = None
    score: float | None = None
    explanation: str | None = None


class _SpanAnnotation(BaseModel):
    """`SpanAnnotationData` of Phoenix's OpenAPI description."""

    model_config = ConfigDict(extra="forbid", strict=True)
    span_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    name: str = Field(min_length=1)
    annotator_kind: str = Field(pattern=r"^(LLM|CODE|HUMAN|DECISION|AGENT)$")
    result: _Result
    metadata: dict[str, Any]
    identifier: str


class _SpanAnnotations(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    data: list[_SpanAnnotation]


@dataclass
class Phoenix:
    """Annotations by span, name and identifier, as Phoenix keeps them."""

    key: str = ""
    annotations: dict[tuple[str, str, str], _SpanAnnotation] = field(default_factory=dict)

    def answer(self, request: Request) -> tuple[int, bytes]:
        if self.key and request.headers["Authorization"] != f"Bearer {self.key}":
            return 401, b""
        assert (request.method, request.path) == ("POST", "/v1/span_annotations")
        try:
            sent = _SpanAnnotations.model_validate_json(request.body)
        except ValidationError as error:
            return 422, str(error).encode()
        for one in sent.data:
            self.annotations[one.span_id, one.name, one.identifier] = one
        return 200, _json({"data": []})


@contextmanager
def serving(double: Double) -> Iterator[str]:
    """The address of a server while it runs."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            path = self.path.partition("?")[0]
            status, answer = double.answer(Request(self.command, path, self.headers, body))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_PUT = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    with listening(Handler) as server:
        yield address_of(server)


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
