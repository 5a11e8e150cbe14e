"""OTLP JSON in other spellings than the Collector's says the same."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest

from obs_lib.sources.entries import Entry, Row
from obs_lib.sources.formats.loading import load_format
from obs_lib.sources.formats.otlp.by_trace import by_trace
from obs_lib.sources.formats.otlp.format import OtlpFormat
from obs_lib.sources.options import SourceOptions
from tests.unit.sources.formats.test_otlp import TRACE, span, spans_line

CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m",
    "gen_ai.usage.input_tokens": 40,
    "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "Until six."}]}],
    "timeUnixNano": "an attribute may be called so",
}
LINE: dict[str, Any] = json.loads(
    spans_line(span("one", 1, attributes=CALL), span("two", 2, traceId="b" * 32, attributes=CALL))
)


def snake(value: Any) -> Any:
    if isinstance(value, list):
        return [snake(item) for item in value]
    if isinstance(value, dict):
        return {
            re.sub(r"([A-Z])", lambda letter: "_" + letter[0].lower(), name): snake(item)
            for name, item in value.items()
        }
    return value


def older(value: Any) -> Any:
    return json.loads(
        json.dumps(value).replace('"scopeSpans"', '"instrumentationLibrarySpans"').replace('"scope"', '"library"')
    )


SPELLED = {
    "protobuf's own names": snake(LINE),
    "before scopes": older(LINE),
    "both": snake(older(LINE)),
    "Tempo's batches": {"batches": LINE["resourceSpans"]},
    "Tempo's trace": {"trace": LINE},
    "Jaeger's result": {"result": snake(LINE)},
}


def read(line: Any) -> list[dict[str, Any]]:
    made = load_format(SourceOptions(format="otlp", path="x")).read([Entry("x.json", 1, json.dumps(line).encode())])
    return [item.fields for item in made if isinstance(item, Row)]


@pytest.mark.parametrize("name", SPELLED)
def test_every_spelling_says_what_the_collectors_says(name: str) -> None:
    entry = Entry("x.json", 1, json.dumps(SPELLED[name]).encode())
    assert read(SPELLED[name]) == read(LINE)
    assert sum(row.get("response") == "Until six." for row in read(SPELLED[name])) == 2
    assert load_format(SourceOptions(format="otlp", path="x")).days(entry.raw) == {dt.date(2026, 3, 7)}
    assert [trace for trace, _ in by_trace(entry)] == [TRACE, "b" * 32]


@pytest.mark.parametrize("name", SPELLED)
def test_a_line_is_known_as_otlp_in_any_spelling(name: str) -> None:
    assert OtlpFormat.owns(SPELLED[name])


def test_other_batches_are_no_traces() -> None:
    assert read({"batches": [{"size": 3}]}) == []
