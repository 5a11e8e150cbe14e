"""Google's Agent Development Kit: request and response of a call as JSON, in Gemini's snake case."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.messages import answer_of, prompt_of
from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import text
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect
from obs_lib.sources.formats.parse import embedded, mapping
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import usage_of

_OWN = "gcp.vertex.agent."


def _fields(attributes: Attributes) -> dict[str, Any]:
    request = mapping(embedded(attributes.get(_OWN + "llm_request")))
    response = mapping(embedded(attributes.get(_OWN + "llm_response")))
    usage, _ = usage_of(response.get("usage_metadata", response.get("usageMetadata")))
    config = mapping(request.get("config"))
    system = config.get("system_instruction", config.get("systemInstruction"))
    asked = {"contents": request.get("contents"), "systemInstruction": system}
    return {
        "session_id": text(attributes.get(_OWN + "session_id")),
        "user_id": text(attributes.get(_OWN + "user_id")),
        "model_version": text(response.get("model_version", request.get("model"))),
        "prompt": prompt_of(asked) if request.get("contents") else None,
        "response": answer_of(response["content"]) if response.get("content") else None,
        "finish_reason": finish_reason(response.get("finish_reason", response.get("finishReason"))),
        **tool_use({"tools": config.get("tools")}, response.get("content")),
        **usage,
    }


def _is_llm(attributes: Attributes) -> bool | None:
    return True if mapping(embedded(attributes.get(_OWN + "llm_request"))) else None


GOOGLE_ADK = Dialect("Google ADK", (_OWN,), _fields, _is_llm)
