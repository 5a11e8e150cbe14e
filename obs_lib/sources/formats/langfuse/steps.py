"""What the other observations of a trace, and its scores, say of its interactions: guardrails, verdicts."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.formats.langfuse.fields import Item
from obs_lib.sources.formats.parse import embedded, mapping, number

_SOURCES = {"ANNOTATION": "human", "EVAL": "evaluation"}


def raised(guardrail: Item) -> bool:
    """Whether a GUARDRAIL stopped or flagged something: by its level, or by the usual words of a JSON output."""
    verdict = mapping(embedded(guardrail.get("output")))
    return (
        guardrail.get("level") in ("WARNING", "ERROR")
        or any(verdict.get(name) is False for name in ("passed", "safe", "valid", "allowed"))
        or any(verdict.get(name) is True for name in ("blocked", "flagged", "denied", "unsafe"))
    )


def label(score: Item) -> dict[str, Any]:
    """Name, source, value and text of a score, as columns of `tables.LABELS`. A category is its word, not its number."""
    value, word = score.get("value"), score.get("stringValue")
    kind = score.get("dataType") or ("NUMERIC" if number(value) is not None and not word else "CATEGORICAL")
    if kind == "BOOLEAN":
        words = {"true": 1.0, "false": 0.0}
        value = words.get(str(word if number(value) is None and word else value).lower(), number(value))
    source = str(score.get("source") or "API").upper()
    numeric = kind in ("NUMERIC", "BOOLEAN")
    return {
        "name": score.get("name"),
        "source": _SOURCES.get(source, source.lower()),
        "value": number(value) if numeric else None,
        "text": None if numeric else next((text for text in (word, value) if isinstance(text, str)), None),
        "inclusion_probability": None,
    }
