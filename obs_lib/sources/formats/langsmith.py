"""LangSmith: runs as its bulk export (Parquet), its API and its SDK write them, with LangChain's serialised messages.

A run is a span; its inputs and outputs are what the OpenTelemetry exporter of the same SDK puts into attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.langchain import model_in
from obs_lib.sources.formats.parse import DEEPEST, embedded, mapping, number
from obs_lib.sources.formats.spans import FIELDS, Record, Span, SpanFormat, annotation, each, nanoseconds, span_of
from obs_lib.sources.formats.tags import Tags, add_labels, add_scalars
from obs_lib.sources.formats.usage import usage_of

_SESSIONS = ("session_id", "thread_id", "conversation_id")
_WHOSE = (*_SESSIONS, "user_id")
_FAILED = ("error", "failed")
_COUNTS = {
    "input_tokens": "gen_ai.usage.input_tokens",
    "cached_input_tokens": "gen_ai.usage.cache_read.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "reasoning_tokens": "gen_ai.usage.reasoning.output_tokens",
}


class LangSmithFormat(SpanFormat):
    """Runs, one an entry, and feedback on runs, beside them or by itself."""

    describe = "LangSmith's runs and feedback: bulk exports as Parquet, JSON and JSON Lines"
    fields = FIELDS - {"prompt_version", "expected_format", "safety_flags", "prefill_ms", "decode_ms"}

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By the kind of run."""
        return ("run_type" in item and "start_time" in item) or _is_feedback(item)

    def spans(self, entry: Entry, item: dict[str, Any]) -> Iterable[Span | Record | Rejected]:
        """The run, those that stand inside it, and the feedback on it."""
        if _is_feedback(item):
            yield from _feedback(entry, item)
            return
        if "run_type" not in item:
            raise Rejected("not a run of LangSmith")
        yield from each(list(_with_children(item)), lambda run: _span(entry, run))
        yield from _counted_feedback(entry, item)


def _is_feedback(item: Mapping[str, Any]) -> bool:
    return {"run_id", "key"} <= item.keys() and not {"score", "value"}.isdisjoint(item)


def _feedback(entry: Entry, item: Mapping[str, Any]) -> Iterator[Record]:
    """One verdict, as the API and the feedback of a bulk export have it: of somebody in LangSmith's pages (`app`), of a judge
    (`model`, `auto_eval`), or through the API, as a product's own thumbs come.
    """
    came = str(mapping(embedded(item.get("feedback_source"))).get("type", item.get("feedback_source_type")))
    kind = {"app": "HUMAN", "model": "LLM", "auto_eval": "LLM"}.get(came, "API")
    verdict = item.get("score") if item.get("score") is not None else item.get("value")
    if verdict is not None and item.get("run_id"):
        yield annotation(entry, ("", str(item["run_id"])), item["key"], verdict, kind)


def _counted_feedback(entry: Entry, run: Mapping[str, Any]) -> Iterator[Record]:
    """What a run itself says of its feedback: by key, how much there was, its mean, or the words that were chosen.

    Nobody says whose it is, so it comes as feedback through the API does, not as a person's verdict.
    """
    of = str(run.get("trace_id") or run.get("id") or ""), str(run.get("id") or "")
    for key, counted in mapping(embedded(run.get("feedback_stats"))).items():
        words = mapping(mapping(counted).get("values"))
        verdict = mapping(counted).get("avg", max(words, key=lambda word: number(words[word]) or 0) if words else None)
        if verdict is not None and number(mapping(counted).get("n")):
            yield annotation(entry, of, key, verdict, "API")


def _with_children(run: dict[str, Any], levels: int = DEEPEST) -> Iterator[Any]:
    yield run
    children = run.get("child_runs")
    for child in children if isinstance(children, list) and levels else ():
        yield from _with_children(child, levels - 1) if isinstance(child, dict) else (child,)


def _span(entry: Entry, run: dict[str, Any]) -> Span:
    run_id = str(run.get("id") or "")
    trace_id, error = str(run.get("trace_id") or run_id), run.get("error")
    first = nanoseconds(run.get("first_token_time")) or _first_token(run)
    return span_of(
        entry,
        {
            "trace_id": trace_id,
            "span_id": run_id,
            "parent_id": str(run.get("parent_run_id") or ""),
            "name": str(run.get("name") or ""),
            "start": nanoseconds(run.get("start_time")),
            "end": nanoseconds(run.get("end_time")),
            "attributes": _attributes(run),
            "events": (Record(entry, trace_id, run_id, "first token", first, {}),) if first else (),
            "failed": bool(error) or str(run.get("status")).lower() in _FAILED,
            "message": error if isinstance(error, str) else "",
        },
    )


def _first_token(run: Mapping[str, Any]) -> int:
    events = embedded(run.get("events"))
    named = (mapping(event) for event in (events if isinstance(events, list) else ()))
    return next((nanoseconds(event.get("time")) for event in named if event.get("name") == "new_token"), 0)


def _attributes(run: Mapping[str, Any]) -> dict[str, Any]:
    """The run's own words as those of its SDK's spans."""
    extra = mapping(embedded(run.get("extra")))
    metadata = mapping(extra.get("metadata")) | mapping(embedded(run.get("metadata")))
    invocation = mapping(extra.get("invocation_params"))
    outputs = _plain(run.get("outputs"))
    asked = metadata.get("ls_model_name") or invocation.get("model") or invocation.get("model_name")
    details = mapping(embedded(run.get("prompt_token_details")))
    named = {
        "langsmith.span.kind": str(run["run_type"]),
        "langsmith.metadata.ls_model_name": model_in(outputs) or asked,
        "langsmith.metadata.session_id": next((metadata[name] for name in _SESSIONS if metadata.get(name)), None)
        or run.get("thread_id"),
        "langsmith.metadata.user_id": metadata.get("user_id"),
        "gen_ai.system": metadata.get("ls_provider"),
        "gen_ai.prompt": _plain(run.get("inputs")),
        "gen_ai.completion": outputs,
        "gen_ai.tool.definitions": invocation.get("tools"),
        "gen_ai.usage.input_tokens": number(run.get("prompt_tokens")),
        "gen_ai.usage.output_tokens": number(run.get("completion_tokens")),
        "gen_ai.usage.cache_read.input_tokens": number(details.get("cache_read")),
        "gen_ai.usage.reasoning.output_tokens": number(
            mapping(embedded(run.get("completion_token_details"))).get("reasoning")
        ),
        "gen_ai.usage.total_cost": number(run.get("total_cost")),
        "metadata": _tags(run, metadata) or None,
    }
    tokens = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")
    if not any(named[name] for name in tokens):  # 0 of both is what an export writes for what nobody counted
        counted, _ = usage_of(metadata.get("usage_metadata"))  # as a program sets them that calls a model by itself
        named |= dict.fromkeys(tokens) | {_COUNTS[name]: count for name, count in counted.items()}
    return {name: value for name, value in named.items() if value is not None}


def _plain(sides: Any) -> Any:
    """Inputs or outputs; what a traced function was given, or gave back, without the name that it stands under."""
    decoded = embedded(sides)
    if isinstance(decoded, dict) and len(decoded) == 1:
        ((name, value),) = decoded.items()
        if name == "output" or isinstance(value, str):
            return value
    return decoded


def _tags(run: Mapping[str, Any], metadata: Mapping[str, Any]) -> Tags:
    tags: Tags = {}
    add_labels(tags, embedded(run.get("tags")))
    add_scalars(tags, metadata, (name for name in metadata if not name.startswith("ls_") and name not in _WHOSE))
    return tags
