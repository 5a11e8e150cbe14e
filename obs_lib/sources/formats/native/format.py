"""The project's own log format: JSON Lines or rows of Parquet or of a query, one interaction each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Self

from obs_lib.lake.tables import INTERACTIONS, SPANS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Row
from obs_lib.sources.formats.base import FOUND_OUT, EntryFormat
from obs_lib.sources.formats.native.spans import spans_of
from obs_lib.sources.formats.parse import number
from obs_lib.sources.options import SourceOptions
from obs_lib.sources.stages import StageNamer, StageNames
from obs_lib.sources.validate import AMOUNTS, COUNTS, parse_object
from obs_lib.sources.values import parse_moment

_LISTED = ("contexts", "tags", "safety_flags", "spans", "tools", "tool_calls")
"""Never texts: where one is, a column could hold nothing else, and the list or object stands in it as JSON."""

_NUMBERS = (*COUNTS, *AMOUNTS, "quality_score")

_STAMP = re.compile(rb'"timestamp"\s*:\s*"([^"\\]{10,40})"')


class NativeFormat(EntryFormat):
    """Fields as docs/logs.md lists them.

    naive_is_utc : whether a time without an offset names a day at all. names : says which stage a span is. of_query : whether
    entries are rows of a query, where a prompt that is a JSON list of messages is one, and a reference that is a JSON list
    of texts, since a column may know text only.

    >>> NativeFormat().days(b'{"timestamp": "2023-06-01T01:30:00+02:00"}')
    {datetime.date(2023, 5, 31)}
    """

    describe = "our own: JSON Lines, JSON arrays, Parquet, rows of a SQL query; an interaction each"
    tables = frozenset({INTERACTIONS, SPANS})
    fields = frozenset(INTERACTIONS.names) - FOUND_OUT

    def __init__(self, naive_is_utc: bool = False, names: StageNamer | None = None, of_query: bool = False) -> None:
        self._naive_is_utc, self._names, self._of_query = naive_is_utc, names or StageNames(), of_query

    @classmethod
    def from_options(cls, options: SourceOptions) -> Self:
        """Of rows of a query or not, with the source's names of stages, and its word on times without an offset."""
        return cls(options.naive_times == "utc", StageNames(options.stages), of_query=options.query is not None)

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By its two needed names."""
        return "request_id" in item and "timestamp" in item

    def unread(self, item: Mapping[str, Any]) -> Iterable[str]:
        """Names that are no field's."""
        return item.keys() - self.fields - {"spans"}

    def days(self, raw: bytes) -> set[Day]:
        """The UTC days of all timestamps that the entry holds."""
        moments = (parse_moment(stamp.decode("latin-1"), self._naive_is_utc) for stamp in _STAMP.findall(raw))
        return {moment.date() for moment in moments if moment is not None}

    def rows(self, entry: Entry) -> list[Row]:
        """One interaction, and its spans where it has any. An entry with a bad span is rejected whole."""
        table = entry.origin.lower().removesuffix(".gz").removesuffix(".zst").endswith(".csv")
        fields = self._taken_apart(parse_object(entry), of_table=table or self._of_query)
        if table:  # whose cells are all texts
            fields |= {name: _number(fields[name]) for name in _NUMBERS if isinstance(fields.get(name), str)}
        if fields.get("spans") is None:
            return [Row(INTERACTIONS, entry, fields)]
        stamp = fields.get("timestamp")
        moment = parse_moment(stamp, self._naive_is_utc) if isinstance(stamp, str) else None
        spans = spans_of(fields | {"timestamp": moment}, self._names)
        traced = fields | {"trace_id": spans[0]["trace_id"]} if spans else fields
        return [Row(INTERACTIONS, entry, traced), *(Row(SPANS, entry, span, moment) for span in spans)]

    def _taken_apart(self, fields: dict[str, Any], of_table: bool) -> dict[str, Any]:
        """The fields with JSON that stands in a text as what it says; a text that is none stays and is rejected later."""
        for name in _LISTED:
            if isinstance(fields.get(name), str):
                fields[name] = _of_json(fields[name])
        if of_table and isinstance(fields.get("prompt"), str):
            prompt = _of_json(fields["prompt"])
            if (
                prompt
                and isinstance(prompt, list)
                and all(isinstance(item, dict) and "role" in item for item in prompt)
            ):
                fields["prompt"] = prompt
        if of_table and isinstance(fields.get("reference"), str):
            reference = _of_json(fields["reference"])
            if isinstance(reference, list) and all(isinstance(item, str) for item in reference):
                fields["reference"] = reference
        return fields


def _number(text: str) -> Any:
    """The number that a cell means; a text that is none stays and is rejected later."""
    value = number(text)
    return text if value is None else value


def _of_json(text: str) -> Any:
    """The list, object or null that a text says; else the text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if value is None or isinstance(value, list | dict) else text
