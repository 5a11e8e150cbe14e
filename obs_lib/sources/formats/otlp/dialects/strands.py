"""Strands Agents: the older conventions, with a server's times in whole milliseconds."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import milliseconds, number
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect

_PROVIDER = "gen_ai.provider.name"


def _fields(attributes: Attributes) -> dict[str, Any]:
    """Strands writes whole milliseconds; others who use the name (OpenLIT) write seconds."""
    first = number(attributes.get("gen_ai.server.time_to_first_token"))
    ours = isinstance(first, int) or "strands" in str(attributes.get("gen_ai.system", attributes.get(_PROVIDER)))
    return {"ttft_ms": first if first is None or ours else milliseconds(first)}


STRANDS = Dialect("Strands Agents", ("gen_ai.event.start_time", "gen_ai.server.time_to_first_token"), _fields)
