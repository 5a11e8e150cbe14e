"""What a request offered and what its answer called, as fields of the native format."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.entries import Rejected
from obs_lib.sources.formats.messages import calls_of
from obs_lib.sources.formats.parse import embedded, mapping
from obs_lib.sources.tools import offered

_BEDROCK = "toolConfig"


def tool_use(request: Any, answer: Any) -> dict[str, Any]:
    """`tools` and `tool_calls`, as far as the bodies of a request and of its answer hold any in a shape that is known.

    >>> tool_use({"tools": [{"name": "add", "input_schema": {}}]}, {"role": "assistant", "content": "4"})
    {'tools': [{'name': 'add', 'parameters': {}}]}
    """
    asked = mapping(request)
    told = embedded(asked.get("tools", mapping(asked.get(_BEDROCK)).get("tools")))
    found = {"tools": _offered(told), "tool_calls": calls_of(answer)}
    return {name: value for name, value in found.items() if value is not None}


def _offered(told: Any) -> list[dict[str, Any]] | None:
    try:
        return offered([embedded(tool) for tool in told] if isinstance(told, list) else told)
    except Rejected:
        return None
