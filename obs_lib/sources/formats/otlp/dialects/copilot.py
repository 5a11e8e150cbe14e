"""Copilot Chat: the conventions, with a time and a session in words of its own."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.formats.otlp.any_value import Attributes
from obs_lib.sources.formats.otlp.attribute_values import first, number, text
from obs_lib.sources.formats.otlp.dialects.dialect import Dialect

_OWN = "copilot_chat."


def _fields(attributes: Attributes) -> dict[str, Any]:
    return {
        "ttft_ms": number(attributes.get(_OWN + "time_to_first_token")),
        "session_id": text(first(attributes, (_OWN + "chat_session_id", _OWN + "session_id"))),
    }


COPILOT = Dialect("Copilot Chat", (_OWN,), _fields)
