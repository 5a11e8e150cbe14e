"""Scores as OpenTelemetry's events `gen_ai.evaluation.result`, over OTLP/HTTP in protobuf.

https://github.com/open-telemetry/semantic-conventions-genai (model/gen-ai/events.yaml) says which attributes an event has. Logs
have no ids there, so what is sent again stands twice: `night_watch.score.id` tells which are the same.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obs_lib import __version__
from obs_lib.connections import Connections
from obs_lib.errors import ConfigError, ExportError
from obs_lib.exports.options import ExportOptions
from obs_lib.exports.receiver import Sent, in_batches
from obs_lib.exports.server import Server
from obs_lib.records import SCORE_ID, ExportedScore

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

EVENT = "gen_ai.evaluation.result"
SERVICE = "llm-night-watch"
_PATH = "/v1/logs"
_BATCH = 1000  # some 300 bytes each; the Collector takes 20 MB
_TRACE, _SPAN = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Otlp:
    """One Collector, or anything else that speaks OTLP."""

    server: Server

    def send(self, scores: Iterable[ExportedScore]) -> Sent:
        """Send them in batches. What of one is rejected must not be sent again, says OTLP; it is left out."""
        from google.protobuf.message import DecodeError
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

        n = left_out = 0
        with self.server.open("application/x-protobuf") as client:
            for batch in in_batches(scores, _BATCH):
                reply = self.server.ask(client, "POST", _PATH, request_of(batch).SerializeToString())
                try:
                    said = ExportLogsServiceResponse.FromString(reply.body)
                except DecodeError:
                    raise ExportError("the answer is not OTLP's", where=self.server.address + _PATH) from None
                rejected = min(said.partial_success.rejected_log_records, len(batch))
                left_out += rejected
                n += len(batch) - rejected
        return Sent(n, left_out)


def from_options(name: str, options: ExportOptions, connections: Connections) -> Otlp:
    """The receiver of a connection. ConfigError where the messages of OTLP are not installed."""
    try:
        import opentelemetry.proto.collector.logs.v1.logs_service_pb2  # noqa: F401
    except ImportError:
        raise ConfigError(
            "opentelemetry-proto is not installed", where=f"exports.{name}", fix="pip install 'llm-night-watch[otlp]'"
        ) from None
    return Otlp(Server.of(name, options, connections))


def request_of(scores: Iterable[ExportedScore]) -> ExportLogsServiceRequest:
    """One request with an event a score, from one resource."""
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
    from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs, ScopeLogs
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource

    resource = Resource(attributes=_attributes([("service.name", SERVICE), ("service.version", __version__)]))
    logs = ScopeLogs(scope=InstrumentationScope(name=SERVICE, version=__version__), log_records=map(_record, scores))
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(resource=resource, scope_logs=[logs])])


def _record(score: ExportedScore) -> LogRecord:
    """Of the span that it judges where the interaction is one, else of the response by its id."""
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber

    trace, span = score.trace_id or "", score.request_id
    spanned = bool(_TRACE.fullmatch(trace) and _SPAN.fullmatch(span))
    at = _nanoseconds(score.at)
    return LogRecord(
        time_unix_nano=at,
        observed_time_unix_nano=at,  # not now: the same again is the same to the byte
        severity_number=SeverityNumber.SEVERITY_NUMBER_INFO,
        event_name=EVENT,
        attributes=_attributes(_facts(score, spanned)),
        trace_id=bytes.fromhex(trace) if spanned else b"",
        span_id=bytes.fromhex(span) if spanned else b"",
    )


def _facts(score: ExportedScore, spanned: bool) -> Iterator[tuple[str, str | float]]:
    yield "gen_ai.evaluation.name", score.evaluator
    yield "gen_ai.evaluation.score.value", score.value
    if score.label is not None:
        yield "gen_ai.evaluation.score.label", score.label
    if score.explanation is not None:
        yield "gen_ai.evaluation.explanation", score.explanation
    if not spanned:
        yield "gen_ai.response.id", score.request_id
    yield SCORE_ID, score.id
    yield "night_watch.evaluator.version", score.version


def _attributes(facts: Iterable[tuple[str, str | float]]) -> list[KeyValue]:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

    return [
        KeyValue(key=key, value=AnyValue(string_value=fact) if isinstance(fact, str) else AnyValue(double_value=fact))
        for key, fact in facts
    ]


def _nanoseconds(at: dt.datetime) -> int:
    """Since 1970, without a float between: microseconds would not come through."""
    return (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1) * 1000
