"""LangChain's own ways to write a message or a generation as JSON, as plain messages.

Three are in logs: constructors (`{"lc": 1, "type": "constructor", "id": [..., "HumanMessage"], "kwargs": {...}}`), the older
`{"type": "human", "data": {...}}`, and generations (`{"generations": [[{"text": ..., "message": {...}}]]}`).
"""

from __future__ import annotations

from typing import Any

TYPES = {
    "human": "user",
    "ai": "assistant",
    "system": "system",
    "tool": "tool",
    "function": "tool",
    "chat": "user",
    "HumanMessage": "user",
    "AIMessage": "assistant",
    "SystemMessage": "system",
    "ToolMessage": "tool",
    "HumanMessageChunk": "user",
    "AIMessageChunk": "assistant",
    "FunctionMessage": "tool",
}
"""A message's `type`, or its class, to the role that it has elsewhere."""


def plain_message(item: Any) -> Any:
    """The message without what only says how it was written; anything else unchanged.

    >>> plain_message({"lc": 1, "type": "constructor", "id": ["x", "HumanMessage"], "kwargs": {"content": "Hi"}})
    {'type': 'HumanMessage', 'content': 'Hi'}
    """
    if not isinstance(item, dict):
        return item
    kwargs, named, data = item.get("kwargs"), item.get("id"), item.get("data")
    if "lc" in item and isinstance(kwargs, dict):
        kind = named[-1] if isinstance(named, list) and named else None
        return {"type": kind, **kwargs}
    if isinstance(item.get("type"), str) and item["type"] in TYPES and isinstance(data, dict) and "content" in data:
        return {**data, "type": item["type"]}
    return item


def generation(value: Any) -> dict[str, Any] | None:
    """The first generation of a model's output; None where the value holds none."""
    listed = value.get("generations") if isinstance(value, dict) else None
    while isinstance(listed, list) and listed:
        listed = listed[0]
    return listed if isinstance(listed, dict) else None


def message_in(first: dict[str, Any]) -> Any:
    """What a generation says: its message, else its text."""
    message = plain_message(first.get("message"))
    return message if isinstance(message, dict) else first.get("text")


def model_in(outputs: Any) -> str | None:
    """The model that answered, where a model's output names it; None where it does not.

    >>> model_in({"generations": [[{"text": "4"}]], "llm_output": {"model_name": "m-2024"}})
    'm-2024'
    """
    body = outputs if isinstance(outputs, dict) else {}
    message = plain_message((generation(body) or body).get("message"))
    told = [
        message.get("response_metadata") if isinstance(message, dict) else None,
        body.get("llm_output"),
        message,
        body,
    ]
    names = (item.get(name) for item in told if isinstance(item, dict) for name in ("model_name", "model"))
    return next((name for name in names if isinstance(name, str) and name), None)
