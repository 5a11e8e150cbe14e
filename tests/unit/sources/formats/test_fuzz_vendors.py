"""10,000 damaged entries of each format: no crash, and each is a row, a Reject or a trace's own record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obs_lib.sources.entries import Entry, Format, Found, Reject
from obs_lib.sources.formats.langfuse import LangfuseFormat
from obs_lib.sources.formats.langfuse_attributes import contexts, native_fields
from obs_lib.sources.formats.litellm import LiteLLMFormat
from obs_lib.sources.formats.parse import Unreadable, object_of
from tests.mutate import mutations

RECORDED = Path(__file__).parent / "recorded"
N, TOGETHER = 10_000, 5  # few at a time: damaged copies of one observation replace each other
GENERATION = {
    "id": "g1",
    "traceId": "t1",
    "type": "GENERATION",
    "name": "answer",
    "startTime": "2024-05-01T10:00:00.000Z",
    "endTime": "2024-05-01T10:00:02.000Z",
    "completionStartTime": "2024-05-01T10:00:00.500Z",
    "providedModelName": "gpt-4o",
    "input": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
    "output": {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
    "usageDetails": {"input": 5, "output": 3, "input_cached_tokens": 2},
    "costDetails": {"total": 0.1},
    "metadata": {"country": "ch"},
    "tags": ["env:prod"],
    "level": "ERROR",
    "statusMessage": "Error code: 429 - slow down",
}
LANGFUSE: list[dict[str, Any]] = [
    GENERATION,
    {**GENERATION, "id": "g2", "usageDetails": None, "usage": {"input": 1, "output": 2, "unit": "TOKENS"}},
    {**GENERATION, "id": "r1", "type": "RETRIEVER", "output": [{"id": 1, "text": "Bern", "score": "0.5"}]},
    {**GENERATION, "id": "p1", "type": "GUARDRAIL", "output": {"passed": False}},
    {"id": "t1", "timestamp": "2024-05-01T10:00:00Z", "name": "chat", "observations": [GENERATION], "scores": []},
    {
        "id": "s1",
        "traceId": "t1",
        "observationId": "g1",
        "name": "quality",
        "value": 0.5,
        "dataType": "NUMERIC",
        "source": "API",
    },
    {"id": "s2", "name": "tone", "value": "kind", "dataType": "CATEGORICAL", "subject": {"kind": "trace", "id": "t1"}},
]


class Names:
    def stage_of(self, name: str, kind: str | None) -> str:
        assert isinstance(name, str)
        assert kind is None or isinstance(kind, str)
        return "other"


def formats() -> Iterator[Any]:
    lines = [json.dumps(item).encode() for item in LANGFUSE]
    yield pytest.param(LangfuseFormat(Names()), lines, id="langfuse")
    yield pytest.param(LiteLLMFormat(Names()), (RECORDED / "litellm.jsonl").read_bytes().splitlines(), id="litellm")


@pytest.mark.parametrize(("log", "lines"), list(formats()))
def test_damaged_entries(log: Format, lines: list[bytes]) -> None:
    entries = [Entry("f", n, raw) for n, raw in enumerate(mutations(lines, N, seed=7), start=1)]
    rows = rejects = 0
    for start in range(0, N, TOGETHER):
        part = entries[start : start + TOGETHER]
        left = {entry.number: entry for entry in part}
        for found in log.read(part):
            assert isinstance(found, (Found, Reject))
            left.pop(found.entry.number, None)
            rows += isinstance(found, Found)
            rejects += isinstance(found, Reject)
            if isinstance(found, Found):
                storable(found.fields)
        assert [entry.raw for entry in left.values() if not is_trace(entry.raw)] == []
    for entry in entries:
        log.days(entry.raw)
    assert rows > N / 4
    assert rejects > N / 10


def test_damaged_attributes_of_the_sdk() -> None:
    lines = (RECORDED / "langfuse_spans.jsonl").read_bytes().splitlines()
    seen = 0
    for raw in mutations(lines, N, seed=7):
        try:
            attributes = object_of(raw).get("attributes")
        except Unreadable:
            continue
        if isinstance(attributes, dict):
            storable(native_fields(attributes))
            contexts(attributes)
            seen += 1
    assert seen > N / 4


def storable(value: Any) -> None:
    """No half surrogate pair may come out: no table could hold it."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict):
        for name, item in value.items():
            storable(name)
            storable(item)
    elif isinstance(value, list):
        for item in value:
            storable(item)


def is_trace(raw: bytes) -> bool:
    """A trace's record gives no row of its own."""
    found = object_of(raw)
    return "timestamp" in found and "id" in found and "type" not in found
