"""Where something stands in a text, and the text with that replaced."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

Span = tuple[int, int]
"""Characters [start, end)."""


class Found(NamedTuple):
    """A secret or a personal datum by its kind and place; never the thing itself."""

    kind: str
    start: int
    end: int


def replaced(text: str, spans: Iterable[Span], mask: str) -> str:
    """The text with the mask in place of each span. spans : in order; one that begins inside the last one is passed over.

    >>> replaced("call 555 now", [(5, 8)], "[phone]")
    'call [phone] now'
    """
    kept, at = [], 0
    for start, end in spans:
        if start >= at:
            kept += [text[at:start], mask]
            at = end
    return "".join([*kept, text[at:]]) if kept else text
