"""What was offered and called, from every shape in which clients write it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.sources.entries import Rejected
from obs_lib.sources.formats.langfuse import fields as langfuse
from obs_lib.sources.formats.litellm import fields as litellm
from obs_lib.sources.formats.otlp import genai
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.tools import called, offered
from obs_lib.sources.validate import Limits, check

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"name": "weather", "parameters": SCHEMA}
CALL = {"name": "weather", "arguments": {"city": "Bern"}}
ASKED = {"city": "Bern"}
TEXT = json.dumps(ASKED)
GIVEN = {"name": "weather", "arguments": TEXT}


@pytest.mark.parametrize(
    "given",
    [
        TOOL,
        {"type": "function", "function": TOOL},
        {"type": "function", **TOOL},
        {"name": "weather", "input_schema": SCHEMA},
        {"toolSpec": {"name": "weather", "inputSchema": {"json": SCHEMA}}},
        {"functionDeclarations": [TOOL]},
        {"type": "function", "function": TOOL | {"parameters": json.dumps(SCHEMA)}},
    ],
)
def test_every_shape_of_a_tool_is_one_tool(given: dict[str, Any]) -> None:
    assert offered([given]) == [TOOL]


@pytest.mark.parametrize(
    "answer",
    [
        {"choices": [{"message": {"content": "I look.", "tool_calls": [{"function": GIVEN}]}}]},
        {"content": [{"type": "text", "text": "I look."}, {"type": "tool_use", "name": "weather", "input": {"city": "Bern"}}]},
        {"candidates": [{"content": {"parts": [{"functionCall": {"name": "weather", "args": {"city": "Bern"}}}]}}]},
        {"output": {"message": {"role": "assistant", "content": [{"toolUse": {"name": "weather", "input": ASKED}}]}}},
        {"output": [{"type": "function_call", "name": "weather", "arguments": TEXT}]},
        [{"role": "assistant", "parts": [{"type": "tool_call", "name": "weather", "arguments": TEXT}]}],
    ],
)  # fmt: skip
def test_a_call_is_found_beside_a_text_in_every_shape(answer: Any) -> None:
    assert tool_use({"tools": [TOOL]}, answer) == {"tools": [TOOL], "tool_calls": [CALL]}


def test_an_answer_without_calls_has_none() -> None:
    assert tool_use(None, {"role": "assistant", "content": "4"}) == {}
    assert tool_use({"tools": "all of them"}, "4") == {}


def row(**fields: Any) -> dict[str, Any]:
    return check(INTERACTIONS, {"request_id": "r", "timestamp": "2024-03-01T10:00:00Z", **fields}, Limits())


def test_a_response_that_is_calls_alone_says_them() -> None:
    alone = json.dumps([CALL], sort_keys=True, separators=(",", ":"))
    assert json.loads(row(response=alone)["tool_calls"]) == [CALL]
    assert row(response=json.dumps([CALL | {"more": 1}]))["tool_calls"] is None  # somebody's data
    assert row(response="[" * 100_000)["tool_calls"] is None
    assert json.loads(row(response=alone, tool_calls=[])["tool_calls"]) == []


def test_arguments_that_are_no_json_stay_text() -> None:
    cut = [{"name": "weather", "arguments": '{"city": "Be'}]
    assert json.loads(row(tool_calls=cut)["tool_calls"]) == cut


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"tools": {}}, "tools: not a list"),
        ({"tools": ["weather"]}, "tools: an item that is no object"),
        ({"tools": [{}]}, "tools: an item without a name"),
        ({"tool_calls": "x"}, "tool_calls: not a list"),
        ({"tool_calls": [{"arguments": {}}]}, "tool_calls: an item without a name"),
        ({"tool_calls": [7]}, "tool_calls: an item without a name"),
    ],
)
def test_a_native_field_of_another_shape_is_rejected_with_its_rule(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        row(**fields)


def test_nothing_offered_is_not_unknown() -> None:
    assert (offered([]), offered(None), called([], "x"), called(None, "x")) == ([], None, [], None)


ANSWER = {"role": "assistant", "content": "I look.", "tool_calls": [{"function": GIVEN}]}
BODY = {"choices": [{"finish_reason": "tool_calls", "message": ANSWER}]}
OPENAI_TOOL = {"type": "function", "function": TOOL}
START = "2024-03-01T10:00:00.000Z"
EXPECTED = {"tools": [TOOL], "tool_calls": [CALL], "response": "I look."}


def test_formats_read_both_beside_the_text_of_the_answer() -> None:
    parts = [{"type": "text", "content": "I look."}, {"type": "tool_call", "name": "weather", "arguments": ASKED}]
    attributes = {
        "gen_ai.tool.definitions": json.dumps([{"type": "function", **TOOL}]),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": parts}]),
    }
    generation = {"id": "g", "startTime": START, "input": {"tools": [OPENAI_TOOL], "messages": []}, "output": BODY}
    payload = {"id": "l", "startTime": 1709287200.0, "model_parameters": {"tools": [OPENAI_TOOL]}, "response": BODY}
    for read in (genai.fields(attributes, []), langfuse.interaction(generation, {}), litellm.interaction(payload)):
        assert {name: read[name] for name in EXPECTED} == EXPECTED
