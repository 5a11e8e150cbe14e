"""What a day's logs hold beside its interactions, counted: calls that are no chat, and calls whose texts are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from obs_lib.sources.entries import Entry, HalfRead
from obs_lib.sources.values import canonical, well_formed

PASSED, HALF = "passed over", "half read"
"""The kinds of rows of `tables.UNREAD`."""

_MOST = 200  # kinds of calls that are told apart; logs name their spans as they like
_LONGEST = 100  # characters of a name
_OTHERS = "others"

Key = tuple[str, str, tuple[str, ...]]


@dataclass(slots=True)
class _Counted:
    first: Entry
    n: int = 0


class Unread:
    """Calls of one day by what they are, each with the entry that holds the first of them."""

    def __init__(self) -> None:
        self._calls: dict[Key, _Counted] = {}

    def pass_over(self, entry: Entry, what: str) -> None:
        """Count a call that gives no interaction. what : see `entries.PassedOver`."""
        self._count((PASSED, what[:_LONGEST] or "unnamed", ()), entry)

    def half_read(self, entry: Entry, half: HalfRead) -> None:
        """Count an interaction whose tokens arrived and whose texts did not."""
        self._count((HALF, half.dialect, half.unread), entry)

    def rows(self) -> Iterator[tuple[dict[str, Any], Entry]]:
        """Rows of `tables.UNREAD`, and the entry of each that came first."""
        for (kind, what, names), counted in self._calls.items():
            row = {"kind": kind, "what": well_formed(what), "names": canonical([well_formed(name) for name in names])}
            place = {"file": counted.first.origin, "line": counted.first.number}
            yield row | {"n": counted.n} | place, counted.first

    def _count(self, key: Key, entry: Entry) -> None:
        if key not in self._calls and len(self._calls) >= _MOST:
            key = (key[0], _OTHERS, ())
        counted = self._calls.setdefault(key, _Counted(entry))
        counted.n += 1
        if (entry.origin, entry.number) < (counted.first.origin, counted.first.number):
            counted.first = entry  # a large day is not read in the order in which it stands
