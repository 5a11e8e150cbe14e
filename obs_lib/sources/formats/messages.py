"""Chat messages and answers of OpenAI-like shape, as the native format's `prompt` and `response`.

Read are the shapes that clients log: OpenAI's chat completions and responses, Anthropic's messages, Gemini's contents, and
the `parts` of the OpenTelemetry GenAI conventions. Images, audio and files have no place in a text column and are left out.
Nothing here raises for what a log holds, as long as it is not nested beyond `parse.DEEPEST`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from obs_lib.sources.formats.parse import embedded
from obs_lib.sources.values import well_formed

Message = dict[str, str | None]
"""{role, content}; content is None where a message holds nothing that can be written as text."""

_TEXT_PARTS = (None, "text", "input_text", "output_text", "refusal")
_CALL_PARTS = ("tool_call", "tool_use", "function_call", "server_tool_call")
_RESULT_PARTS = ("tool_result", "tool_call_response", "function_call_output", "server_tool_call_response")


def prompt_of(value: Any) -> str | list[Message] | None:
    """What was asked, as the native `prompt`: text stays text, messages become {role, content}, other JSON its text.

    >>> prompt_of({"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]})
    [{'role': 'user', 'content': 'Hi'}]
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        for name in ("messages", "contents", "input"):
            if isinstance(value.get(name), (list, str)):
                return _with_system(value, prompt_of(value[name]))
        if _is_message(value):
            return [message_of(value)]
    if isinstance(value, list) and value and all(map(_is_message, value)):
        return [message_of(item) for item in value]
    return compact(value)


def message_of(item: dict[str, Any]) -> Message:
    """One message: its text, or its tool calls as JSON text where it has none."""
    role = item.get("role", item.get("type"))
    name = {"function_call": "assistant", "function_call_output": "tool", "human": "user", "ai": "assistant"}
    return {"role": name.get(str(role), str(role)), "content": text_of(item)}


def answer_of(value: Any) -> str | None:
    """What was answered: the text; tool calls as JSON text where there is none; other JSON as its text; None for nothing.

    >>> answer_of({"choices": [{"message": {"role": "assistant", "content": "4"}}]})
    '4'
    >>> answer_of({"tool_calls": [{"function": {"name": "add", "arguments": '{"a": 1}'}}]})
    '[{"arguments":{"a":1},"name":"add"}]'
    """
    if value is None or isinstance(value, str):
        return value
    inner = _answer_body(value)
    if inner is None or isinstance(inner, str):
        return inner
    if isinstance(inner, dict) and (_speaks(inner) or inner is not value):
        return text_of(inner)
    if isinstance(inner, list) and inner and all(_is_part_or_message(item) for item in inner):
        parts = [item for item in inner if item.get("type") != "reasoning"]
        texts = [text for text in map(_text_in, parts) if text]
        return "\n".join(texts) if texts else _calls_text([call for item in parts for call in _calls_in(item)])
    return compact(inner)


def finish_in(value: Any) -> Any:
    """The finish reason that a response body carries, in the provider's word; None where it carries none."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return None
    for name in ("choices", "candidates"):
        inner = value.get(name)
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            return inner[0].get("finish_reason") or inner[0].get("finishReason")
    details = value.get("incomplete_details")
    if isinstance(details, dict) and details.get("reason"):
        return details["reason"]
    return (
        value.get("finish_reason") or value.get("finishReason") or value.get("stop_reason") or _responses_status(value)
    )


def text_of(item: dict[str, Any]) -> str | None:
    """The text of one message in any of the shapes; its tool calls as JSON text where it has none; else None."""
    text = _text_in(item)
    return text or _calls_text(list(_calls_in(item))) or text


def compact(value: Any) -> str:
    """JSON text that equal values share."""
    return well_formed(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def _is_message(item: Any) -> bool:
    return isinstance(item, dict) and (
        isinstance(item.get("role"), str)
        or item.get("type") in ("function_call", "function_call_output", "human", "ai")
    )


def _is_part_or_message(item: Any) -> bool:
    parts = (*_TEXT_PARTS[1:], *_CALL_PARTS, "reasoning")
    return isinstance(item, dict) and (_speaks(item) or item.get("type") in parts)


def _speaks(item: dict[str, Any]) -> bool:
    return (
        any(name in item for name in ("content", "parts", "tool_calls", "function_call"))
        or item.get("type") in _CALL_PARTS
    )


def _with_system(body: dict[str, Any], asked: str | list[Message] | None) -> str | list[Message] | None:
    """Anthropic and the Responses API keep the system prompt beside the messages."""
    given = body.get("system", body.get("instructions", body.get("systemInstruction")))
    text = given if isinstance(given, str) else text_of(given if isinstance(given, dict) else {"content": given})
    if not text or asked is None:
        return asked
    return [
        {"role": "system", "content": text},
        *([{"role": "user", "content": asked}] if isinstance(asked, str) else asked),
    ]


def _answer_body(value: Any) -> Any:
    """The message inside a whole response body; the value itself where it is none."""
    if not isinstance(value, dict):
        return value
    for name, inner in (("choices", "message"), ("candidates", "content")):
        choices = value.get(name)
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            return choices[0].get(inner, choices[0].get("text"))
    if isinstance(value.get("output"), list):
        return value["output"]
    if isinstance(value.get("message"), dict):
        return value["message"]
    return value


def _responses_status(body: dict[str, Any]) -> Any:
    """The Responses API says "completed" of a whole answer; elsewhere `status` means other things."""
    return body.get("status") if body.get("object") == "response" and body.get("status") != "in_progress" else None


def _text_in(item: dict[str, Any]) -> str | None:
    for name in ("content", "parts", "text", "refusal", "output", "response", "result"):
        if (text := _joined(item.get(name))) is not None and text != "":
            return text
    return "" if item.get("content") == "" else None


def _joined(content: Any) -> str | None:
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    texts = [text for part in content if (text := _part_text(part))]
    return "\n".join(texts) if texts else None


def _part_text(part: Any) -> str | None:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return None
    if part.get("type") in _TEXT_PARTS:
        return next((part[name] for name in ("text", "content", "refusal") if isinstance(part.get(name), str)), None)
    if part.get("type") in _RESULT_PARTS:
        result = next(
            (part[name] for name in ("content", "response", "result", "output") if part.get(name) is not None), None
        )
        return _joined(result) if isinstance(result, (str, list)) else None if result is None else compact(result)
    return None


def _calls_in(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every tool call of a message, as {name, arguments}."""
    if item.get("type") in _CALL_PARTS:
        yield _call(item)
    if isinstance(item.get("function_call"), dict):
        yield _call(item["function_call"])
    for name in ("tool_calls", "content", "parts"):
        parts = item.get(name)
        for part in parts if isinstance(parts, list) else ():
            if not isinstance(part, dict):
                continue
            inner = part.get("function", part.get("functionCall", part.get("function_call")))
            if isinstance(inner, dict):
                yield _call(inner)
            elif name == "tool_calls" or part.get("type") in _CALL_PARTS:
                yield _call(part)


def _call(item: dict[str, Any]) -> dict[str, Any]:
    given = next((item[name] for name in ("arguments", "input", "args") if item.get(name) is not None), None)
    if isinstance(given, str):
        given = embedded(given)  # text where the answer was cut in the middle of the object
    return {"name": item.get("name"), "arguments": given}


def _calls_text(calls: list[dict[str, Any]]) -> str | None:
    return compact(calls) if calls else None
