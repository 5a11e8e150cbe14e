"""Calls every case through the OpenAI client under one instrumentation, and writes what a Collector would write.

    python -m tests.clients.otel_client MODE URL FOLDER

MODE: `legacy`, `span`, `event`, `both` (opentelemetry-instrumentation-openai-v2), `openinference`, or `nested`: both
instrumentations at once, so that one's LLM span wraps the other's. Instrumentations patch the client for the whole process, so
each mode has a process of its own.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.clients.cases import CASES, Case
from tests.clients.collector import line

CAPTURED = {
    "legacy": "true",
    "span": "span_only",
    "event": "event_only",
    "both": "span_and_event",
    "nested": "span_only",
}
USER, SESSION = "user-7", "session-9"


def main(mode: str, url: str, folder: str) -> None:
    if mode in CAPTURED:
        os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "" if mode == "legacy" else "gen_ai_latest_experimental"
        os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = CAPTURED[mode]
    from openai import OpenAI
    from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    resource = Resource.create({"service.name": "shop", "deployment.environment.name": "test"})
    spans, logs = InMemorySpanExporter(), InMemoryLogRecordExporter()
    tracers, loggers = TracerProvider(resource=resource), LoggerProvider(resource=resource)
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    loggers.add_log_record_processor(SimpleLogRecordProcessor(logs))
    _instrument(mode, tracers, loggers)

    client = OpenAI(api_key="none", base_url=url, max_retries=0)
    tracer = tracers.get_tracer("shop")
    for case in CASES:
        with tracer.start_as_current_span("POST /ask", attributes={"http.route": "/ask", "user.id": USER}) as root:
            root.set_attribute("gen_ai.conversation.id", SESSION)
            with tracer.start_as_current_span("search", attributes=_retrieval(mode)):
                pass
            _call(client, case)
            with tracer.start_as_current_span("format answer"):
                pass
    _embed(client, tracer)

    traces = [line(encode_spans(batch)) for batch in _batches(spans.get_finished_spans())]
    events = [line(encode_logs(batch)) for batch in _batches(logs.get_finished_logs())]
    Path(folder, "traces.jsonl").write_bytes(b"\n".join(reversed(traces)))  # the Collector promises no order
    Path(folder, "logs.jsonl").write_bytes(b"\n".join(events))


def _batches(items: Sequence[Any]) -> list[Sequence[Any]]:
    return [items[at : at + 3] for at in range(0, len(items), 3)]


def _instrument(mode: str, tracers: Any, loggers: Any) -> None:
    if mode in ("openinference", "nested"):
        from openinference.instrumentation.openai import OpenAIInstrumentor as Instrumentor

        Instrumentor().instrument(tracer_provider=tracers)
    if mode == "openinference":
        return
    _mend()
    from opentelemetry.instrumentation import openai_v2

    if mode == "legacy":
        # Since util-genai 1.0 the function that chooses the generation says "the latest" always, although the
        # instrumentation still holds the code of the older one.
        openai_v2.is_experimental_mode = lambda: False
    openai_v2.OpenAIInstrumentor().instrument(tracer_provider=tracers, logger_provider=loggers)


def _mend() -> None:
    """Lets openai-v2 2.4b0 run with util-genai 1.3, which took away what it calls: two factories of metrics, and the older
    name of `inference`. What spans and events say is untouched. With util-genai 0.4 there is nothing to mend, and it emits the
    conventions of 1.41.
    """
    from opentelemetry.util.genai.handler import TelemetryHandler

    if not hasattr(TelemetryHandler, "start_inference"):
        TelemetryHandler.start_inference = TelemetryHandler.inference
    name = "opentelemetry.util.genai.instruments"
    if importlib.util.find_spec(name) is None:
        module = ModuleType(name)
        vars(module).update(
            create_duration_histogram=lambda meter: meter.create_histogram("gen_ai.client.operation.duration"),
            create_token_histogram=lambda meter: meter.create_histogram("gen_ai.client.token.usage"),
        )
        sys.modules[name] = module


def _retrieval(mode: str) -> dict[str, Any]:
    if mode == "openinference":
        return {
            "openinference.span.kind": "RETRIEVER",
            "retrieval.documents.0.document.id": "doc-1",
            "retrieval.documents.0.document.score": 0.9,
            "retrieval.documents.0.document.content": "Paris is the capital of France.",
            "retrieval.documents.1.document.id": "doc-2",
        }
    documents = '[{"id":"doc-1","score":0.9,"content":"Paris is the capital of France."},{"id":"doc-2","score":0.1}]'
    return {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": documents}


def _call(client: Any, case: Case) -> None:
    from openai import OpenAIError

    try:
        response = client.chat.completions.create(**case.request)
        if case.stream:
            for _ in response:
                pass
    except OpenAIError:
        if case.kind is None:
            raise


def _embed(client: Any, tracer: Any) -> None:
    with tracer.start_as_current_span("POST /index"):
        client.embeddings.create(model="embedder", input="Paris is the capital of France.")


if __name__ == "__main__":
    main(*sys.argv[1:])
