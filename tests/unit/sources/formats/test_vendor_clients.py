"""LiteLLM and the Langfuse SDK make real calls, in processes of their own; what is read equals what was asked and answered."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from obs_lib.lake.tables import INTERACTIONS, SPANS
from obs_lib.sources.entries import Entry, Row
from obs_lib.sources.formats.litellm.format import LiteLLMFormat
from obs_lib.sources.formats.otlp.langfuse import native_fields, observation_type
from tests.clients import langfuse_server
from tests.clients.openai_server import Answer, OpenAIServer

pytestmark = [pytest.mark.server, pytest.mark.slow]
CLIENTS = Path(langfuse_server.__file__).parent
RECORDED = Path(__file__).parent / "recorded"
MODEL = "gpt-4o-mini"  # LiteLLM has a price for it
FIRST_S = 0.05


def answer(*pieces: str, **more: Any) -> Answer:
    counted = {"prompt_tokens": 21, "completion_tokens": 7, "cached_tokens": 5}
    return Answer(pieces, first_s=FIRST_S, piece_s=0.01, model=MODEL, **counted, **more)


def failing(status: int, message: str, code: str | None = None) -> Answer:
    return Answer(status=status, error={"message": message, "type": "invalid_request_error", "code": code})


ANSWERS = {
    "say four words to you": answer("four", " words", " to", " you"),
    "say a streamed answer here": answer("a", " streamed", " answer", " here"),
    "use weather": answer(tool_calls=(("weather", '{"city":"Bern"}'),), finish_reason="tool_calls"),
    "cut short answer": answer("short", " answer", finish_reason="length"),
    "filter this": answer("this", finish_reason="content_filter"),
    "say labelled": answer("labelled"),
    "fail 429": failing(429, "told to fail with 429"),
    "fail 401": failing(401, "told to fail with 401"),
    "fail 500": failing(500, "told to fail with 500"),
    "long": failing(400, "This model's maximum context length is 4096 tokens.", "context_length_exceeded"),
}
KINDS = {
    "RateLimitError": "rate_limit",
    "AuthenticationError": "auth",
    "InternalServerError": "server",
    "ContextWindowExceededError": "context_length",
}


class Names:
    def stage_of(self, name: str, kind: str | None) -> str:
        return "other"


def run(script: str, *arguments: str) -> list[dict[str, Any]]:
    """What the client prints, one object a call. Nothing but loopback can be reached: any proxy is a closed port."""
    closed = "http://127.0.0.1:9"
    ways = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), closed)
    environment = {**os.environ, **ways, "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, str(CLIENTS / script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_litellm(tmp_path: Path) -> None:
    out = tmp_path / "litellm.jsonl"
    with OpenAIServer(ANSWERS) as openai:
        calls = run("litellm_client.py", openai.url, str(out))
    requests = [exchange.request for exchange in openai.exchanges]
    entries = [Entry("litellm.jsonl", n, raw) for n, raw in enumerate(out.read_bytes().splitlines(), start=1)]
    items = list(LiteLLMFormat(Names()).read(entries))
    assert [item.what for item in items if not isinstance(item, Row)] == ["embedding"]
    read = [row.fields for row in items if isinstance(row, Row) and row.table is INTERACTIONS]
    assert len(read) == len(calls) == len(requests) - 1  # one was an embedding
    for call, body, fields in zip(calls, requests, read, strict=False):
        assert fields["prompt"] == body["messages"]
        assert fields["prompt"][-1]["content"] == call["text"]
        assert fields["total_latency_ms"] <= call["total_ms"] + 100  # the end of a stream is noted in a thread
        assert fields["provider"] == "openai"
        if "error" in call:
            assert fields["error_kind"] == KINDS[call["error"]]
            continue
        assert fields["request_id"] == call["id"]
        calls_made = [{"arguments": json.loads(arguments), "name": name} for name, arguments in call["tool_calls"]]
        assert fields["response"] == (call["content"] or json.dumps(calls_made, separators=(",", ":")))
        assert fields["finish_reason"] == call["finish"].replace("tool_calls", "tool_call")
        assert (fields["input_tokens"], fields["cached_input_tokens"], fields["output_tokens"]) == (21, 5, 7)
        assert fields["cost_usd"] > 0
        assert ("ttft_ms" in fields) == bool(call.get("stream"))
        if call.get("stream"):
            assert FIRST_S * 1000 <= fields["ttft_ms"] < fields["total_latency_ms"]
            assert fields["ttft_ms"] == pytest.approx(call["ttft_ms"], abs=100)
    assert sum(row.table is SPANS for row in items if isinstance(row, Row)) == len(calls) + 1
    assert "sk-test-secret-key" not in str([row.fields for row in items if isinstance(row, Row)])


def test_the_langfuse_sdk() -> None:
    with OpenAIServer(ANSWERS) as openai, langfuse_server.serving() as server:
        logged = {call["name"]: call for call in run("langfuse_client.py", server.url, openai.url)}
    read = {}
    for span in server.spans:
        attributes = {item.key: value_of(item.value) for item in span.attributes}
        start, end = (
            dt.datetime.fromtimestamp(at / 1e9, dt.UTC) for at in (span.start_time_unix_nano, span.end_time_unix_nano)
        )
        if observation_type(attributes) == "GENERATION":
            read[span.name] = native_fields(attributes, name=span.name, start=start, end=end)
    assert set(read) == set(logged)
    for name, call in logged.items():
        if "error" in call:
            assert read[name]["error_kind"] in ("rate_limit", "timeout")
        elif call["text"] is not None:
            assert read[name]["response"] == call["text"]
        else:
            assert read[name]["response"] == '[{"arguments":{"city":"Bern"},"name":"weather"}]'
    asked = [exchange.request["messages"] for exchange in openai.exchanges]
    assert [fields["prompt"] for name, fields in read.items() if name.startswith("openai")] == asked
    assert read["openai streamed"]["ttft_ms"] >= FIRST_S * 1000
    assert read["by hand"]["ttft_ms"] >= 30
    recorded = (json.loads(line) for line in (RECORDED / "langfuse_spans.jsonl").read_text().splitlines())
    assert {item.key for span in server.spans for item in span.attributes} == {
        name for span in recorded for name in span["attributes"]
    }


def value_of(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [value_of(item) for item in value.array_value.values] if kind == "array_value" else getattr(value, kind)
