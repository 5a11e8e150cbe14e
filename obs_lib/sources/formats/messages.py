"""Chat messages and answers of OpenAI-like shape, as the native format's `prompt` and `response`.

Read are the shapes that clients log: OpenAI's chat completions and responses, Anthropic's messages, Gemini's contents,
Bedrock's Converse, LangChain's serialisations, and the `parts` of the OpenTelemetry GenAI conventions. Images, audio and files
have no place in a text column and are left out. What a tool gave back is a message of the role `tool`, whatever role it bears
in the log: the prompt is what the person asked.

Nothing here raises for what a log holds, as long as it is not nested beyond `parse.DEEPEST`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from obs_lib.sources.formats import parts
from obs_lib.sources.formats.langchain import TYPES, generation, message_in, plain_message
from obs_lib.sources.values import well_formed

Message = dict[str, str | None]
"""{role, content}; content is None where a message holds nothing that can be written as text."""

_ROLES = {
    **TYPES,
    "function_call": "assistant",
    "custom_tool_call": "assistant",
    "model": "model",
    **dict.fromkeys(("function_call_output", "custom_tool_call_output"), "tool"),
}
_ASKED = ("messages", "contents", "input", "prompts")
_REQUEST = frozenset({"model", "system", "temperature", "max_tokens", "max_tokens_to_sample", "max_gen_len", "top_p"})


def prompt_of(value: Any) -> str | list[Message] | None:
    """What was asked, as the native `prompt`: text stays text, messages become {role, content}, other JSON its text.

    >>> prompt_of({"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]})
    [{'role': 'user', 'content': 'Hi'}]
    """
    if value is None or isinstance(value, str):
        return value
    value = plain_message(value)
    if isinstance(value, dict):
        for name in _ASKED:
            if isinstance(value.get(name), (list, str)):
                return _with_system(value, prompt_of(value[name]))
        if isinstance(value.get("prompt"), str) and _REQUEST.intersection(value):
            return _with_system(value, value["prompt"])
        if _is_message(value):
            return messages_of(value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], (list, str)):
        return prompt_of(value[0])  # LangChain asks in batches
    listed = _messages(value)
    return compact(value) if listed is None else [message for item in listed for message in messages_of(item)]


def messages_of(item: dict[str, Any]) -> list[Message]:
    """One message of a log, its tool results as messages of their own before it."""
    message = message_of(item)
    inside: list[Any] = next((item[name] for name in ("content", "parts") if isinstance(item.get(name), list)), [])
    results = [part for part in inside if parts.is_result(part)]
    if message["role"] not in ("user", "assistant", "model") or not results:
        return [message]
    given: list[Message] = [{"role": "tool", "content": text} for part in results if (text := _part_text(part))]
    rest = [part for part in inside if not parts.is_result(part)]
    text = _joined(rest) or _calls_text(list(parts.calls_in({"content": rest})))
    return [*given, {"role": message["role"], "content": text}] if text else given or [{**message, "role": "tool"}]


def message_of(item: dict[str, Any]) -> Message:
    """One message: its text, or its tool calls as JSON text where it has none."""
    item = plain_message(item)
    role = str(item.get("role", item.get("type")))
    return {"role": _ROLES.get(role, role), "content": text_of(item)}


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
    if isinstance(inner, list) and any(_is_part_or_message(item) for item in inner):
        said = [item for item in inner if _is_part_or_message(item) and item.get("type") not in parts.SILENT]
        texts = [text for text in map(_text_in, said) if text]
        return "\n".join(texts) if texts else _calls_text([call for item in said for call in parts.calls_in(item)])
    return compact(inner)


def calls_of(value: Any) -> list[dict[str, Any]] | None:
    """The tool calls of an answer as {name, arguments}; None where it holds none.

    >>> calls_of({"choices": [{"message": {"content": "4", "tool_calls": [{"function": {"name": "add", "arguments": "{}"}}]}}]})
    [{'name': 'add', 'arguments': {}}]
    """
    inner = _answer_body(value) if isinstance(value, (dict, list)) else None
    said = [inner] if isinstance(inner, dict) else inner if isinstance(inner, list) else []
    messages = [plain_message(item) for item in said if _is_part_or_message(item)]
    calls = [call for item in messages for call in parts.calls_in(item) if isinstance(call["name"], str)]
    return calls or None


def has_unknown_part(answer: Any) -> bool:
    """Whether something stands among the parts of an answer that is of no known kind, and was left out of its text.

    >>> has_unknown_part([{"type": "text", "text": "4"}, {"type": "hologram"}]), has_unknown_part("4")
    (True, False)
    """
    if not isinstance(answer, (dict, list)):
        return False
    inner = _answer_body(answer)
    if isinstance(inner, list) and inner and _is_message(inner[0]) and len(inner) == 1:
        inner = inner[0]  # the first choice
    if isinstance(inner, dict):
        inner = next((inner[name] for name in ("content", "parts") if isinstance(inner.get(name), list)), [])
    if not isinstance(inner, list) or not any(_is_part_or_message(item) for item in inner):
        return False
    return not all(parts.is_known(item) or _is_message(item) for item in inner)


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
    if (first := generation(value)) is not None:
        return _generated_finish(first)
    details = value.get("incomplete_details")
    if isinstance(details, dict) and details.get("reason"):
        return details["reason"]
    names = ("finish_reason", "finishReason", "stop_reason", "stopReason")
    said = next((value[name] for name in names if value.get(name)), None) or _responses_status(value)
    return said or (finish_in(value["message"]) if isinstance(value.get("message"), dict) else None)


def text_of(item: dict[str, Any]) -> str | None:
    """The text of one message in any of the shapes; its tool calls as JSON text where it has none; else None."""
    item = plain_message(item)
    text = _text_in(item)
    return text or _calls_text(list(parts.calls_in(item))) or text


def compact(value: Any) -> str:
    """JSON text that equal values share."""
    return well_formed(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def _messages(value: Any) -> list[dict[str, Any]] | None:
    """The messages of a list; None where it holds none, or anything but messages and parts of a known kind or none."""
    if not isinstance(value, list) or not value:
        return None
    items = [plain_message(item) for item in value]
    messages = [item for item in items if _is_message(item)]
    others = [item for item in items if not _is_message(item)]
    typed = all(isinstance(item, dict) and isinstance(item.get("type"), str) for item in others)
    return messages if messages and typed else None


def _is_message(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    kind = item.get("type")
    named = isinstance(kind, str) and kind in TYPES and "content" in item
    return isinstance(item.get("role"), str) or named or kind in ("human", "ai") or _is_item(kind)


def _is_item(kind: Any) -> bool:
    """Of the Responses API, whose conversation holds calls and results beside messages."""
    return kind in ("function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output")


def _is_part_or_message(item: Any) -> bool:
    known = (*parts.TEXTS[1:], *parts.CALLS, "reasoning", "thinking")
    return isinstance(item, dict) and (_speaks(item) or item.get("type") in known or parts.is_call(item))


def _speaks(item: dict[str, Any]) -> bool:
    return (
        any(name in item for name in ("content", "parts", "tool_calls", "function_call"))
        or item.get("type") in parts.CALLS
    )


def _with_system(body: dict[str, Any], asked: str | list[Message] | None) -> str | list[Message] | None:
    """Anthropic and the Responses API keep the system prompt beside the messages."""
    names = ("system", "instructions", "systemInstruction", "system_instruction")
    given = next((body[name] for name in names if name in body), None)
    text = given if isinstance(given, str) else text_of(given if isinstance(given, dict) else {"content": given})
    if not text or asked is None:
        return asked
    return [
        {"role": "system", "content": text},
        *([{"role": "user", "content": asked}] if isinstance(asked, str) else asked),
    ]


def _answer_body(value: Any) -> Any:
    """The message inside a whole response body; the value itself where it is none."""
    value = plain_message(value)
    if not isinstance(value, dict):
        return value
    for name, inner in (("choices", "message"), ("candidates", "content")):
        choices = value.get(name)
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            return choices[0].get(inner, choices[0].get("text"))
    if (first := generation(value)) is not None:
        return message_in(first)
    output = value.get("output")
    if isinstance(output, dict) and isinstance(output.get("message"), dict):  # Bedrock's Converse
        return output["message"]
    if isinstance(output, list):
        return output
    if isinstance(value.get("message"), dict):
        return plain_message(value["message"])
    return _last_said(value.get("messages")) or value


def _last_said(conversation: Any) -> dict[str, Any] | None:
    """The answer at the end of a conversation, as LangGraph gives it back; None where somebody else spoke last."""
    listed = _messages(conversation)
    return listed[-1] if listed and message_of(listed[-1])["role"] == "assistant" else None


def _generated_finish(first: dict[str, Any]) -> Any:
    """LangChain keeps it in the generation's own words, or in its message's metadata."""
    message = plain_message(first.get("message"))
    told = [first.get("generation_info"), message.get("response_metadata") if isinstance(message, dict) else None]
    return next((reason for item in told if isinstance(item, dict) and (reason := finish_in(item))), None)


def _responses_status(body: dict[str, Any]) -> Any:
    """The Responses API says "completed" of a whole answer; elsewhere `status` means other things."""
    return body.get("status") if body.get("object") == "response" and body.get("status") != "in_progress" else None


def _text_in(item: dict[str, Any]) -> str | None:
    if item.get("type") in parts.CALLS:
        return None  # what a tool is given, or gave, is not what the model said
    for name in ("content", "parts", "text", "refusal", "output", "response", "result"):
        if (text := _joined(item.get(name))) is not None and text != "":
            return text
    return "" if item.get("content") == "" else None


def _joined(content: Any) -> str | None:
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    return "\n".join(texts) if (texts := list(_part_texts(content))) else None


def _part_texts(content: list[Any]) -> Iterator[str]:
    for part in content:
        if text := _part_text(part):
            yield text


def _part_text(part: Any) -> str | None:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return None
    if parts.is_result(part):
        result = parts.result_of(part)
        if isinstance(result, list):
            result = _joined(result) or [item.get("json", item) for item in result if isinstance(item, dict)] or None
        return result if result is None or isinstance(result, str) else compact(result)
    if part.get("type") in parts.TEXTS and not part.get("thought"):  # Gemini marks what it thought
        return next((part[name] for name in ("text", "content", "refusal") if isinstance(part.get(name), str)), None)
    return None


def _calls_text(calls: list[dict[str, Any]]) -> str | None:
    return compact(calls) if calls else None
