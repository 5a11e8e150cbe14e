"""LangSmith over OpenTelemetry: a run's inputs and outputs as LangChain writes them, in names of the older conventions."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.formats.langchain import generation, plain_message
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import first, text
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect
from obs_lib.sources.formats.parse import embedded, mapping
from obs_lib.sources.formats.retrieved import documents
from obs_lib.sources.formats.usage import usage_of

_METADATA = "langsmith.metadata."


def usage_in(outputs: Any) -> dict[str, Any]:
    """The token counts that LangChain leaves in a model's output: in its message, else in what the provider said."""
    body = mapping(outputs)
    message = plain_message(mapping(generation(body)).get("message"))
    told = (
        mapping(message).get("usage_metadata"),
        body.get("usage_metadata"),
        mapping(body.get("llm_output")).get("token_usage"),
        mapping(body.get("llm_output")).get("usage"),
        body.get("usage"),
    )
    return next((counts for usage in told if (counts := usage_of(usage)[0])), {})


def _fields(attributes: Attributes) -> dict[str, Any]:
    names = ("session_id", "thread_id", "conversation_id")
    model = (_METADATA + "ls_model_name", "langsmith.metadata.ls_model")
    return {
        "session_id": text(first(attributes, (*(_METADATA + name for name in names), "langsmith.trace.session_id"))),
        "user_id": text(first(attributes, (_METADATA + "user_id",))),
        "model_version": text(first(attributes, model)),
        **usage_in(embedded(attributes.get("gen_ai.completion"))),
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
