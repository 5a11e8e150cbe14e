"""What a retrieval gave back, in the shapes in which clients log its output."""

from __future__ import annotations

from typing import Any

from obs_lib.sources.formats.parse import embedded, mapping, number

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
