"""Tools that a request offers, and calls of them in its answer, in the shapes in which clients write both.

Read are OpenAI's chat completions and responses, Anthropic's, Gemini's and Bedrock's shapes, and our own: `{name, parameters}`
and `{name, arguments}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from obs_lib.sources.entries import Rejected
from obs_lib.sources.formats.parse import embedded
from obs_lib.sources.formats.parts import calls_in
from obs_lib.sources.values import canonical

_SCHEMAS = ("parameters", "input_schema", "inputSchema", "parameters_json_schema", "parametersJsonSchema")
_CALL = {"name", "arguments"}


def offered(value: Any) -> list[dict[str, Any]] | None:
    """The tools as {name, parameters}; None where nothing is said of them. `Rejected` for what is no list of tools.

    A provider's own tool without a name bears that of its type.

    >>> offered([{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}, {"type": "web_search"}])
    [{'name': 'add', 'parameters': {'type': 'object'}}, {'name': 'web_search', 'parameters': None}]
    """
    if value is None:
        return None
    if not isinstance(value, list):
        raise Rejected("tools: not a list")
    return [tool for item in value for tool in _tools(item)]


def called(value: Any, response: str | None) -> list[dict[str, Any]] | None:
    """The calls as {name, arguments}; None where nothing is said of them. `Rejected` for what is no list of calls.

    Without a value: those of a response that is a list of calls and nothing else, as formats write one without a text.

    >>> called([{"function": {"name": "add", "arguments": '{"a": 1}'}}], None)
    [{'name': 'add', 'arguments': {'a': 1}}]
    >>> called(None, '[{"arguments":{"a":1},"name":"add"}]'), called(None, "[1]")
    ([{'arguments': {'a': 1}, 'name': 'add'}], None)
    """
    if value is None:
        return _calls_alone(response)
    if not isinstance(value, list):
        raise Rejected("tool_calls: not a list")
    calls = list(calls_in({"tool_calls": value}))
    if len(calls) != len(value) or not all(isinstance(call["name"], str) for call in calls):
        raise Rejected("tool_calls: an item without a name")
    return calls


def json_of(items: list[dict[str, Any]] | None) -> str | None:
    """Canonical JSON of a list, or None."""
    return None if items is None else canonical(items)


def _tools(item: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(item, dict):
        raise Rejected("tools: an item that is no object")
    declared = item.get("functionDeclarations", item.get("function_declarations"))  # Gemini's
    if isinstance(declared, list):
        for inner in declared:
            yield from _tools(inner)
        return
    inner = next((item[name] for name in ("function", "toolSpec") if isinstance(item.get(name), dict)), item)
    name = inner.get("name") or item.get("type")
    if not isinstance(name, str):
        raise Rejected("tools: an item without a name")
    schema = embedded(next((inner[key] for key in _SCHEMAS if inner.get(key) is not None), None))
    if isinstance(schema, dict) and set(schema) == {"json"}:  # Bedrock's
        schema = schema["json"]
    yield {"name": name, "parameters": schema if isinstance(schema, dict) else None}


def _calls_alone(response: str | None) -> list[dict[str, Any]] | None:
    if not response or response[:1] != "[" or '"arguments"' not in response:
        return None
    try:
        items = json.loads(response)
    except (ValueError, RecursionError):
        return None
    calls = items and all(isinstance(one, dict) and set(one) == _CALL and isinstance(one["name"], str) for one in items)
    return items if calls else None
