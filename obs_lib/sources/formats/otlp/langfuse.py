"""Spans of the Langfuse SDK (version 3 and later) on their way through OpenTelemetry, by their `langfuse.*` attributes.

The SDK writes an observation as a span and each field as one attribute; what is no text is JSON text. Read are:

    langfuse.observation.{type, input, output, level, status_message, metadata[.<key>]}
    langfuse.observation.{model.name, model.parameters, usage_details, cost_details, completion_start_time}
    langfuse.observation.prompt.{name, version}
    langfuse.trace.{name, tags, metadata[.<key>]}, user.id, session.id
    langfuse.{environment, release, version}

Names are those of `langfuse._client.attributes.LangfuseOtelSpanAttributes`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from obs_lib.sources.formats.langfuse.fields import content
from obs_lib.sources.formats.parse import embedded, number
from obs_lib.sources.formats.retrieved import documents
from obs_lib.sources.values import well_formed

_OBSERVATION = "langfuse.observation."
TYPE = _OBSERVATION + "type"
_NAMES = {
    "type": "type",
    "input": "input",
    "output": "output",
    "level": "level",
    "status_message": "statusMessage",
    "model.name": "model",
    "model.parameters": "modelParameters",
    "usage_details": "usageDetails",
    "cost_details": "costDetails",
    "completion_start_time": "completionStartTime",
    "prompt.name": "promptName",
    "prompt.version": "promptVersion",
}
_TRACE_NAMES = {
    "langfuse.trace.name": "traceName",
    "langfuse.trace.tags": "tags",
    "langfuse.environment": "environment",
    "langfuse.release": "release",
    "langfuse.version": "version",
    "user.id": "userId",
    "session.id": "sessionId",
}
_METADATA = ("langfuse.trace.metadata", "langfuse.observation.metadata")


def observation_type(attributes: Mapping[str, Any]) -> str | None:
    """What the SDK calls the span, in capitals (GENERATION, RETRIEVER, TOOL, SPAN, ...); None for a span of others."""
    kind = attributes.get(TYPE)
    return kind.upper() if isinstance(kind, str) and kind else None


def is_generation(attributes: Mapping[str, Any]) -> bool:
    """Whether the span is an interaction with a model."""
    return observation_type(attributes) == "GENERATION"


def native_fields(
    attributes: Mapping[str, Any],
    *,
    name: str | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> dict[str, Any]:
    """The native fields that the attributes tell of a generation, without those that they say nothing about.

    Parameters
    ----------
    attributes : decoded values of one span.
    name : the span's; its tag `route` where the trace has no name.
    start, end : the span's own; the time to first token is taken from `start`. The identity of the interaction, its moment
        and its latency are the span's and not among the fields.

    >>> native_fields({"langfuse.observation.output": "4", "langfuse.observation.usage_details": '{"input": 3, "output": 1}'})
    {'response': '4', 'input_tokens': 3.0, 'output_tokens': 1.0}
    """
    observation = _observation(attributes)
    observation |= {"name": name, "startTime": start and start.isoformat(), "endTime": end and end.isoformat()}
    return {name: value for name, value in content(observation, {}).items() if value is not None}


def contexts(attributes: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """What a RETRIEVER found, as native `contexts`; None for other spans and where its output holds no texts."""
    return documents(attributes.get(_OBSERVATION + "output")) if observation_type(attributes) == "RETRIEVER" else None


def _observation(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes as an observation in the names of Langfuse's API."""
    observation: dict[str, Any] = {api: attributes.get(_OBSERVATION + name) for name, api in _NAMES.items()}
    observation |= {api: attributes.get(name) for name, api in _TRACE_NAMES.items()}
    for name in ("modelParameters", "usageDetails", "costDetails", "tags"):
        observation[name] = embedded(observation[name])
    observation["completionStartTime"] = _scalar(observation["completionStartTime"])
    observation["metadata"] = {
        name[len(prefix) + 1 :]: _scalar(value)
        for prefix in _METADATA
        for name, value in attributes.items()
        if name.startswith(prefix + ".")
    }
    return observation


def _scalar(value: Any) -> Any:
    """What a JSON text stands for; text that is no JSON stays."""
    try:
        decoded = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value
    if isinstance(decoded, str):
        return well_formed(decoded)
    return value if isinstance(decoded, float) and number(decoded) is None else decoded
