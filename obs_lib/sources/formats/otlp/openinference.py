"""OpenInference attributes, to the fields of the native log format.

Conventions: https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md. Lists are flattened:
`llm.input_messages.0.message.contents.1.message_content.text`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.messages import Message, answer_of, finish_in, messages_of, prompt_of, text_of
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import captured, first, indexed, number, text, unwrapped
from obs_lib.sources.formats.parse import embedded, mapping
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import usage_in

KIND = "openinference.span.kind"

_MARKS = ("llm.", "input.", "output.")
_TEXTS = {
    "session_id": ("session.id",),
    "user_id": ("user.id",),
    "model_version": ("llm.response.model_name", "llm.model_name", "llm.request.model_name"),
    "provider": ("llm.provider", "llm.system"),
    "prompt_version": ("llm.prompt_template.version",),
}
_NUMBERS = {
    "input_tokens": ("llm.token_count.prompt",),
    "output_tokens": ("llm.token_count.completion",),
    "cached_input_tokens": ("llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input"),
    "reasoning_tokens": ("llm.token_count.completion_details.reasoning",),
    "cost_usd": ("llm.cost.total",),
}
RETRIEVED, RERANKED = "retrieval.documents", "reranker.output_documents"
_INVOCATION = "llm.invocation_parameters"
_ASKED, _SAID = "llm.input_messages", "llm.output_messages"

NAMES: Mapping[str, tuple[str, ...]] = {
    **_TEXTS,
    **_NUMBERS,
    "model_version": (*_TEXTS["model_version"], _INVOCATION),
    "prompt": (_ASKED, "llm.prompts", "input.value"),
    "messages": (_ASKED, "input.value"),
    "response": (_SAID, "llm.choices", "output.value"),
    "tools": ("llm.tools", _INVOCATION, "input.value"),
    "tool_calls": (_SAID, "output.value"),
    "contexts": (RETRIEVED, RERANKED),
    "finish_reason": ("llm.finish_reason", "output.value"),
    "expected_format": (_INVOCATION,),
    "ttft_ms": (),
    "safety_flags": (),
}
"""By field: what the attributes' names that it is read from begin with, the first that has something first."""


def is_llm(attributes: Attributes) -> bool | None:
    """Whether the span is a call to a model; None where it is none of OpenInference's."""
    kind = attributes.get(KIND)
    return None if kind is None else str(kind).upper() == "LLM"


def identity(attributes: Attributes) -> dict[str, Any]:
    """The fields that say whose request it was and which versions served it."""
    return {name: text(value) for name, names in _TEXTS.items() if (value := first(attributes, names)) is not None}


def fields(attributes: Attributes) -> dict[str, Any]:
    """The native fields that are said."""
    native: dict[str, Any] = identity(attributes)
    if not any(name.startswith(_MARKS) for name in attributes):
        return native
    native |= {name: number(first(attributes, names)) for name, names in _NUMBERS.items()}
    native["prompt"] = _prompt(attributes)
    native["response"] = _response(attributes)
    native["finish_reason"] = _finish(attributes)
    asked = embedded(attributes.get(_INVOCATION))
    asked = asked if isinstance(asked, dict) else {}
    said, body = _messages(attributes, _SAID)[:1], embedded(_value(attributes, "output"))
    request = mapping(embedded(_value(attributes, "input")))
    native |= tool_use({"tools": _tools(attributes) or asked.get("tools") or request.get("tools")}, said or body)
    native |= {name: count for name, count in usage_in(body).items() if native[name] is None}
    if native.get("model_version") is None and isinstance(asked.get("model"), str):
        native["model_version"] = asked["model"]  # all that is known of a model where the request failed
    form = asked.get("response_format")
    if isinstance(form, dict) and str(form.get("type")).startswith("json"):
        native["expected_format"] = "json"
    return {name: value for name, value in native.items() if value is not None}


def metadata(attributes: Attributes) -> dict[str, Any]:
    """The scalars of the user's own `metadata`."""
    given = embedded(attributes.get("metadata"))
    scalars = given.items() if isinstance(given, dict) else ()
    return {name: value for name, value in scalars if isinstance(value, (str, int, float, bool)) and value != ""}


def _prompt(attributes: Attributes) -> str | list[Message] | None:
    if messages := _messages(attributes, _ASKED):
        return captured([said for message in messages for said in messages_of({"role": "user", **message})])
    texts = [
        item.get("text") for item in unwrapped(indexed(attributes, "llm.prompts"), "prompt") if isinstance(item, dict)
    ]
    if asked := [item for item in texts if isinstance(item, str)]:
        return "\n".join(asked)
    return prompt_of(_value(attributes, "input"))


def _response(attributes: Attributes) -> str | None:
    if messages := _messages(attributes, _SAID):
        return text_of(messages[0])
    choices = unwrapped(indexed(attributes, "llm.choices"), "completion")
    if choices and isinstance(choices[0], dict) and isinstance(choices[0].get("text"), str):
        answer: str = choices[0]["text"]
        return answer
    return answer_of(_value(attributes, "output"))


def _tools(attributes: Attributes) -> list[Any]:
    items = [item for item in unwrapped(indexed(attributes, "llm.tools"), "tool") if isinstance(item, dict)]
    return [embedded(item.get("json_schema", item)) for item in items]


def _finish(attributes: Attributes) -> str | None:
    """Instrumentations older than `llm.finish_reason` leave it inside the response body alone."""
    return finish_reason(attributes.get("llm.finish_reason")) or finish_reason(finish_in(_value(attributes, "output")))


def _messages(attributes: Attributes, prefix: str) -> list[dict[str, Any]]:
    items = unwrapped(indexed(attributes, prefix), "message", "message_content", "tool_call")
    return [_message(item) for item in items if isinstance(item, dict)]


def _message(item: dict[str, Any]) -> dict[str, Any]:
    """In the shape of OpenAI's messages."""
    content = item.get("contents", item.get("content"))
    role = "tool" if item.get("tool_call_id") and item.get("role") == "user" else item.get("role")
    message = {"role": role, "content": content, "tool_calls": item.get("tool_calls")}
    if item.get("function_call_name"):
        called = {"name": item["function_call_name"], "arguments": item.get("function_call_arguments_json")}
        message["function_call"] = called
    return {name: value for name, value in message.items() if value is not None}


def _value(attributes: Attributes, side: str) -> Any:
    """`input.value` or `output.value`: text, or the JSON that its MIME type announces."""
    value = attributes.get(f"{side}.value")
    return embedded(value) if attributes.get(f"{side}.mime_type") == "application/json" else text(value)
