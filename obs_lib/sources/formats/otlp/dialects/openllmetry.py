"""OpenLLMetry: its first names for a call (`llm.prompts.0.content`), and in all versions what functions a request offers."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import first, indexed, number, text
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect
from obs_lib.sources.formats.tool_use import tool_use


def _fields(attributes: Attributes) -> dict[str, Any]:
    asked, answered = (_messages(attributes, f"llm.{side}") for side in ("prompts", "completions"))
    said = answered[0] if answered else None
    return {
        "model_version": text(first(attributes, ("llm.response.model", "llm.request.model"))),
        "provider": text(attributes.get("llm.vendor")),
        "user_id": text(attributes.get("llm.user")),
        "prompt": prompt_of(asked) if asked else None,
        "response": answer_of(said) if said else None,
        "finish_reason": finish_reason(finish_in(said)),
        "input_tokens": number(attributes.get("llm.usage.prompt_tokens")),
        "output_tokens": number(attributes.get("llm.usage.completion_tokens")),
        **tool_use({"tools": indexed(attributes, "llm.request.functions") or None}, said),
    }


def _messages(attributes: Attributes, prefix: str) -> list[Any]:
    """Those of OpenInference bear the same first name, and have no role or content of their own."""
    listed = indexed(attributes, prefix)
    return [
        item for item in listed if isinstance(item, dict) and not {"role", "content", "tool_calls"}.isdisjoint(item)
    ]


OPENLLMETRY = Dialect(
    "OpenLLMetry",
    ("llm.vendor", "llm.request.", "llm.response.model", "llm.usage.", "llm.prompts.", "llm.completions."),
    _fields,
)
