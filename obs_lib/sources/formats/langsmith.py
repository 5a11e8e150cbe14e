"""LangSmith: runs as its bulk export (Parquet), its API and its SDK write them, with LangChain's serialised messages.

A run is a span; its inputs and outputs are what the OpenTelemetry exporter of the same SDK puts into attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.parse import embedded, mapping, number
from obs_lib.sources.formats.spans import Record, Span, SpanFormat, nanoseconds, span_of

_SESSIONS = ("session_id", "thread_id", "conversation_id")
_FAILED = ("error", "failed")


class LangSmithFormat(SpanFormat):
    """Runs, one an entry."""

    describe = "LangSmith's runs: bulk exports as Parquet, JSON and JSON Lines"

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By the kind of run."""
        return "run_type" in item and "start_time" in item

    def spans(self, entry: Entry, item: dict[str, Any]) -> Iterable[Span]:
        """One run."""
        if "run_type" not in item:
            raise Rejected("not a run of LangSmith")
        run_id = str(item.get("id") or "")
        trace_id, error = str(item.get("trace_id") or run_id), item.get("error")
        first = nanoseconds(item.get("first_token_time"))
        yield span_of(
            entry,
            {
                "trace_id": trace_id,
                "span_id": run_id,
                "parent_id": str(item.get("parent_run_id") or ""),
                "name": str(item.get("name") or ""),
                "start": nanoseconds(item.get("start_time")),
                "end": nanoseconds(item.get("end_time")),
                "attributes": _attributes(item),
                "events": (Record(entry, trace_id, run_id, "first token", first, {}),) if first else (),
                "failed": bool(error) or str(item.get("status")).lower() in _FAILED,
                "message": error if isinstance(error, str) else "",
            },
        )


def _attributes(item: Mapping[str, Any]) -> dict[str, Any]:
    """The run's own words as those of its SDK's spans."""
    extra = mapping(embedded(item.get("extra")))
    metadata = mapping(extra.get("metadata")) | mapping(embedded(item.get("metadata")))
    invocation = mapping(extra.get("invocation_params"))
    model = metadata.get("ls_model_name") or invocation.get("model") or invocation.get("model_name")
    details = mapping(embedded(item.get("prompt_token_details")))
    named = {
        "langsmith.span.kind": str(item["run_type"]),
        "langsmith.metadata.ls_model_name": model,
        "langsmith.metadata.session_id": next((metadata[name] for name in _SESSIONS if metadata.get(name)), None)
        or item.get("thread_id"),
        "langsmith.metadata.user_id": metadata.get("user_id"),
        "gen_ai.system": metadata.get("ls_provider"),
        "gen_ai.prompt": embedded(item.get("inputs")),
        "gen_ai.completion": embedded(item.get("outputs")),
        "gen_ai.usage.input_tokens": number(item.get("prompt_tokens")),
        "gen_ai.usage.output_tokens": number(item.get("completion_tokens")),
        "gen_ai.usage.cache_read.input_tokens": number(details.get("cache_read")),
        "gen_ai.usage.reasoning.output_tokens": number(
            mapping(embedded(item.get("completion_token_details"))).get("reasoning")
        ),
        "gen_ai.usage.total_cost": number(item.get("total_cost")),
        "metadata": {name: value for name, value in metadata.items() if not name.startswith("ls_")} or None,
    }
    tokens = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")
    if not any(named[name] for name in tokens):  # 0 of both is what an export writes for what nobody counted
        named |= dict.fromkeys(tokens)
    return {name: value for name, value in named.items() if value is not None}
