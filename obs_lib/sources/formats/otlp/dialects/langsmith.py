"""LangSmith over OpenTelemetry: a run's inputs and outputs as LangChain writes them, in names of the older conventions."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import first, text
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect
from obs_lib.sources.formats.parse import embedded
from obs_lib.sources.formats.retrieved import documents
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import usage_in

_METADATA = "langsmith.metadata."


def _fields(attributes: Attributes) -> dict[str, Any]:
    names = ("session_id", "thread_id", "conversation_id")
    model = (_METADATA + "ls_model_name", "langsmith.metadata.ls_model")
    said = embedded(attributes.get("gen_ai.completion"))
    return {
        **tool_use(embedded(attributes.get("gen_ai.prompt")), said),
        "session_id": text(first(attributes, (*(_METADATA + name for name in names), "langsmith.trace.session_id"))),
        "user_id": text(first(attributes, (_METADATA + "user_id",))),
        "model_version": text(first(attributes, model)),
        **usage_in(said),
    }


def _kind(attributes: Attributes) -> str | None:
    kind = attributes.get("langsmith.span.kind")
    return kind.lower() if isinstance(kind, str) and kind else None


def _is_llm(attributes: Attributes) -> bool | None:
    kind = _kind(attributes)
    return None if kind is None else kind == "llm"


def _documents(attributes: Attributes) -> list[dict[str, Any]] | None:
    return documents(attributes.get("gen_ai.completion")) if _kind(attributes) == "retriever" else None


LANGSMITH = Dialect("LangSmith", ("langsmith.",), _fields, _is_llm, _kind, _documents)
