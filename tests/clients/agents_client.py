"""Makes calls through a library that people build agents with, and writes its spans as a Collector would.

    python -m tests.clients.agents_client LIBRARY URL OUT

LIBRARY: `pydantic-ai-2` (to 6, the generations of its instrumentation), `strands`, `langchain` (through LangSmith's SDK),
`mlflow` (its tracing of OpenAI's client), `google-adk` (through LiteLLM). Runs in an environment of its own (install.sh beside
it), for these libraries ask for other versions than ours.
"""

from __future__ import annotations

import http.server
import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from tests.clients.collector import line

SYSTEM, PLAIN, WEATHER = "Be brief.", "Is it open?", "Weather in Oslo?"
MODEL, KEY = "gpt-4o", "sk-test-secret-key"


class Writer(SpanExporter):
    """Appends what is exported, a request a line."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with self._path.open("ab") as out:
            out.write(line(encode_spans(spans)) + b"\n")
        return SpanExportResult.SUCCESS


def collector(path: str) -> str:
    """The address of a server that writes down the requests of OTLP over HTTP that it is sent."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
            with Path(path).open("ab") as out:
                out.write(line(request) + b"\n")
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/v1/traces"


def pydantic_ai(version: int, url: str, provider: TracerProvider) -> None:
    from pydantic_ai import Agent
    from pydantic_ai.models.instrumented import InstrumentationSettings
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(base_url=url, api_key=KEY))
    settings: Any = InstrumentationSettings(tracer_provider=provider, version=version)  # type: ignore[arg-type]
    Agent.instrument_all(settings)
    agent = Agent(model, instructions=SYSTEM)

    @agent.tool_plain
    def weather(city: str) -> str:
        """The weather of a city."""
        return f"-3 degrees in {city}"

    for text in (PLAIN, WEATHER):
        agent.run_sync(text)


def strands(url: str, provider: TracerProvider) -> None:
    from strands import Agent, tool
    from strands.models.openai import OpenAIModel

    @tool
    def weather(city: str) -> str:
        """The weather of a city."""
        return f"-3 degrees in {city}"

    for text in (PLAIN, WEATHER):
        model = OpenAIModel(client_args={"base_url": url, "api_key": KEY}, model_id=MODEL)
        Agent(model=model, system_prompt=SYSTEM, tools=[weather], callback_handler=None)(text)


def langchain(url: str, provider: TracerProvider) -> None:
    from langchain_core.messages import HumanMessage, SystemMessage
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI
    from langsmith import Client

    @tool
    def weather(city: str) -> str:
        """The weather of a city."""
        return f"-3 degrees in {city}"

    model = ChatOpenAI(model=MODEL, base_url=url, api_key=KEY, use_responses_api=False)
    for text in (PLAIN, WEATHER):
        model.bind_tools([weather]).invoke([SystemMessage(SYSTEM), HumanMessage(text)])
    Client().flush()


def mlflow(url: str, provider: TracerProvider) -> None:
    import mlflow
    import openai
    from mlflow.tracing.provider import provider as own

    mlflow.openai.autolog()
    client = openai.OpenAI(base_url=url, api_key=KEY)
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": parameters}}]
    for text in (PLAIN, WEATHER):
        messages: Any = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
        client.chat.completions.create(model=MODEL, messages=messages, tools=tools)
    mlflow.flush_trace_async_logging(terminate=True)
    own.get().force_flush()


def google_adk(url: str, provider: TracerProvider) -> None:
    import asyncio

    from google.adk.agents import LlmAgent
    from google.adk.models.lite_llm import LiteLlm
    from google.adk.runners import InMemoryRunner

    def weather(city: str) -> str:
        """The weather of a city."""
        return f"-3 degrees in {city}"

    async def ask() -> None:
        for text in (PLAIN, WEATHER):
            model = LiteLlm(model=f"openai/{MODEL}", api_base=url, api_key=KEY)
            runner = InMemoryRunner(LlmAgent(name="porter", model=model, instruction=SYSTEM, tools=[weather]))
            await runner.run_debug(text, user_id="user-7", session_id="session-9", quiet=True)

    asyncio.run(ask())


LIBRARIES: dict[str, Callable[[str, TracerProvider], None]] = {
    **{f"pydantic-ai-{version}": partial(pydantic_ai, version) for version in (2, 3, 4, 5, 6)},
    "strands": strands,
    "langchain": langchain,
    "mlflow": mlflow,
    "google-adk": google_adk,
}


def main(library: str, url: str, out: str) -> None:
    os.environ |= {"LANGSMITH_TRACING": "true", "LANGSMITH_OTEL_ENABLED": "true", "LANGSMITH_OTEL_ONLY": "true"}
    # MLflow sends its spans by itself; the server for its runs is asked nothing where a collector is named.
    os.environ |= {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": collector(out), "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    os.environ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"
    os.environ |= {
        "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    os.environ |= {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "SPAN_ONLY"}  # read by ADK
    os.environ |= {"LANGSMITH_API_KEY": "none", "LANGSMITH_ENDPOINT": "http://127.0.0.1:9"}
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Writer(out)))
    trace.set_tracer_provider(provider)
    LIBRARIES[library](url, provider)
    provider.force_flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
