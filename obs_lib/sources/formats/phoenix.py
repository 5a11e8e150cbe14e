"""Phoenix: spans as its exports have them (JSON Lines, or a data frame in Parquet), with attributes of OpenInference.

A line is a span with `context` and `attributes`, nested or flat; a row of Parquet has a column for each, such as
`attributes.llm.model_name`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obs_lib.records import is_own_score
from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.parse import embedded, mapping
from obs_lib.sources.formats.spans import (
    Record,
    Span,
    SpanFormat,
    annotation,
    events_of,
    flat,
    nanoseconds,
    plain_id,
    span_of,
)

_LISTED = ("messages", "documents", "tools", "prompts", "choices")
_COLUMNS = ("context.", "attributes.")


class PhoenixFormat(SpanFormat):
    """Spans, a line or a row each, and annotations of spans, beside them or by themselves."""

    describe = "Phoenix's spans and annotations: exports as JSON Lines and Parquet"

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By the span's kind beside its context, which SDKs do not write."""
        return ("span_kind" in item and ("context" in item or "context.span_id" in item)) or _is_annotation(item)

    def spans(self, entry: Entry, item: dict[str, Any]) -> Iterable[Span | Record]:
        """One span with its annotations, or an annotation."""
        if _is_annotation(item):
            yield from _annotation(entry, item, plain_id(item["span_id"]))
            return
        item = _nested(item)
        context = mapping(item.get("context"))
        if "span_id" not in context:
            raise Rejected("not a span of Phoenix")
        trace_id, span_id = plain_id(context.get("trace_id")), plain_id(context["span_id"])
        given = mapping(embedded(item.get("attributes")))
        attributes = flat({name: _list_in(name, value) for name, value in given.items()})
        if item.get("span_kind") not in (None, "", "UNKNOWN"):
            attributes.setdefault("openinference.span.kind", item["span_kind"])
        yield span_of(
            entry,
            {
                "trace_id": trace_id,
                "span_id": span_id,
                "parent_id": plain_id(item.get("parent_id")),
                "name": str(item.get("name") or ""),
                "start": nanoseconds(item.get("start_time")),
                "end": nanoseconds(item.get("end_time")),
                "attributes": attributes,
                "events": events_of(entry, (trace_id, span_id), embedded(item.get("events"))),
                "failed": item.get("status_code") == "ERROR",
                "message": str(item.get("status_message") or ""),
            },
        )
        listed = embedded(item.get("annotations", item.get("span_annotations")))
        for given in map(mapping, listed if isinstance(listed, list) else ()):
            yield from _annotation(entry, given, span_id)


def _is_annotation(item: Mapping[str, Any]) -> bool:
    """As the API gives them; a data frame of them has the parts of `result` as columns."""
    return {"span_id", "annotator_kind"} <= item.keys() and "start_time" not in item


def _annotation(entry: Entry, item: Mapping[str, Any], span_id: str) -> Iterator[Record]:
    if is_own_score(item.get("identifier")):
        return  # nobody's label: what we think of our own answers is no second opinion
    result = mapping(embedded(item.get("result"))) or {
        name: item.get(name, item.get(f"result.{name}")) for name in ("score", "label")
    }
    verdict = result.get("score") if result.get("score") is not None else result.get("label")
    if verdict is not None:
        yield annotation(
            entry, ("", span_id), item.get("name", item.get("annotation_name")), verdict, item.get("annotator_kind")
        )


def _list_in(name: str, value: Any) -> Any:
    """Messages and documents as a table without lists holds them: JSON in a cell."""
    return embedded(value) if name.endswith(_LISTED) and not name.startswith("gen_ai.") else value


def _nested(item: dict[str, Any]) -> dict[str, Any]:
    """A row's columns as the objects that they were made of."""
    nested = {name: value for name, value in item.items() if not name.startswith(_COLUMNS)}
    for start in _COLUMNS:
        inner = {name.removeprefix(start): value for name, value in item.items() if name.startswith(start)}
        if inner:
            nested[start.removesuffix(".")] = inner | mapping(nested.get(start.removesuffix(".")))
    return nested
