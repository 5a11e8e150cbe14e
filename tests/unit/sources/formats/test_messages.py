"""The shapes in which clients log what was asked and answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.sources.formats.messages import answer_of, finish_in, has_unknown_part, prompt_of

CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bern"}'}}
CALLED = '[{"arguments":{"city":"Bern"},"name":"weather"}]'
ANY_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "parts",
                    "type",
                    "text",
                    "tool_calls",
                    "function",
                    "choices",
                    "message",
                    "messages",
                    "output",
                ]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("plain", "plain"),
        ("", ""),
        ([{"role": "user", "content": "Hi"}], [{"role": "user", "content": "Hi"}]),
        ({"role": "user", "content": "Hi"}, [{"role": "user", "content": "Hi"}]),
        (
            {"messages": [{"role": "user", "content": "Hi"}], "tools": []},
            [{"role": "user", "content": "Hi"}],
        ),
        (
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is"},
                        {"type": "image_url", "image_url": {"url": "data:..."}},
                        {"type": "input_text", "text": "this?"},
                    ],
                }
            ],
            [{"role": "user", "content": "What is\nthis?"}],
        ),
        (
            [{"role": "assistant", "content": None, "tool_calls": [CALL]}, {"role": "tool", "content": "12 degrees"}],
            [{"role": "assistant", "content": CALLED}, {"role": "tool", "content": "12 degrees"}],
        ),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:..."}}]}],
            [{"role": "user", "content": None}],
        ),
        (
            {"system": "Be brief.", "messages": [{"role": "user", "content": "Hi"}]},  # Anthropic
            [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        ),
        (
            {"instructions": "Be brief.", "input": "Hi"},  # OpenAI responses
            [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        ),
        (
            {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},  # Gemini
            [{"role": "user", "content": "Hi"}],
        ),
        (
            [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}],  # OpenTelemetry
            [{"role": "user", "content": "Hi"}],
        ),
        (
            [{"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "12"}]}]}],
            [{"role": "tool", "content": "12"}],  # the prompt is what the person asked
        ),
        (
            [{"role": "user", "content": [{"type": "tool_result", "content": "12"}, {"type": "text", "text": "And?"}]}],
            [{"role": "tool", "content": "12"}, {"role": "user", "content": "And?"}],
        ),
        (
            [{"role": "user", "parts": [{"type": "tool_call_response", "id": "c", "result": {"c": 3}}]}],  # pydantic-ai
            [{"role": "tool", "content": '{"c":3}'}],
        ),
        (
            [{"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"text": "12"}]}}]}],  # Bedrock
            [{"role": "tool", "content": "12"}],
        ),
        (
            [{"role": "user", "parts": [{"function_response": {"name": "f", "response": {"c": 3}}}]}],  # Gemini
            [{"role": "tool", "content": '{"c":3}'}],
        ),
        (
            [{"role": "user", "content": "Run it"}, {"type": "reasoning", "summary": []}, {"type": "novelty", "x": 1}],
            [{"role": "user", "content": "Run it"}],
        ),
        (
            {
                "messages": [
                    [
                        {"lc": 1, "type": "constructor", "id": ["m", "SystemMessage"], "kwargs": {"content": "Brief."}},
                        {"lc": 1, "type": "constructor", "id": ["m", "HumanMessage"], "kwargs": {"content": "Hi"}},
                    ]
                ]
            },
            [{"role": "system", "content": "Brief."}, {"role": "user", "content": "Hi"}],
        ),
        ([{"type": "human", "data": {"content": "Hi"}}], [{"role": "user", "content": "Hi"}]),
        ({"prompts": ["Human: Hi"]}, "Human: Hi"),
        ([{"type": "human", "content": "Hi"}], [{"role": "user", "content": "Hi"}]),  # LangChain
        ({"question": "why", "b": 1}, '{"b":1,"question":"why"}'),
        ([], "[]"),
        (7, "7"),
    ],
)
def test_prompts(value: Any, expected: Any) -> None:
    assert prompt_of(value) == expected


@pytest.mark.parametrize(
    ("value", "answer", "finish"),
    [
        (None, None, None),
        ("plain", "plain", None),
        ({"role": "assistant", "content": "4"}, "4", None),
        ([{"role": "assistant", "content": "4"}], "4", None),
        ({"choices": [{"message": {"content": "4"}, "finish_reason": "stop"}]}, "4", "stop"),
        ({"choices": [{"message": {"tool_calls": [CALL]}, "finish_reason": "tool_calls"}]}, CALLED, "tool_calls"),
        ({"choices": [{"text": "old completion", "finish_reason": "length"}]}, "old completion", "length"),
        ({"choices": [{"message": {"content": None}, "finish_reason": "content_filter"}]}, None, "content_filter"),
        ({"role": "assistant", "content": "", "tool_calls": [CALL]}, CALLED, None),
        ({"role": "assistant", "content": "Looking", "tool_calls": [CALL]}, "Looking", None),
        ({"content": [{"type": "text", "text": "4"}], "stop_reason": "end_turn"}, "4", "end_turn"),
        (
            {
                "content": [{"type": "tool_use", "name": "weather", "input": {"city": "Bern"}}],
                "stop_reason": "tool_use",
            },
            CALLED,
            "tool_use",
        ),
        ({"candidates": [{"content": {"parts": [{"text": "4"}]}, "finishReason": "STOP"}]}, "4", "STOP"),
        (
            {
                "object": "response",
                "status": "completed",
                "output": [
                    {"type": "reasoning", "summary": []},
                    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "4"}]},
                ],
            },
            "4",
            "completed",
        ),
        (
            {
                "object": "response",
                "status": "completed",
                "output": [{"type": "function_call", "name": "weather", "arguments": '{"city": "Bern"}'}],
            },
            CALLED,
            "completed",
        ),
        ([{"role": "assistant", "parts": [{"type": "text", "content": "4"}], "finish_reason": "stop"}], "4", "stop"),
        (
            {"tool_calls": [{"function": {"name": "f", "arguments": '{"cut'}}]},
            '[{"arguments":"{\\"cut","name":"f"}]',
            None,
        ),
        ([{"type": "reasoning", "content": "Two and two"}, {"type": "text", "text": "4"}], "4", None),
        (
            [
                {"type": "web_search_call", "status": "completed"},
                {"type": "novelty", "x": 1},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "4"}]},
            ],
            "4",
            None,
        ),
        ([{"type": "custom_tool_call", "name": "sh", "input": "ls"}], '[{"arguments":"ls","name":"sh"}]', None),
        ({"generations": [[{"text": "4", "generation_info": {"finish_reason": "stop"}}]]}, "4", "stop"),
        (
            {
                "generations": [
                    [
                        {
                            "text": "",
                            "message": {
                                "lc": 1,
                                "type": "constructor",
                                "id": ["m", "AIMessage"],
                                "kwargs": {
                                    "content": "",
                                    "tool_calls": [{"name": "weather", "args": {"city": "Bern"}, "type": "tool_call"}],
                                    "response_metadata": {"finish_reason": "tool_calls"},
                                },
                            },
                        }
                    ]
                ]
            },
            CALLED,
            "tool_calls",
        ),
        (
            {"output": {"message": {"role": "assistant", "content": [{"text": "4"}]}}, "stopReason": "end_turn"},
            "4",
            "end_turn",
        ),
        ({"role": "assistant", "content": [{"toolUse": {"name": "weather", "input": {"city": "Bern"}}}]}, CALLED, None),
        (
            [{"type": "tool-call", "toolName": "weather", "args": {"city": "Bern"}}],
            CALLED,
            None,
        ),
        ({"messages": [{"type": "human", "content": "2+2"}, {"type": "ai", "content": "4"}]}, "4", None),  # LangGraph
        ({"total": 4}, '{"total":4}', None),
        ([1, 2], "[1,2]", None),
    ],
)
def test_answers_and_finish_reasons(value: Any, answer: str | None, finish: str | None) -> None:
    assert answer_of(value) == answer
    assert finish_in(value) == finish


def test_a_part_of_no_known_kind_is_told() -> None:
    text = {"type": "text", "text": "4"}
    assert has_unknown_part([text, {"type": "novelty"}])
    assert has_unknown_part({"choices": [{"message": {"content": [text, {"type": "novelty"}]}}]})
    assert not has_unknown_part([text, {"type": "reasoning"}])
    assert not has_unknown_part({"any": "thing"})


@given(ANY_JSON)
def test_any_json_gives_a_native_prompt_and_answer(value: Any) -> None:
    prompt, answer = prompt_of(value), answer_of(value)
    assert answer is None or isinstance(answer, str)
    assert prompt is None or isinstance(prompt, (str, list))
    if isinstance(prompt, list):
        for message in prompt:
            assert set(message) == {"role", "content"}
            assert isinstance(message["role"], str)
            assert message["content"] is None or isinstance(message["content"], str)
    finish_in(value)
    has_unknown_part(value)
    json.dumps([prompt, answer])
