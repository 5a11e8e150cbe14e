"""Strands Agents: the older conventions, with a server's times in whole milliseconds."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import number
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect


def _fields(attributes: Attributes) -> dict[str, Any]:
    return {"ttft_ms": number(attributes.get("gen_ai.server.time_to_first_token"))}


STRANDS = Dialect("Strands Agents", ("gen_ai.event.start_time", "gen_ai.server.time_to_first_token"), _fields)
