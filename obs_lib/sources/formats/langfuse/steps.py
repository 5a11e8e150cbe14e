"""What the other observations of a trace, and its scores, say of its interactions: documents, guardrails, verdicts."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.formats.langfuse.fields import Item
from obs_lib.sources.formats.parse import embedded, mapping, number

_SOURCES = {"ANNOTATION": "human", "EVAL": "evaluation"}
_DOCUMENTS = ("documents", "docs", "results", "chunks", "contexts", "matches", "data")
_TEXTS = ("text", "content", "page_content", "pageContent", "chunk", "document")


def documents(output: Any) -> list[dict[str, Any]] | None:
    """What a RETRIEVER's output holds as native `contexts`; None where it holds no list of texts.

    >>> documents({"documents": [{"id": 7, "page_content": "Bern is a city", "score": 0.5}]})
    [{'id': '7', 'text': 'Bern is a city', 'score': 0.5}]
    """
    items = embedded(output)
    if isinstance(items, dict):
        items = next((items[name] for name in _DOCUMENTS if isinstance(items.get(name), list)), None)
    if not isinstance(items, list):
        return None
    contexts = [context for item in items if (context := _context(item))]
    return contexts if contexts or not items else None


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


def _context(item: Any) -> dict[str, Any] | None:
    if isinstance(item, str):
        return {"id": None, "text": item, "score": None} if item else None
    if not isinstance(item, dict):
        return None
    inner = mapping(item.get("document")) or item
    text = next((inner[name] for name in _TEXTS if isinstance(inner.get(name), str) and inner[name]), None)
    name = inner.get("id", item.get("id"))
    score = item.get("score", inner.get("score"))
    if text is None:
        return None
    return {"id": None if name is None else str(name), "text": text, "score": number(score)}
