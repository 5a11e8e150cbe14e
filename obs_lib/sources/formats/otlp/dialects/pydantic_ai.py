"""pydantic-ai's first generation: the messages of a call as one JSON list of events; later ones follow the conventions.

`events` stands on the call, `all_messages_events` (1) or `pydantic_ai.all_messages` (2, 3) on the agent's span around it.
"""

from __future__ import annotations

import re
from typing import Any

from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.messages import Message, finish_in, messages_of, prompt_of, text_of
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import captured, text
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect
from obs_lib.sources.formats.parse import embedded, mapping
from obs_lib.sources.formats.tool_use import tool_use

_MESSAGE = re.compile(r"gen_ai\.(\w+)\.message")
_LISTS = ("events", "all_messages_events")
_ALL = ("pydantic_ai.all_messages", "all_messages")


def _fields(attributes: Attributes) -> dict[str, Any]:
    events = next((listed for name in _LISTS if isinstance(listed := embedded(attributes.get(name)), list)), None)
    native: dict[str, Any] = {}
    if events is not None:
        native = _of_events([event for event in events if isinstance(event, dict)])
    else:
        native = _of_messages(next((embedded(attributes[name]) for name in _ALL if name in attributes), None))
    if native.get("response") is None:
        native["response"] = text(attributes.get("final_result"))
    offered = mapping(embedded(attributes.get("model_request_parameters")))
    tools = [tool for name in ("function_tools", "output_tools") for tool in offered.get(name) or ()]
    return native | tool_use({"tools": tools or None}, None) | {"model_version": text(attributes.get("model_name"))}


def _of_events(events: list[dict[str, Any]]) -> dict[str, Any]:
    asked: list[Message] = []
    choice: dict[str, Any] = {}
    for event in events:
        name = str(event.get("event.name", ""))
        if name == "gen_ai.choice":
            inner = event.get("message")
            choice = choice or {**event, **(inner if isinstance(inner, dict) else {"content": inner})}
        elif match := _MESSAGE.fullmatch(name):
            asked += messages_of({"role": match[1], **event})
    return {
        "prompt": captured(asked),
        "response": text_of(choice) if choice else None,
        **tool_use(None, choice),
        "finish_reason": finish_reason(finish_in(choice)),
    }


def _of_messages(messages: Any) -> dict[str, Any]:
    """A conversation whose last message is the answer."""
    if not isinstance(messages, list) or not messages or not isinstance(messages[-1], dict):
        return {}
    answered = messages[-1].get("role") == "assistant"
    asked = prompt_of(messages[:-1] if answered else messages)
    said = messages[-1] if answered else None
    return {"prompt": asked, "response": text_of(said) if said else None, **tool_use(None, said)}


PYDANTIC_AI = Dialect(
    "pydantic-ai", ("events", "all_messages", "pydantic_ai.", "final_result", "model_request_parameters"), _fields
)
