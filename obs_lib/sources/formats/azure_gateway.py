"""Azure API Management: rows of its table `ApiManagementGatewayLlmLog`, several an answer.

Long messages are cut into rows of the same CorrelationId, numbered by SequenceNumber; they are put together. Token counts and
the model stand in one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Item, Rejected, RejectedEntry, Row
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.base import Format
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.parse import embedded, mapping, moment, number, object_of

_STAMP = re.compile(rb'"(?:TimeGenerated|time)"\s*:\s*"([^"\\]{10,40})"')
_TEXTS = ("RequestMessages", "ResponseMessages")
_COUNTS = {"PromptTokens": "input_tokens", "CompletionTokens": "output_tokens"}


class AzureGatewayFormat(Format):
    """Calls, one or several rows each. One read holds all its entries in memory."""

    describe = "Azure API Management's log of language models"
    tables = frozenset({INTERACTIONS})

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By its id beside messages or counts."""
        row = mapping(embedded(item.get("properties"))) | dict(item)
        named = {name.lower() for name in row}
        return "correlationid" in named and bool({"requestmessages", "responsemessages", "prompttokens"} & named)

    def days(self, raw: bytes) -> set[Day]:
        """The day on which the row was written."""
        return {at.date() for stamp in _STAMP.findall(raw) if (at := moment(stamp.decode("latin-1"))) is not None}

    def read(self, entries: Iterable[Entry]) -> Iterator[Item]:
        """Rejects while reading; then every call."""
        calls: dict[str, list[tuple[Entry, dict[str, Any]]]] = {}
        for entry in entries:
            try:
                if entry.cut:
                    raise Rejected("line too long")
                item = object_of(entry.raw)
                if not self.owns(item):
                    raise Rejected("not a row of Azure API Management's log of language models")
                row = _row(item)
                calls.setdefault(str(row["CorrelationId"]), []).append((entry, row))
            except Rejected as reason:
                yield RejectedEntry(entry, str(reason))
        for name, rows in calls.items():
            rows.sort(key=lambda numbered: number(numbered[1].get("SequenceNumber")) or 0)
            yield Row(INTERACTIONS, rows[0][0], _interaction(name, [row for _, row in rows]))


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    """The row's fields by their names in the table, also where the export has them in an object of its own or in other case."""
    fields = mapping(embedded(item.get("properties"))) | dict(item)
    return {name[:1].upper() + name[1:]: value for name, value in fields.items()}


def _interaction(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    asked, said = ("".join(text for row in rows if isinstance(text := row.get(side), str)) for side in _TEXTS)
    stamp = next((row[key] for row in rows for key in ("TimeGenerated", "Time") if row.get(key)), None)
    at = moment(stamp)
    answer = embedded(said)
    first = answer[0] if isinstance(answer, list) and answer else answer
    counts = {
        field: next((count for row in rows if (count := number(row.get(column)))), None)
        for column, field in _COUNTS.items()
    }
    return {
        "request_id": name,
        "timestamp": at.isoformat() if at else stamp,
        "model_version": _known(rows, "ModelName") or _known(rows, "DeploymentName"),
        "provider": "azure.ai.openai",
        "prompt": prompt_of(embedded(asked)) if asked else None,
        "response": answer_of(mapping(first) or answer) if said else None,
        "finish_reason": finish_reason(finish_in(first)),
        "tags": {"route": route} if (route := _known(rows, "DeploymentName")) else None,
        **counts,
    }


def _known(rows: list[dict[str, Any]], name: str) -> str | None:
    return next((row[name] for row in rows if isinstance(row.get(name), str) and row[name]), None)
