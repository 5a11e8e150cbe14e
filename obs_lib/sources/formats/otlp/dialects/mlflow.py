"""MLflow's traces over OpenTelemetry: every attribute is JSON text, a span's type as well."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.langchain import model_in
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import number, text
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect
from obs_lib.sources.formats.parse import embedded, mapping
from obs_lib.sources.formats.retrieved import documents
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import usage_in, usage_of

_KINDS = {"chat_model": "llm", "llm": "llm", "embedding": "embedding", "parser": "output_processor"}


def _unquoted(value: Any) -> Any:
    """The text that JSON text stands for; other values as `embedded` reads them."""
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        inner = embedded(f"[{value}]")
        return inner[0] if isinstance(inner, list) and inner else value
    return embedded(value)


def _type(attributes: Attributes) -> str:
    return str(_unquoted(attributes.get("mlflow.spanType")) or "").lower()


def _fields(attributes: Attributes) -> dict[str, Any]:
    asked, given = (_unquoted(attributes.get(f"mlflow.span{side}")) for side in ("Inputs", "Outputs"))
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], str):
        given = given[0]  # DSPy answers as often as it was asked to
    usage, _ = usage_of(_unquoted(attributes.get("mlflow.chat.tokenUsage")))
    cost = mapping(_unquoted(attributes.get("mlflow.llm.cost")))
    invoked = mapping(_unquoted(attributes.get("invocation_params")))
    said = mapping(given).get("model_version", mapping(given).get("modelVersion"))
    requested = (mapping(asked).get("model"), mapping(asked).get("modelId"), _unquoted(attributes.get("model")))
    named = (model_in(given), said, _unquoted(attributes.get("mlflow.llm.model")), *requested)
    return {
        "model_version": text(next(filter(None, (*named, invoked.get("model"), invoked.get("model_name"))), None)),
        "user_id": text(_unquoted(attributes.get("mlflow.trace.user"))),
        "session_id": text(_unquoted(attributes.get("mlflow.trace.session"))),
        "prompt": prompt_of(asked),
        "response": answer_of(given),
        "finish_reason": finish_reason(finish_in(given)),
        **tool_use({"tools": mapping(asked).get("tools") or attributes.get("mlflow.chat.tools")}, given),
        "cost_usd": number(cost.get("total_cost")),
        **usage,
        **usage_in(given),  # the provider's own says more: which tokens were cached, and which way it counts them
    }


def _is_llm(attributes: Attributes) -> bool | None:
    kind = _type(attributes)
    return kind in ("chat_model", "llm") if kind else None


def _kind(attributes: Attributes) -> str | None:
    kind = _type(attributes)
    return _KINDS.get(kind, kind) or None


def _documents(attributes: Attributes) -> list[dict[str, Any]] | None:
    if _type(attributes) not in ("retriever", "reranker"):
        return None
    return documents(_unquoted(attributes.get("mlflow.spanOutputs")))


MLFLOW = Dialect("MLflow", ("mlflow.",), _fields, _is_llm, _kind, _documents)
