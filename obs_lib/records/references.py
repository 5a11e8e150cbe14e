"""References of an interaction that name the right calls of tools instead of the right words."""

from __future__ import annotations

import json
from typing import Any


def named_calls(text: str) -> list[tuple[str, str]] | None:
    """The calls that a reference names, sorted, as (name, arguments in canonical JSON); None where it is anything else.

    A reference names calls as JSON: {"name": ..., "arguments": ...}, or a list of such.

    >>> named_calls('{"name": "add", "arguments": {"b": 1, "a": 2}}'), named_calls("Paris"), named_calls("[]")
    ([('add', '{"a":2,"b":1}')], None, None)
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    calls = value if isinstance(value, list) else [value]
    if not calls or not all(isinstance(one, dict) and set(one) == {"name", "arguments"} for one in calls):
        return None
    return sorted((str(one["name"]), canonical_arguments(one["arguments"] or {})) for one in calls)


def canonical_arguments(value: Any) -> str:
    """JSON text that equal arguments share."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
