"""Digests that name content by plain values (of a table's day: lake/digests.py)."""

from __future__ import annotations

import hashlib
import json

LENGTH = 32  # hex digits: 128 bits are plenty to name the days of a lake, and still readable in a report


def digest_of(*parts: object) -> str:
    """Name of some plain values (anything that JSON can hold); equal values give equal names, on every machine.

    >>> digest_of("ingest", 1) == digest_of("ingest", 1)
    True
    >>> digest_of("ab", "c") == digest_of("a", "bc")
    False
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
