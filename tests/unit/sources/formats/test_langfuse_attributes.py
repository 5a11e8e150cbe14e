"""Attributes that the Langfuse SDK really wrote (recorded/langfuse_spans.jsonl; test_vendor_clients.py makes new ones)."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from obs_lib.lake.tables import INTERACTIONS, SPANS
from obs_lib.sources.entries import Entry, Row
from obs_lib.sources.formats.otlp.format import OtlpFormat
from obs_lib.sources.formats.otlp.langfuse import contexts, is_generation, native_fields, observation_type
from obs_lib.sources.stages import StageNames

RECORDED = Path(__file__).parent / "recorded" / "langfuse_spans.jsonl"


@pytest.fixture(scope="module")
def spans() -> dict[str, dict[str, Any]]:
    return {span["name"]: span for span in map(json.loads, RECORDED.read_text().splitlines())}


def fields(span: dict[str, Any]) -> dict[str, Any]:
    start, end = (dt.datetime.fromtimestamp(span[name] / 1e9, dt.UTC) for name in ("start", "end"))
    return native_fields(span["attributes"], name=span["name"], start=start, end=end)


def test_a_generation_made_by_hand(spans: dict[str, dict[str, Any]]) -> None:
    native = fields(spans["by hand"])
    ttft = native.pop("ttft_ms")
    assert 0 < ttft < (spans["by hand"]["end"] - spans["by hand"]["start"]) / 1e6
    assert native == {
        "user_id": "user-3",
        "session_id": "session-5",
        "model_version": "gpt-4o-mini-2024-07-18",
        "prompt_version": "greeting@3",
        "prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is the parliament?"}],
        "response": "In Bern.",
        "input_tokens": 40,  # the SDK's kinds of input are parts that add up
        "cached_input_tokens": 10,
        "output_tokens": 4,
        "cost_usd": 0.75,
        "tags": {
            "team": "search",
            "beta": True,
            "environment": "staging",
            "release": "r42",
            "version": "v9",
            "route": "support chat",
            "country": "ch",
            "tier": "7",
            "attempt": 2,
        },
    }


def test_calls_through_the_wrapped_openai_client(spans: dict[str, dict[str, Any]]) -> None:
    whole, streamed, tool, cut = (
        fields(spans[f"openai {name}"]) for name in ("whole", "streamed", "tool", "tool streamed")
    )
    for native in (whole, streamed, tool, cut):
        assert (native["input_tokens"], native["cached_input_tokens"], native["output_tokens"]) == (21, 5, 7)
        assert native["model_version"] == "gpt-4o-mini"
    assert (whole["response"], streamed["response"]) == ("four words to you", "a streamed answer here")
    assert tool["response"] == cut["response"] == '[{"arguments":{"city":"Bern"},"name":"weather"}]'
    assert tool["prompt"] == [{"role": "user", "content": "use weather"}]
    assert "ttft_ms" not in whole
    assert streamed["ttft_ms"] > 0
    assert (streamed["finish_reason"], cut["finish_reason"]) == ("stop", "tool_call")
    assert whole["tags"] == {"environment": "staging", "release": "r42", "route": "openai whole"}


def test_failures(spans: dict[str, dict[str, Any]]) -> None:
    native = fields(spans["openai failing"])
    assert (native["error"], native["error_kind"]) == ("Error code: 429 - told to fail with 429", "rate_limit")
    assert not {"response", "cost_usd", "input_tokens"} & set(native)
    assert fields(spans["failing"])["error_kind"] == "timeout"


def test_what_is_no_generation(spans: dict[str, dict[str, Any]]) -> None:
    kinds = {name: observation_type(span["attributes"]) for name, span in spans.items()}
    assert (kinds["look up"], kinds["pii check"], kinds["answer question"]) == ("RETRIEVER", "GUARDRAIL", "SPAN")
    assert {name for name in kinds if is_generation(spans[name]["attributes"])} == {
        name for name in kinds if name.startswith(("openai", "by hand", "failing"))
    }
    assert contexts(spans["look up"]["attributes"]) == [
        {"id": "d1", "text": "The parliament sits in Bern.", "score": 0.9},
        {"id": None, "text": "Bern is a city.", "score": None},
    ]
    assert contexts(spans["by hand"]["attributes"]) is None
    assert observation_type({"gen_ai.system": "openai"}) is None


def otlp(value: Any) -> dict[str, Any]:
    """A value as OTLP JSON writes it."""
    if isinstance(value, list):
        return {"arrayValue": {"values": [otlp(item) for item in value]}}
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return {kinds[type(value)]: str(value) if type(value) is int else value}


def test_the_otlp_format_reads_generations_and_what_they_retrieved(spans: dict[str, dict[str, Any]]) -> None:
    """The SDK's spans as the Collector's file exporter would write them."""
    lines = []
    for n, span in enumerate(spans.values(), start=1):
        attributes = [{"key": name, "value": otlp(value)} for name, value in span["attributes"].items()]
        times = {"startTimeUnixNano": str(span["start"]), "endTimeUnixNano": str(span["end"])}
        one = {"traceId": "ab" * 16, "spanId": f"{n:016x}", "name": span["name"], **times, "attributes": attributes}
        lines.append(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}).encode())
    items = list(OtlpFormat(StageNames()).read(Entry("f", n, raw) for n, raw in enumerate(lines, start=1)))
    rows = [item for item in items if isinstance(item, Row)]
    calls = {item.entry.number: item.fields for item in rows if item.table is INTERACTIONS}
    by_name = dict(zip(spans, range(1, len(spans) + 1), strict=True))
    assert set(calls) == {by_name[name] for name, span in spans.items() if is_generation(span["attributes"])}
    by_hand = calls[by_name["by hand"]]
    for name, value in fields(spans["by hand"]).items():
        assert by_hand[name] == value
    assert [one["text"] for one in by_hand["contexts"]] == ["The parliament sits in Bern.", "Bern is a city."]
    stages = {item.entry.number: item.fields["stage"] for item in rows if item.table is SPANS}
    assert (stages[by_name["look up"]], stages[by_name["by hand"]]) == ("retrieval", "inference")
