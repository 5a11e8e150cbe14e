"""Text from logs, made fit to be shown: visible, short, without keys.

Personal data is masked before a text comes here (pipeline/shown.py). Escaping for a medium (HTML, a terminal) is the
renderer's; what is done here holds for all of them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from obs_lib.records import ALL
from obs_lib.redaction.secrets import mask_secrets

# Characters that change how their neighbours are read, or that nobody sees: control codes, bidirectional overrides,
# zero-width and tag characters, line separators, lone surrogates. Zero-width joiners stay: scripts and emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
# Piles of combining marks draw over the lines above and below them; no living script needs more than four in a row.
_MARK = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"({_MARK}{{4}}){_MARK}+")

_BEYOND = 2_000  # characters behind a cut that are looked at, so that a key across the cut is known for one


def visible(text: str) -> str:
    r"""The text with unseen characters written out (`\u202e`) and piles of combining marks cut to four.

    >>> visible("a\u202eb")
    'a\\u202eb'
    """
    text = text.replace("\r\n", "\n")
    return _PILE.sub(r"\1", _UNSEEN.sub(_written_out, text))


def json_visible(text: str) -> str:
    r"""JSON text with unseen characters as its own escapes, so that it reads back as the same value.

    >>> json_visible('"a\u202eb"')
    '"a\\u202eb"'
    """
    return _UNSEEN.sub(lambda character: json.dumps(character.group())[1:-1], text)


def excerpt(value: object, limit: int) -> str:
    """At most about `limit` characters of a text from a log: visible, masked, ending in how much was left out.

    Keys are masked before the cut, so that no half of one is left; text far behind the cut is not looked at.
    """
    text = "" if value is None else str(value)
    shown = mask_secrets(visible(text[: limit + _BEYOND])).strip()
    if len(shown) <= limit and len(text) <= limit + _BEYOND:
        return shown
    left = shown[:limit]
    while left and unicodedata.combining(left[-1]):  # never cut between a letter and its marks
        left = left[:-1]
    return f"{left.rstrip()} … (+{max(len(text) - limit, 1):,} characters)"


def line(value: object, limit: int = 160) -> str:
    """The same as `excerpt`, on one line and ending in a bare ellipsis: for names, titles, notes."""
    text = "" if value is None else str(value)
    shown = " ".join(mask_secrets(visible(text[: limit + _BEYOND])).split())
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


@lru_cache(maxsize=256)
def segment_title(segment: str) -> str:
    """A segment as a reader sees it."""
    return "All interactions" if segment == ALL else line(segment, 80)


def place_title(place: Iterable[str]) -> str:
    """Segments as a reader sees them, one after another."""
    return ", ".join(segment_title(segment) for segment in place)


def _written_out(character: re.Match[str]) -> str:
    code = ord(character.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
