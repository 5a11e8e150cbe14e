"""What retrieval spans of a trace found for an interaction, and what guardrail spans said about it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from obs_lib.sources.formats.otlp import genai, langfuse, openinference
from obs_lib.sources.formats.otlp.attribute_values import first, indexed, number, text, unwrapped
from obs_lib.sources.formats.otlp.dialects import catalogue as dialects
from obs_lib.sources.formats.otlp.encoding import Span
from obs_lib.sources.formats.otlp.traces import Trace, kind_of
from obs_lib.sources.formats.parse import embedded

_MOST = 50  # retrieval spans of one interaction: the last ones before it
_QUERY_RESULTS = ("db.query.result", "db.search.result")
_TEXTS = ("content", "text", "page_content")
_RAISED = frozenset(
    {"block", "blocked", "flag", "flagged", "deny", "denied", "fail", "failed", "unsafe", "reject", "rejected"}
)
_SAYS_NO = frozenset({"passed", "safe", "valid", "allowed", "success"})


class Retrievals:
    """The retrieval spans of one trace in the order of their starts, by every span above them."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._below: dict[str, list[Span]] = defaultdict(list)
        for span in trace.spans:
            if documents(span) is not None:
                for name in (*trace.path(span), ""):
                    self._below[name].append(span)

    def contexts(self, call: Span) -> tuple[list[dict[str, Any]] | None, int]:
        """The documents that the call could see, as the native `contexts`, and how many came without their text.

        They are those of the spans that started before the call, below the nearest common ancestor that has any. Where a
        reranker is among them, its output alone counts: that is what went on. None where nothing was retrieved, or only
        documents without text.
        """
        by_text: dict[str, dict[str, Any]] = {}
        spans = self._before(call)
        reranked = [span for span in spans if indexed(span.attributes, openinference.RERANKED)]
        empty = 0
        for span in reranked or spans:
            for document in documents(span) or []:
                empty += not document["text"]
                if document["text"]:
                    by_text.setdefault(document["text"], document)
        return (list(by_text.values()) if by_text or (spans and not empty) else None), empty

    def _before(self, call: Span) -> list[Span]:
        for name in (*self._trace.path(call), ""):
            below = self._below.get(name, [])
            earlier = bisect_left(below, call.start, key=lambda span: span.start)
            if earlier:
                return below[max(earlier - _MOST, 0) : earlier]
        return []


def documents(span: Span) -> list[dict[str, Any]] | None:
    """The documents that a span says it retrieved, as {id, text, score}; None where it says nothing about documents."""
    if (contexts := langfuse.contexts(span.attributes)) is not None:
        return contexts
    if (given := dialects.documents(span.attributes)) is not None:
        return given
    listed = embedded(span.attributes.get(genai.DOCUMENTS))
    if listed is None:
        listed = _queried(span)
    if not isinstance(listed, list):
        flat = indexed(span.attributes, openinference.RERANKED) or indexed(span.attributes, openinference.RETRIEVED)
        listed = unwrapped(flat, "document") if flat else None
    if listed is None:
        return None
    return [_document(item) for item in listed if isinstance(item, dict)]


def _queried(span: Span) -> list[dict[str, Any]] | None:
    """What a vector store's client answered, as OpenLLMetry writes it: an event each."""
    results = [event.attributes for event in span.events if event.name in _QUERY_RESULTS]
    return [
        {
            "id": first(result, (f"{name}.id" for name in _QUERY_RESULTS)),
            "text": first(result, (f"{name}.{text}" for name in _QUERY_RESULTS for text in ("document", "text")))
            or _stored_beside(result),
            "score": first(result, (f"{name}.{score}" for name in _QUERY_RESULTS for score in ("score", "distance"))),
        }
        for result in results
    ] or None


def _stored_beside(result: Mapping[str, Any]) -> Any:
    """The text where a store keeps it in the vector's own data, as Pinecone and Milvus do."""
    names = (f"{name}.{beside}" for name in _QUERY_RESULTS for beside in ("metadata", "entity"))
    stored = embedded(first(result, names))
    return first(stored, (*_TEXTS, "chunk", "document")) if isinstance(stored, dict) else None


def safety_flags(spans: list[Span]) -> list[str] | None:
    """Names of the guardrail spans that blocked or flagged; [] where none did, None where there is no guardrail."""
    if not spans:
        return None
    return [_name(span) for span in spans if _raised(span)]


def guardrails(trace: Trace) -> dict[str, list[Span]]:
    """The guardrail spans of each interaction, by its span's id."""
    by_call: dict[str, list[Span]] = defaultdict(list)
    for span in trace.spans:
        call = trace.call_of(span)
        if call is not None and "guardrail" in (kind_of(span) or "").lower():
            by_call[call.span_id].append(span)
    return by_call


def _document(item: dict[str, Any]) -> dict[str, Any]:
    score = number(item.get("score"))
    content = first(item, _TEXTS)
    return {
        "id": text(item.get("id")),
        "text": content if isinstance(content, str) else None,
        "score": score if type(score) in (int, float) else None,
    }


def _name(span: Span) -> str:
    return str(first(span.attributes, ("guardrail.name", "gen_ai.guardrail.name")) or span.name or "guardrail")


def _raised(span: Span) -> bool:
    """No convention says how a guardrail reports, so its attributes and JSON output are read for the usual words."""
    return any(_says_so(name, value) for name, value in _verdicts(span))


def _verdicts(span: Span) -> Iterator[tuple[str, Any]]:
    for name, value in span.attributes.items():
        if not name.startswith(("input.", "output.", "metadata")):
            yield name, value
    output = embedded(span.attributes.get("output.value"))
    yield from output.items() if isinstance(output, dict) else [("output", output)]


def _says_so(name: str, value: Any) -> bool:
    last = name.replace("_", ".").rpartition(".")[2].lower()
    if isinstance(value, str):
        word = value.strip().lower()
        if word not in ("true", "false"):
            return word in _RAISED
        value = word == "true"
    return isinstance(value, bool) and ((last in _RAISED and value) or (last in _SAYS_NO and not value))
