"""Values of OTLP JSON: attributes, ids, moments, and what holds them. Rejected for what is not of its type."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from obs_lib.sources.entries import Rejected

Attributes = Mapping[str, Any]
"""Decoded attributes: text, int, float, bool, None, and lists and dicts of them."""

_DEEPEST = 64  # levels of nested values; SDKs cut theirs at 32
_LATEST = 253_402_300_800_000_000_000  # the first nanosecond of the year 10000
_INT64 = re.compile(r"-?[0-9]{1,20}")
_HEX = re.compile(r"[0-9a-fA-F]+")


def attributes(items: Any) -> Attributes:
    """Decoded attributes by key; of a key that stands twice, the last one."""
    if isinstance(items, dict):  # as CloudWatch stores spans: plain values by name
        return {name: _plain(value) for name, value in items.items()}
    decoded = {}
    for item in list_of(items):
        key = object_of("attribute", item).get("key")
        if type(key) is not str:
            raise Rejected("attribute: no key")
        decoded[key] = any_value(item.get("value"))
    return decoded


def any_value(node: Any, depth: int = 0) -> Any:
    """The value of an AnyValue; None for an empty one and for numbers that are not finite."""
    if depth > _DEEPEST:
        raise Rejected("attribute: nested too deeply")
    if node is None or node == {}:
        return None
    for kind, value in object_of("attribute", node).items():
        match kind:
            case "stringValue" | "bytesValue" if type(value) is str:
                return value
            case "boolValue" if type(value) is bool:
                return value
            case "intValue":
                return _int(str(value)) if type(value) in (int, str) else _wrong(kind)
            case "doubleValue":
                return _double(value)
            case "arrayValue":
                return [any_value(item, depth + 1) for item in list_of(object_of(kind, value).get("values"))]
            case "kvlistValue":
                pairs = [object_of("attribute", item) for item in list_of(object_of(kind, value).get("values"))]
                return {str(pair.get("key")): any_value(pair.get("value"), depth + 1) for pair in pairs}
            case _:
                break
    return _wrong("value")


def _plain(value: Any) -> Any:
    """A value that stands by itself: what is not finite is unknown, as everywhere."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def hex_id(name: str, value: Any, digits: int) -> str:
    """An id in lower case; "" where there is none (absent, empty or all zeros)."""
    text = text_of(name, value)
    if text and not (len(text) == digits and _HEX.fullmatch(text)):
        raise Rejected(f"{name}: not {digits} hex digits")
    return text.lower() if text.strip("0") else ""


def nanoseconds(name: str, value: Any) -> int:
    """Nanoseconds since 1970, before the year 10000; 0 where nothing is said."""
    if value is None or value == "":
        return 0
    if type(value) in (int, str) and _INT64.fullmatch(str(value)) and 0 <= int(value) < _LATEST:
        return int(value)
    raise Rejected(f"{name}: not nanoseconds since 1970")


def list_of(value: Any) -> list[Any]:
    """A list; empty where nothing is there."""
    if value is None:
        return []
    return value if isinstance(value, list) else _wrong("list")


def object_of(name: str, value: Any) -> dict[str, Any]:
    """An object; empty where nothing is there."""
    if value is None:
        return {}
    return value if isinstance(value, dict) else _wrong(name)


def text_of(name: str, value: Any) -> str:
    """A text; empty where nothing is there."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _wrong(name)


def _int(text: str) -> int:
    if not _INT64.fullmatch(text):
        raise Rejected("not a whole number of 64 bits")
    return int(text)


def _double(value: Any) -> float | None:
    """Proto JSON writes NaN and infinities as text."""
    if type(value) not in (int, float, str):
        return _wrong("doubleValue")
    try:
        number = float(value)
    except (ValueError, OverflowError) as error:
        raise Rejected("doubleValue: not a number") from error
    return number if math.isfinite(number) else None


def _wrong(name: str) -> NoReturn:
    raise Rejected(f"{name}: wrong type")
