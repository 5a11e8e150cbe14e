"""Contexts that are data, told in sentences that can be compared: JSON, tables, and lines of keys and values.

A true flag becomes "There is outdoor seating.", a false one "There is no outdoor seating."; what is null is unknown and says
nothing. A row of a table becomes a sentence that begins with its first cell, and prose stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

_DEEPEST = 20
_ROWS = 2_000
_CELL = 40
"""Longest mean of a table's cells, in characters; prose with commas has longer ones."""
_LONG = 120
"""Characters from which a value is a text of its own, told without its key."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|_+")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d)(?!\d)")
_NEVER = re.compile(r"^0?0:0+\s*-\s*0?0:0+$")
"""What exports of opening hours write where they know none, or where all day is meant."""
_RULED = re.compile(r"^[\s|:-]*-{3,}[\s|:-]*$")
_LINE = re.compile(
    r"^\s*(?:[-*•]\s+)?[\"']?(?P<key>[A-Za-z][\w .-]{0,40}?)[\"']?\s*[:=]\s*[\"']?(?P<value>[^\n\"']{1,80}?)[\"']?,?\s*$"
)
_FLAGS = {"true": True, "yes": True, "✓": True, "✔": True, "false": False, "no": False, "✗": False, "✘": False}
_UNKNOWN = frozenset({"", "null", "none", "n/a", "na", "nan", "-", "–", "unknown"})
_HOURS = frozenset({"hours", "opening hours", "business hours"})
_CONTAINERS = frozenset({"attributes", "features", "amenities", "properties", "details", "data", "info"})
"""Keys that say nothing of what is under them."""
_NAMED = ("name", "title", "label", "plan", "id")


def as_sentences(context: str) -> str:
    """The context with its data told in sentences, a line each; a text without data is returned as it is.

    >>> as_sentences('{"WiFi": "free", "Music": null, "HasTV": false}').splitlines()
    ['WiFi: free.', 'There is no TV.']
    """
    parsed = _parsed(context)
    if parsed is not None:
        return "\n".join(_told(parsed, ())) or context
    return "\n".join(_lines(context))


def _parsed(context: str) -> dict[str, object] | list[object] | None:
    text = context.strip()
    if text[:1] not in {"{", "["}:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) and value else None


def _told(value: object, path: tuple[str, ...]) -> Iterator[str]:
    """Sentences of a JSON value under its keys."""
    if isinstance(value, dict) and len(path) < _DEEPEST:
        for key, each in value.items():
            yield from _told(each, path if str(key).lower() in _CONTAINERS else (*path, _words(str(key))))
    elif isinstance(value, list) and len(path) < _DEEPEST:
        plain = [str(each) for each in value if isinstance(each, str | int | float) and not isinstance(each, bool)]
        if plain:
            yield from _told(", ".join(plain[:_ROWS]), path)
        for each in value[:_ROWS]:
            if isinstance(each, dict):
                yield from _told(each, _under_its_name(each, path))
    elif not isinstance(value, dict | list):
        yield from _fact(path, value)


def _under_its_name(item: dict[str, object], path: tuple[str, ...]) -> tuple[str, ...]:
    """The path of a list's item: its name in place of the list's, where it has one."""
    lower = {str(key).lower(): each for key, each in item.items()}
    names = (lower[key] for key in _NAMED if isinstance(lower.get(key), str))
    name = next(names, None)
    return (str(name),) if name else path


def _fact(path: tuple[str, ...], value: object) -> Iterator[str]:
    text = "true" if value is True else "false" if value is False else "" if value is None else str(value).strip()
    if text.lower() in _UNKNOWN or _NEVER.match(text):
        return
    if text.lower() in _FLAGS and path:
        yield _flag(" ".join(path[-2:]), _FLAGS[text.lower()])
        return
    key = " ".join("open hours" if part.lower() in _HOURS else part for part in path[-2:])
    told = _CLOCK.sub(r"\1:\g<2>0", text)
    sentence = f"{key[:1].upper()}{key[1:]}: {told}" if key and len(text) < _LONG else told
    yield sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _flag(what: str, given: bool) -> str:
    """A true or false as a sentence."""
    bare = re.sub(r"\b(?:has|is|offers)\s+", "", what, flags=re.IGNORECASE)
    bare = bare if bare[:2].isupper() else bare[:1].lower() + bare[1:]
    return f"There is {'' if given else 'no '}{bare}."


def _words(key: str) -> str:
    """A key as words: "OutdoorSeating" and "outdoor_seating" as "outdoor seating"; "WiFi" and "TV" stay."""
    parts = _CAMEL.sub(" ", key).split()
    if len(parts) > 1 and max(map(len, parts)) <= len("Wi"):
        return key
    return " ".join(part if part.isupper() else part.lower() for part in parts) if len(parts) > 1 else key.strip()


def _lines(context: str) -> Iterator[str]:
    """A text line by line, with its tables and its flags told."""
    lines = context.split("\n")
    at = 0
    while at < len(lines):
        table = _table(lines[at : at + _ROWS])
        if table:
            yield from _rows(table)
            at += sum(1 for _ in _block(lines[at : at + _ROWS]))
            continue
        match = _LINE.match(lines[at])
        value = match["value"].strip().lower() if match else ""
        if match and (value in _FLAGS or value in _UNKNOWN):
            yield from _fact((_words(match["key"]),), match["value"])
        else:
            yield _CLOCK.sub(r"\1:\g<2>0", lines[at]) if match else lines[at]
        at += 1


def _block(lines: Sequence[str]) -> Iterator[str]:
    """The lines of one table: all up to the first without a bar."""
    for line in lines:
        if "|" not in line:
            return
        yield line


def _table(lines: Sequence[str]) -> list[list[str]]:
    """Cells of the Markdown table that starts here, its head first; empty where none does."""
    if len(lines) < 3 or "|" not in lines[0] or not _RULED.match(lines[1]):
        return []
    rows = [[cell.strip(" *`") for cell in line.strip().strip("|").split("|")] for line in _block(lines)]
    return [rows[0], *rows[2:]]


def _rows(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """A sentence for each row, beginning with its first cell, and one for each flag."""
    head, *rows = table
    for first, *cells in rows:
        facts, flags = [], []
        for title, cell in zip(head[1:], cells, strict=False):
            if cell.lower() in _FLAGS:
                flags.append(_flag(title.lower(), _FLAGS[cell.lower()]))
            elif cell.lower() not in _UNKNOWN:
                facts.append(f"{title.lower()}: {cell}")
        yield " ".join([f"{first} {head[0].lower()}: {', '.join(facts)}.", *flags])
