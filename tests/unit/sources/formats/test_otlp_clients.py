"""What the instrumentations of the OpenAI client emit, against what was really sent and answered."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from obs_lib.sources.entries import Entry, RejectedEntry, Row
from obs_lib.sources.formats.otlp.format import OtlpFormat
from tests.clients.cases import ANSWERS, CASES, Case
from tests.clients.openai_server import Exchange, OpenAIServer

pytestmark = [pytest.mark.server, pytest.mark.slow]

MODES = ("legacy", "span", "event", "both", "openinference", "nested")
# What an instrumentation leaves out, here so that the tables in docs/formats.md are held to it.
NEW = {"ttft_ms", "cached_input_tokens", "parts"}
LACKS = {
    "legacy": {"ttft_ms", "cached_input_tokens"},
    "span": NEW,
    "event": NEW,
    "both": NEW,
    "openinference": set(),
    "nested": set(),
}


class Kinds:
    """A stage is what the span says that it is."""

    def stage_of(self, name: str, kind: str | None) -> str:
        return {"chat": "inference", "LLM": "inference", "retrieval": "retrieval", "RETRIEVER": "retrieval"}.get(
            kind or "", "other"
        )


@dataclass
class Run:
    """One instrumented process: what it wrote and what the server saw."""

    mode: str
    server: OpenAIServer
    entries: list[Entry]
    rows: list[Row]
    rejects: list[RejectedEntry]

    def of(self, table: str) -> list[dict[str, Any]]:
        return [row.fields for row in self.rows if row.table.name == table]

    def call(self, case: Case) -> tuple[dict[str, Any], Exchange]:
        (exchange,) = self.server.of(case.name)
        answered = exchange.model if exchange.answer.status < 400 and case.kind != "timeout" else case.name
        (row,) = [row for row in self.of("interactions") if row["model_version"] == answered]
        return row, exchange


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> dict[str, Run]:
    """All modes at once, each in a process of its own with a server of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(checkout), os.environ.get("PYTHONPATH", "")))}
    with ExitStack() as stack:
        started = {}
        for mode in MODES:
            server = stack.enter_context(OpenAIServer(ANSWERS))
            folder = tmp_path_factory.mktemp(mode)
            command = [sys.executable, "-m", "tests.clients.otel_client", mode, server.url, str(folder)]
            process = subprocess.Popen(command, cwd=checkout, env=environment, stderr=subprocess.PIPE, text=True)
            started[mode] = (server, folder, stack.enter_context(process))
        for mode, (_, _, process) in started.items():
            _, stderr = process.communicate(timeout=120)
            assert process.returncode == 0, f"{mode}: {stderr}"
    return {mode: _ingested(mode, server, folder) for mode, (server, folder, _) in started.items()}


@pytest.fixture(params=MODES)
def run(request: pytest.FixtureRequest, runs: dict[str, Run]) -> Run:
    return runs[request.param]


def test_every_call_is_one_interaction_and_nothing_is_rejected(run: Run) -> None:
    assert run.rejects == []
    assert len(run.of("interactions")) == len(CASES) == len(run.server.exchanges) - 1  # the embedding is none
    assert len(run.of("spans")) == (5 if run.mode == "nested" else 4) * len(CASES) + (3 if run.mode == "nested" else 2)
    assert len({row["request_id"] for row in run.of("interactions")}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_was_read_is_what_was_sent_and_answered(run: Run, case: Case) -> None:
    row, exchange = run.call(case)
    assert row.get("prompt") == (None if case.name in LACKS[run.mode] else _asked(exchange))
    assert row["provider"] == "openai"
    assert (row["session_id"], row["user_id"]) == ("session-9", "user-7")
    assert row.get("expected_format") == ("json" if case.json else None)
    assert row["error_kind"] == case.kind
    assert (row["error"] is None) == (case.kind is None)
    if case.kind is None:
        assert row["response"] == _answered(exchange)
        assert row["finish_reason"] == {"tool_calls": "tool_call"}.get(
            case.answer.finish_reason, case.answer.finish_reason
        )
        counted = not case.stream or case.usage
        assert row.get("input_tokens") == (case.answer.prompt_tokens if counted else None)
        assert row.get("output_tokens") == (case.answer.completion_tokens if counted else None)
    if case.name == "broken-stream":
        assert row["response"] == case.answer.pieces[0]
    if case.answer.error:
        assert str(case.answer.error["message"]) in row["error"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_times_are_those_of_the_server_and_a_little_more(run: Run, case: Case) -> None:
    row, exchange = run.call(case)
    at = _seconds(row["timestamp"])
    assert exchange.asked - 5 < at <= exchange.asked
    if case.name == "timeout":
        assert 1000 * case.timeout_s <= row["total_latency_ms"] < 1000 * case.answer.first_s
    else:
        assert exchange.ended is not None or case.answer.broken
        ended = exchange.ended or exchange.first or exchange.asked
        assert at + row["total_latency_ms"] / 1000 >= ended - 0.002
        assert row["total_latency_ms"] <= 1000 * (ended - exchange.asked) + 5000  # five processes on a shared machine


def test_the_first_chunk_of_a_stream_comes_between_start_and_end(run: Run) -> None:
    for case in CASES:
        row, exchange = run.call(case)
        if "ttft_ms" in LACKS[run.mode] or not case.stream:
            assert row["ttft_ms"] is None
        else:
            assert exchange.first is not None
            assert 1000 * case.answer.first_s <= row["ttft_ms"] <= row["total_latency_ms"]
            assert _seconds(row["timestamp"]) + row["ttft_ms"] / 1000 >= exchange.first - 0.002
            if case.answer.piece_s:
                assert row["ttft_ms"] < row["total_latency_ms"] - 1000 * case.answer.piece_s


def test_cached_tokens_are_read_where_they_are_written(run: Run) -> None:
    row, exchange = run.call(CASES[0])
    lacking = "cached_input_tokens" in LACKS[run.mode]
    assert row.get("cached_input_tokens") == (None if lacking else exchange.answer.cached_tokens)


def test_the_spans_of_a_request_are_its_stages(run: Run) -> None:
    row, _ = run.call(CASES[0])
    spans = sorted(
        (span for span in run.of("spans") if span["trace_id"] == row["trace_id"]), key=lambda span: span["start"]
    )
    wrapper = ["other"] if run.mode == "nested" else []
    assert [span["stage"] for span in spans] == ["other", "retrieval", *wrapper, "inference", "other"]
    assert (spans[0]["name"], spans[-1]["name"]) == ("POST /ask", "format answer")
    assert {span["request_id"] for span in spans} == {row["request_id"]}
    assert spans[0]["parent_id"] is None
    assert spans[-2]["parent_id"] == spans[-3 if wrapper else 0]["span_id"]
    assert spans[-2]["span_id"] == row["request_id"]
    assert row["contexts"] == [{"id": "doc-1", "text": "Paris is the capital of France.", "score": 0.9}]
    tags = {"service": "shop", "environment": "test", "route": "/ask", "contexts_without_text": 1}
    assert row["tags"] == tags


def test_every_day_of_a_row_is_named_by_its_line(run: Run) -> None:
    for row in run.rows:
        assert row.of is not None
        assert row.of.date() in OtlpFormat(Kinds()).days(row.entry.raw)


def _ingested(mode: str, server: OpenAIServer, folder: Path) -> Run:
    entries = [
        Entry(path.name, number, raw)
        for path in sorted(folder.glob("*.jsonl"))
        for number, raw in enumerate(path.read_bytes().split(b"\n"), 1)
        if raw
    ]
    items = list(OtlpFormat(Kinds()).read(entries))
    rows = [row for row in items if isinstance(row, Row)]
    return Run(mode, server, entries, rows, [row for row in items if isinstance(row, RejectedEntry)])


def _asked(exchange: Exchange) -> list[dict[str, Any]]:
    return [
        {"role": message["role"], "content": _text(message["content"]) or _calls(message["tool_calls"])}
        for message in exchange.request["messages"]
    ]


def _text(content: str | list[dict[str, Any]] | None) -> str | None:
    return "\n".join(part["text"] for part in content if "text" in part) if isinstance(content, list) else content


def _answered(exchange: Exchange) -> str:
    calls = [{"function": {"name": name, "arguments": arguments}} for name, arguments in exchange.answer.tool_calls]
    return exchange.answer.text or _calls(calls)


def _calls(calls: list[dict[str, Any]]) -> str:
    functions = [call["function"] for call in calls]
    named = [{"arguments": json.loads(each["arguments"]), "name": each["name"]} for each in functions]
    return json.dumps(named, separators=(",", ":"), sort_keys=True)


def _seconds(timestamp: str) -> float:
    return dt.datetime.fromisoformat(timestamp).timestamp()
