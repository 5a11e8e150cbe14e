"""Logs inside what a store, a shell or an API puts around them: pages of pages, dumps, events of a log service, bare spans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from obs_lib.pipeline.file_preview import EntryName, preview_file
from tests.unit.sources.formats.test_export_variants import ASKED, CHAT, CLAUDE, END, NS, START, bedrock, mlflow, run

OBSERVATION = {
    "id": "o",
    "traceId": "t",
    "type": "GENERATION",
    "startTime": START,
    "endTime": END,
    "model": "m-1",
    "input": ASKED,
    "output": {"role": "assistant", "content": "Until six."},
}
TRACED = {"id": "t", "name": "chat", "timestamp": START, "userId": "u"}
MESSAGES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m-1",
    "gen_ai.input.messages": json.dumps(ASKED),
    "gen_ai.output.messages": json.dumps([{"role": "assistant", "content": "Until six."}]),
}
CLOUDWATCH = {
    "traceId": "ab" * 16,
    "spanId": "cd" * 8,
    "name": "chat m-1",
    "kind": "CLIENT",
    "startTimeUnixNano": NS,
    "endTimeUnixNano": NS + 10**9,
    "attributes": MESSAGES,
    "status": {"code": "OK"},
    "resource": {"attributes": {"service.name": "shop"}},
}
PHOENIX_API = {
    "trace_id": "ab" * 16,
    "span_id": "cd" * 8,
    "name": "chat",
    "start_time_unix_nano": NS,
    "attributes": [{"key": name, "value": {"string_value": value}} for name, value in MESSAGES.items()],
}
JAEGER = {
    "traceID": "ab" * 16,
    "spanID": "cd" * 8,
    "operationName": "chat",
    "startTime": NS // 1000,
    "duration": 1000,
    "tags": [{"key": name, "type": "string", "value": value} for name, value in MESSAGES.items()],
}
INVOCATION = json.dumps(bedrock({"messages": ASKED}, CLAUDE))
WRAPPED: dict[str, tuple[str, Any]] = {
    "pages of an API, one after another in an array": ("langfuse", [{"data": [OBSERVATION], "meta": {"page": 1}}]),
    "arrays in an array": ("langfuse", [[OBSERVATION]]),
    "a trace that was downloaded": ("langfuse", {"trace": TRACED, "observations": [OBSERVATION]}),
    "a trace with its observations": ("langfuse", {"trace": TRACED | {"observations": [OBSERVATION]}}),
    "a trace of the API": ("langfuse", TRACED | {"observations": [OBSERVATION], "htmlPath": "/t"}),
    "events of a subscription": (
        "bedrock",
        {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "message": INVOCATION}]},
    ),
    "events of the API": ("bedrock", {"events": [{"timestamp": 1, "message": INVOCATION}], "nextForwardToken": "f"}),
    "results of a query": ("bedrock", {"@timestamp": START, "@message": INVOCATION}),
    "a dump of Elasticsearch": ("jaeger", {"_index": "jaeger-span-2026-05-04", "_source": JAEGER}),
    "spans of CloudWatch": ("otlp", CLOUDWATCH),
    "spans of Phoenix's API": ("otlp", {"data": [PHOENIX_API], "next_cursor": None}),
    "the half of a trace that is an artifact": ("mlflow", mlflow({"messages": ASKED}, CHAT)["data"]),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_what_stands_around_a_log_does_not_hide_it(name: str, tmp_path: Path) -> None:
    format, item = WRAPPED[name]
    file = tmp_path / "stranger.json"
    for text in (json.dumps(item), json.dumps(item, indent=2)):
        file.write_text(text)
        told = preview_file(file)
        assert (told.format, told.certain, told.rejects) == (format, True, [])
        assert told.rows["interactions"] == 1
        assert {"prompt", "response"} <= {one.field for one in told.fields}


def test_a_single_span_that_failed_says_so(tmp_path: Path) -> None:
    file = tmp_path / "spans.jsonl"
    file.write_text(json.dumps(CLOUDWATCH | {"status": {"code": "ERROR", "message": "Too many requests"}}))
    assert {"error", "error_kind"} <= {one.field for one in preview_file(file).fields}


def test_tokens_that_a_program_sets_are_read_from_a_runs_metadata(tmp_path: Path) -> None:
    usage = {"input_tokens": 10, "output_tokens": 4, "input_token_details": {"cache_read": 6}}
    file = tmp_path / "runs.jsonl"
    file.write_text(json.dumps(run(outputs=CHAT, extra={"metadata": {"usage_metadata": usage}})))
    assert {"input_tokens", "output_tokens", "cached_input_tokens"} <= {one.field for one in preview_file(file).fields}


def test_names_that_no_field_has_are_told(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    row = {"request_id": "r", "timestamp": START, "prompt": "Hi", "model": "m", "latency_ms": 9}
    file.write_text(json.dumps(row) + "\n" + json.dumps(row | {"request_id": "s", "spans": [], "tokens": 3}) + "\n")
    told = preview_file(file)
    assert (told.format, told.rows["interactions"]) == ("native", 2)
    assert told.unread == [EntryName("latency_ms", 2), EntryName("model", 2), EntryName("tokens", 1)]
