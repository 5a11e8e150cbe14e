"""People's labels: JSON Lines or rows, one verdict on one interaction each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from obs_lib.lake.tables import LABELS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Found, Reject
from obs_lib.sources.validate import parse_object
from obs_lib.sources.values import Rejected, words

_HUMAN = "human"


class LabelFormat:
    """`request_id`, `label` (its name), `value` (true or false, a number, a word, or a list of names), and, where they are
    known, `source` ("human" by default) and `inclusion_probability`, with which the interaction was drawn for labelling
    (files drawn before it had this name call it `inclusion`). A line that has one and whose value is null was drawn and
    is not labelled yet: it is passed over.
    """

    derived = frozenset[str]()

    def days(self, raw: bytes) -> set[Day]:
        """A label names no day: it belongs to that of its interaction."""
        return set()

    def read(self, entries: Iterable[Entry]) -> Iterator[Found | Reject]:
        """One label an entry."""
        for entry in entries:
            try:
                found = parse_object(entry)
                if "value" in found and found["value"] is None and _inclusion_probability(found) is not None:
                    continue
                yield Found(LABELS, entry, label_fields(found))
            except Rejected as reason:
                yield Reject(entry, str(reason))


def label_fields(found: dict[str, Any]) -> dict[str, Any]:
    """Columns of LABELS from a label's own fields; `Rejected` where there is no verdict."""
    verdict = found.get("value")
    if isinstance(verdict, list):
        verdict = words("value", verdict)
    if not isinstance(verdict, bool | int | float | str):
        raise Rejected("value: neither text, number nor true/false")
    number = int(verdict) if isinstance(verdict, bool) else None if isinstance(verdict, str) else verdict
    return {
        "request_id": found.get("request_id"),
        "name": found.get("label"),
        "source": found.get("source") or _HUMAN,
        "value": number,
        "text": verdict if isinstance(verdict, str) else None,
        "inclusion_probability": _inclusion_probability(found),
    }


def _inclusion_probability(found: dict[str, Any]) -> Any:
    return found.get("inclusion_probability", found.get("inclusion"))
