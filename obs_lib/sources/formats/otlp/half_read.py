"""Calls whose tokens arrive and whose texts do not: which dialect they are in, and what they said that nobody read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from obs_lib.sources.entries import HalfRead
from obs_lib.sources.formats.otlp.dialects.catalogue import name_of
from obs_lib.sources.formats.otlp.encoding import Record, Span

_MOST = 12  # names that are told; a dialect has fewer
_INDEX = re.compile(r"\.\d{1,6}(?=\.|$)")
_TEXT_LIKE = re.compile(
    r"prompt|message|input|output|completion|response|content|request|answer|question|result|body|text|event",
    re.IGNORECASE,
)
_SIDES = {
    "prompt": re.compile(r"prompt|input|request|question|user\.message|system", re.IGNORECASE),
    "response": re.compile(r"output|completion|response|answer|choice|result", re.IGNORECASE),
}
"""What names hold of either side of a call."""
_NO_TEXT = re.compile(
    r"tokens?\b|usage|finish|\.id$|_id$|\.model$|format|max_|temperature|count|mime|type$", re.IGNORECASE
)


def half_read(call: Span, row: Mapping[str, Any], events: Sequence[Record]) -> HalfRead | None:
    """What the call's span says beside its tokens; None where its texts were read, or it has no tokens either."""
    missing = [name for name in ("prompt", "response") if row.get(name) is None]
    if not missing or row.get("error") is not None or not (row.get("input_tokens") or row.get("output_tokens")):
        return None
    own = [name for name, value in call.attributes.items() if _may_hold_text(name, value)]
    of_events = [
        f"{event.name}: {name}"
        for event in events
        for name, value in event.attributes.items()
        if _may_hold_text(name, value)
    ]
    read = [side for field, side in _SIDES.items() if field not in missing]
    unread = [name for name in (*own, *of_events) if not any(side.search(name) for side in read)]
    names = dict.fromkeys(_INDEX.sub(".<i>", name) for name in unread)
    return HalfRead(name_of(call.attributes), tuple(sorted(names)[:_MOST]))


def _may_hold_text(name: str, value: Any) -> bool:
    """Whether an attribute looks like text of the conversation: by its name, and because it holds text at all."""
    written = isinstance(value, (list, dict)) or (isinstance(value, str) and len(value) > 1)
    return bool(value) and written and bool(_TEXT_LIKE.search(name)) and not _NO_TEXT.search(name)
