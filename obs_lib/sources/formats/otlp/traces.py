"""Spans of one trace as a tree: which of them are interactions, and which interaction the others are a stage of."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from obs_lib.sources.formats.otlp import genai, langfuse, openinference
from obs_lib.sources.formats.otlp.dialects import catalogue as dialects
from obs_lib.sources.formats.otlp.encoding import Span

_DEEPEST = 256  # ancestors that are looked at: a trace of a chain of spans must not cost their square


_OF_A_CALL = (
    *("gen_ai.request.model", "gen_ai.response.model", "gen_ai.usage.", "ai.model.id", "ai.usage.", "llm.usage."),
    *("llm.model_name", "llm.token_count.", "embedding.model_name", "reranker.model_name"),
    *(
        "langfuse.observation.model.name",
        "langsmith.metadata.ls_model_name",
        "mlflow.chat.tokenUsage",
        "mlflow.llm.model",
    ),
    "gcp.vertex.agent.llm_request",
)
"""What names begin with that only a call to a model has, in any dialect."""
_COUNTS_TOKENS = re.compile(
    r"(?:prompt|input|completion|output|total)[._]?tokens?\b|tokens?[._](?:counts?|usage)\b", re.IGNORECASE
)
"""What names hold of calls in words that nobody knows."""


class Trace:
    """The spans of one trace that were read, in the order of their starts. Parents may be missing.

    Two instrumentations often see one call: a framework's LLM span then wraps the client's. Only the innermost is an
    interaction; what only its wrapper knows is taken from there.
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        self._by_id = {span.span_id: span for span in spans}
        self._by_id = {name: span for name, span in self._by_id.items() if not self._is_announced(span)}
        self.spans = sorted(self._by_id.values(), key=lambda span: (span.start, span.span_id))
        self._paths: dict[str, list[str]] = {}

    @cached_property
    def calls(self) -> list[Span]:
        """The LLM spans with no LLM span below them: the interactions."""
        return [span for span in self._llm if not self._calls_below[span.span_id]]

    def is_wrapper(self, span: Span) -> bool:
        """Whether the span is an LLM span around another one."""
        return self._calls_below[span.span_id] > 0 and is_llm(span)

    def call_of(self, span: Span) -> Span | None:
        """The interaction that the span is a stage of: the first that starts at or after it, else the last; None for none."""
        if not self.calls:
            return None
        if span.span_id in self._call_ids:
            return span
        place = bisect_left(self._starts, span.start)
        return self.calls[min(place, len(self.calls) - 1)]

    def above(self, span: Span) -> list[Span]:
        """The ancestors that were read, nearest first."""
        return [self._by_id[name] for name in self.path(span)[1:] if name in self._by_id]

    def wrappers(self, call: Span) -> list[Span]:
        """The LLM spans around this call and no other, nearest first."""
        return [span for span in self.above(call) if self._calls_below[span.span_id] == 1 and is_llm(span)]

    def path(self, span: Span) -> list[str]:
        """Ids from the span up to its topmost ancestor; the last one may be of a span that was not read."""
        known = self._paths.get(span.span_id)
        if known is not None:
            return known
        path, seen, at = [span.span_id], {span.span_id}, span.parent_id
        while at and at not in seen and len(path) < _DEEPEST:
            path.append(at)
            seen.add(at)
            at = self._by_id[at].parent_id if at in self._by_id else ""
        self._paths[span.span_id] = path
        return path

    def is_leaf(self, span: Span) -> bool:
        """Whether no span that was read stands below it."""
        return span.span_id not in self._parents

    @cached_property
    def passed(self) -> list[Span]:
        """Spans of calls to a model that are no interaction and stand around none: embeddings, or words that nobody knows."""
        around = {name for call in self.calls for name in self.path(call)}
        return [span for span in self.spans if span.span_id not in around and _names_a_model(span)]

    def _is_announced(self, span: Span) -> bool:
        """Whether the span only says that another one, which was read too, has begun, as Logfire writes it."""
        return span.attributes.get("logfire.span_type") == "pending_span" and span.parent_id in self._by_id

    @cached_property
    def _parents(self) -> set[str]:
        return {span.parent_id for span in self.spans}

    @cached_property
    def _llm(self) -> list[Span]:
        called = [span for span in self.spans if is_llm(span)]
        return called or [span for span in self.spans if genai.is_whole_agent(span.attributes)]

    @cached_property
    def _calls_below(self) -> Counter[str]:
        """How many innermost LLM spans stand below a span, by its id."""
        outer = {name for span in self._llm for name in self.path(span)[1:]}
        return Counter(name for span in self._llm if span.span_id not in outer for name in self.path(span)[1:])

    @cached_property
    def _starts(self) -> list[int]:
        return [call.start for call in self.calls]

    @cached_property
    def _call_ids(self) -> set[str]:
        return {call.span_id for call in self.calls}


def _names_a_model(span: Span) -> bool:
    named = (name for name, value in span.attributes.items() if value)
    return any(name.startswith(_OF_A_CALL) or ("oken" in name and _COUNTS_TOKENS.search(name)) for name in named)


def is_llm(span: Span) -> bool:
    """Whether a model answered in text. Langfuse's type says so, OpenInference's kind, a dialect, or what it carries."""
    if langfuse.observation_type(span.attributes) is not None:
        return langfuse.is_generation(span.attributes)
    for says in (openinference.is_llm, dialects.is_llm, genai.is_llm):
        verdict = says(span.attributes)
        if verdict is not None:
            return verdict
    return False


def kind_of(span: Span) -> str | None:
    """What the span says that it is, in its convention's word; None where it says nothing."""
    for name in (openinference.KIND, "gen_ai.operation.name", "traceloop.span.kind", langfuse.TYPE):
        kind = span.attributes.get(name)
        if isinstance(kind, str) and kind:
            return kind
    return dialects.kind(span.attributes)
