"""Makes calls through a library that people build agents with, and writes its spans as a Collector would.

    python -m tests.clients.agents_client LIBRARY URL OUT

LIBRARY: `pydantic-ai-2` (to 6, the generations of its instrumentation), `strands`, `langchain` (through LangSmith's SDK). Runs
in an environment of its own (install.sh beside it), for these libraries ask for other versions than ours.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
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


LIBRARIES: dict[str, Callable[[str, TracerProvider], None]] = {
    **{f"pydantic-ai-{version}": partial(pydantic_ai, version) for version in (2, 3, 4, 5, 6)},
    "strands": strands,
    "langchain": langchain,
}


def main(library: str, url: str, out: str) -> None:
    os.environ |= {"LANGSMITH_TRACING": "true", "LANGSMITH_OTEL_ENABLED": "true", "LANGSMITH_OTEL_ONLY": "true"}
    os.environ |= {"LANGSMITH_API_KEY": "none", "LANGSMITH_ENDPOINT": "http://127.0.0.1:9"}
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Writer(out)))
    trace.set_tracer_provider(provider)
    LIBRARIES[library](url, provider)
    provider.force_flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
