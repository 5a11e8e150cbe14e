"""What attributes of traces say, whatever convention named them: first of several names, numbers, text, indexed names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from obs_lib.sources.formats.messages import Message, compact

_INDEX = re.compile(r"[0-9]{1,6}")
_MOST_STEPS = 24  # dots in a name; the conventions' longest has nine


def first(attributes: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The value under the first of the names that has one; None for none. Empty text is no value."""
    for name in names:  # a loop, not a generator: spans are asked for some hundred names each
        value = attributes.get(name)
        if value is not None and value != "":
            return value
    return None


def text(value: Any) -> str | None:
    """Ids and names as text; numbers are written out, nested values become JSON text."""
    if value is None or isinstance(value, str):
        return value
    try:
        return compact(value) if isinstance(value, (bool, list, dict)) else str(value)
    except RecursionError:
        return None  # no id or name is nested a thousand levels deep


def number(value: Any) -> Any:
    """A number that was written as text, as a number; anything else as it is, for the rules that all formats share.

    >>> number("12"), number("0.5"), number(7), number("many")
    (12, 0.5, 7, 'many')
    """
    if isinstance(value, str) and len(value) <= 40:
        for kind in (int, float):
            try:
                parsed = kind(value)
            except ValueError:
                continue
            return parsed if math.isfinite(parsed) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def milliseconds(value: Any) -> Any:
    """Seconds as milliseconds; what is no number as it is."""
    seconds = number(value)
    return seconds * 1000.0 if type(seconds) in (int, float) else seconds


def indexed(attributes: Mapping[str, Any], prefix: str) -> list[Any]:
    """The list that was flattened into `<prefix>.<i>.<rest>` attributes; [] where there is none.

    Steps of the rest that only name a kind (`message.`, `tool_call.`, `document.`) are taken out by `unwrapped`.

    >>> indexed({"p.1.role": "user", "p.0.role": "system", "p.1.calls.0.name": "f"}, "p")
    [{'role': 'system'}, {'role': 'user', 'calls': [{'name': 'f'}]}]
    """
    tree: dict[str, Any] = {}
    start = prefix + "."
    for name, value in attributes.items():
        if name.startswith(start) and name.count(".") < _MOST_STEPS:
            _plant(tree, name[len(start) :].split("."), value)
    if not tree:
        return []
    items = _lists(tree)
    return items if isinstance(items, list) else []


def unwrapped(value: Any, *wrappers: str) -> Any:
    """The value without the levels that say only what kind of thing they hold.

    >>> unwrapped([{"message": {"role": "user", "calls": [{"tool_call": {"id": "1"}}]}}], "message", "tool_call")
    [{'role': 'user', 'calls': [{'id': '1'}]}]
    """
    if isinstance(value, list):
        return [unwrapped(item, *wrappers) for item in value]
    if not isinstance(value, dict):
        return value
    opened: dict[str, Any] = {}
    for name, item in value.items():
        inner = unwrapped(item, *wrappers)
        opened.update(inner if name in wrappers and isinstance(inner, dict) else {name: inner})
    return opened


def captured(messages: list[Message]) -> list[Message] | None:
    """The messages; None where none of them holds anything, because content was not captured."""
    return messages if any(message["content"] for message in messages) else None


def _plant(tree: dict[str, Any], steps: list[str], value: Any) -> None:
    for step in steps[:-1]:
        inner = tree.setdefault(step, {})
        if not isinstance(inner, dict):
            return  # a value stands where a branch should; the value came first
        tree = inner
    tree.setdefault(steps[-1], value)


def _lists(tree: Any) -> Any:
    """Dicts whose every key is an index, as lists in their order."""
    if not isinstance(tree, dict):
        return tree
    if tree and all(_INDEX.fullmatch(name) for name in tree):
        return [_lists(tree[name]) for name in sorted(tree, key=int)]
    return {name: _lists(item) for name, item in tree.items()}
