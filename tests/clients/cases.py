"""What clients ask of the OpenAI-compatible server, and what it answers: the same cases for every client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.clients.openai_server import Answer

_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
_ASKED = [
    {"role": "system", "content": "You answer in one sentence."},
    {"role": "user", "content": 'Which city is the capital of France?\n"Paris" – or 里昂? 🤔'},
]
_PARIS = Answer(
    pieces=("The capital", " of France", " is Paris. 🗼"), prompt_tokens=23, completion_tokens=7, cached_tokens=16
)
_SHOWN = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
            {"type": "text", "text": "this?"},
        ],
    }
]
_CALLED = Answer(
    pieces=(),
    tool_calls=(("get_weather", '{"city": "Paris", "days": 2}'),),
    finish_reason="tool_calls",
    prompt_tokens=40,
)
_CALL = {"id": "call_0", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}
_TOLD = [
    {"role": "user", "content": "Is it raining in Paris?"},
    {"role": "assistant", "content": None, "tool_calls": [_CALL]},
    {"role": "tool", "tool_call_id": "call_0", "content": "rain, 12 degrees"},
]


@dataclass(frozen=True)
class Case:
    """One call. name : also the model that is asked for. kind : the `records.ERROR_KINDS` that it ends in."""

    name: str
    messages: list[dict[str, Any]] = field(default_factory=lambda: _ASKED)
    answer: Answer = _PARIS
    stream: bool = False
    tools: bool = False
    json: bool = False
    usage: bool = True  # whether a stream is asked for its token counts
    timeout_s: float = 10.0
    kind: str | None = None

    @property
    def request(self) -> dict[str, Any]:
        """The arguments of `client.chat.completions.create`."""
        asked: dict[str, Any] = {"model": self.name, "messages": self.messages, "timeout": self.timeout_s}
        if self.stream:
            asked["stream"] = True
            if self.usage:
                asked["stream_options"] = {"include_usage": True}
        if self.tools:
            asked["tools"] = [_WEATHER]
        if self.json:
            asked["response_format"] = {"type": "json_object"}
        return asked


CASES = (
    Case("plain"),
    Case("streamed", stream=True, answer=Answer(**{**_PARIS.__dict__, "first_s": 0.2, "piece_s": 0.3})),
    Case("streamed-uncounted", stream=True, usage=False),
    Case("tool-call", tools=True, answer=_CALLED, messages=_TOLD[:1]),
    Case("tool-call-streamed", tools=True, stream=True, answer=_CALLED, messages=_TOLD[:1]),
    Case("tool-result", tools=True, messages=_TOLD, answer=Answer(pieces=("Yes", ", it is raining."))),
    Case("cut-short", answer=Answer(pieces=("The capital of",), finish_reason="length")),
    Case("filtered", answer=Answer(pieces=("I",), finish_reason="content_filter")),
    Case("json", json=True, answer=Answer(pieces=('{"capital": ', '"Paris"}'))),
    Case("parts", messages=_SHOWN),
    Case("slow", answer=Answer(first_s=0.3)),
    Case(
        "rate-limited",
        answer=Answer(status=429, error={"message": "Too many.", "type": "requests", "code": "rate_limit_exceeded"}),
        kind="rate_limit",
    ),
    Case("failing", answer=Answer(status=500), kind="server"),
    Case(
        "too-long",
        answer=Answer(
            status=400,
            error={
                "message": "This model's maximum context length is 8 tokens.",
                "type": "invalid_request_error",
                "code": "context_length_exceeded",
            },
        ),
        kind="context_length",
    ),
    Case("timeout", answer=Answer(first_s=2.0), timeout_s=0.3, kind="timeout"),
    Case("broken-stream", stream=True, answer=Answer(broken=True), kind="server"),
)
ANSWERS = {case.name: case.answer for case in CASES}
