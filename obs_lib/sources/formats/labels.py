"""People's labels: JSON Lines or rows, one verdict on one interaction each."""

from __future__ import annotations

from typing import Any

from obs_lib.lake.tables import LABELS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Rejected, Row
from obs_lib.sources.formats.base import EntryFormat
from obs_lib.sources.validate import parse_object
from obs_lib.sources.values import words

_HUMAN = "human"


class LabelFormat(EntryFormat):
    """`request_id`, `label` (its name), `value` (true or false, a number, a word, or a list of names), and, where they are
    known, `source` ("human" by default) and `inclusion_probability`, with which the interaction was drawn for labelling
    (files drawn before it had this name call it `inclusion`). A line that has this field and whose value is null is
    not labelled yet: it is passed over. Null for the probability says that somebody picked it.
    """

    describe = "people's verdicts on interactions that another source logs"
    tables = frozenset({LABELS})

    def days(self, raw: bytes) -> set[Day]:
        """A label names no day: it belongs to that of its interaction."""
        return set()

    def rows(self, entry: Entry) -> list[Row]:
        """One label, or none where it is drawn and not labelled yet."""
        given = parse_object(entry)
        if "value" in given and given["value"] is None and {"inclusion_probability", "inclusion"} & given.keys():
            return []
        return [Row(LABELS, entry, label_fields(given))]


def label_fields(given: dict[str, Any]) -> dict[str, Any]:
    """Columns of LABELS from a label's own fields; `Rejected` where there is no verdict."""
    verdict = given.get("value")
    if isinstance(verdict, list):
        verdict = words("value", verdict)
    if not isinstance(verdict, bool | int | float | str):
        raise Rejected("value: neither text, number nor true/false")
    number = int(verdict) if isinstance(verdict, bool) else None if isinstance(verdict, str) else verdict
    return {
        "request_id": given.get("request_id"),
        "name": given.get("label"),
        "source": given.get("source") or _HUMAN,
        "value": number,
        "text": verdict if isinstance(verdict, str) else None,
        "inclusion_probability": _inclusion_probability(given),
    }


def _inclusion_probability(given: dict[str, Any]) -> Any:
    return given.get("inclusion_probability", given.get("inclusion"))
