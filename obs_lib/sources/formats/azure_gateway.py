"""Azure API Management: rows of its tables `ApiManagementGatewayLlmLog` and `ApiManagementGatewayLogs`, several a call.

Long messages are cut into rows of the same CorrelationId, numbered by SequenceNumber; they are put together. Token counts and
the model stand in one of them; status, duration and bodies in the row of the gateway itself, where that is exported too.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, Item, PassedOver, Rejected, RejectedEntry, Row
from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.base import CALL, Format
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.model_calls import answers_in_text
from obs_lib.sources.formats.parse import embedded, mapping, moment, number, object_of
from obs_lib.sources.formats.streams import body_of
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import richer, usage_of

_STAMP = re.compile(rb'"(?:[tT]imeGenerated|[tT]ime)"\s*:\s*"([^"\\]{10,40})"')
_GRACE = dt.timedelta(minutes=15)
_EARLIEST = dt.datetime(1971, 1, 1, tzinfo=dt.UTC)
_OF_A_MODEL = ("requestmessages", "responsemessages", "prompttokens", "completiontokens", "modelname", "deploymentname")
_OF_THE_GATEWAY = ("responsecode", "backendresponsecode", "requestbody", "responsebody", "backendresponsebody")
_PATH = re.compile(r"/deployments/[^/]+/([\w/]+)|/(chat/completions|responses|messages|completions|embeddings)\b")

Fields = dict[str, Any]


class AzureGatewayFormat(Format):
    """Calls, one or several rows each. One read holds all its entries in memory."""

    describe = "Azure API Management's logs of language models and of its gateway"
    tables = frozenset({INTERACTIONS})
    fields = CALL | {"provider", "total_latency_ms", "tags"}

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By its id beside messages, counts or bodies."""
        rows = _rows(item)
        return bool(rows) and all(_is_ours(row) for row in rows)

    def days(self, raw: bytes) -> set[Day]:
        """The day on which the row was written, and those of the quarter of an hour around it: a call has several rows."""
        moments = (moment(stamp.decode("latin-1")) for stamp in _STAMP.findall(raw))
        return {(at + shift).date() for at in moments if at and at > _EARLIEST for shift in (-_GRACE, _GRACE)}

    def read(self, entries: Iterable[Entry]) -> Iterator[Item]:
        """Rejects while reading; then every call."""
        calls: dict[str, list[tuple[Entry, Fields]]] = {}
        for entry in entries:
            try:
                if entry.cut:
                    raise Rejected("line too long")
                item = object_of(entry.raw)
                if not self.owns(item):
                    raise Rejected("not a row of Azure API Management's log of language models")
                for row in _rows(item):
                    calls.setdefault(str(row["correlationid"]), []).append((entry, row))
            except Rejected as reason:
                yield RejectedEntry(entry, str(reason))
        for name, rows in calls.items():
            rows.sort(key=lambda numbered: number(numbered[1].get("sequencenumber")) or 0)
            yield from _call(name, rows[0][0], [row for _, row in rows])


def _is_ours(row: Fields) -> bool:
    return "correlationid" in row and any(name in row for name in (*_OF_A_MODEL, *_OF_THE_GATEWAY))


def _rows(item: Mapping[str, Any]) -> list[Fields]:
    """The rows of an entry: itself, or those of the tables that a query of Log Analytics answers with."""
    tables = item.get("tables")
    if not isinstance(tables, list):
        return [_row(item)]
    found = []
    for table in map(mapping, tables):
        columns, rows = table.get("columns"), table.get("rows")
        names = [str(mapping(column).get("name")) for column in (columns if isinstance(columns, list) else ())]
        values = (row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, list))
        found += [_row(dict(zip(names, row, strict=False))) for row in values]
    return found


def _row(item: Mapping[str, Any]) -> Fields:
    """The row's fields by their names in small letters, also where the export has them in an object of its own."""
    fields = mapping(embedded(item.get("properties"))) | dict(item)
    return {name.lower(): value for name, value in fields.items()}


def _call(name: str, entry: Entry, rows: list[Fields]) -> Iterator[Item]:
    path = _PATH.search(str(_first(rows, "url") or ""))
    kind = (path[1] or path[2]).replace("/", ".") if path else None
    of_a_model = any(row.get(column) not in (None, "", 0) for row in rows for column in _OF_A_MODEL)
    if (kind and answers_in_text(kind) is False) or not (of_a_model or kind):
        yield PassedOver(entry, kind or "request that names no model", _at(rows))
    else:
        fields, repairs = _interaction(name, rows)
        yield Row(INTERACTIONS, entry, fields, repairs=tuple(repairs))


def _interaction(name: str, rows: list[Fields]) -> tuple[Fields, list[str]]:
    request = body_of(_first(rows, "requestbody") or _first(rows, "backendrequestbody"))
    body = body_of(_first(rows, "responsebody") or _first(rows, "backendresponsebody"))
    asked = _messages(rows, "requestmessages") or request
    answer = _messages(rows, "responsemessages") or body
    said = answer[0] if isinstance(answer, list) and answer else answer
    counts = {"input_tokens": _number(rows, "prompttokens"), "output_tokens": _number(rows, "completiontokens")}
    tokens, repairs = richer(counts, usage_of(mapping(body).get("usage"))[0])
    at, deployment = _at(rows), _text(rows, "deploymentname")
    error, error_word = _failure(rows, body)
    return {
        "request_id": name,
        "timestamp": at.isoformat() if at else _first(rows, "timegenerated") or _first(rows, "time"),
        "model_version": _text(rows, "modelname") or deployment or _string(mapping(body).get("model")),
        "provider": "azure.ai.openai",
        "prompt": prompt_of(asked) if asked else None,
        "response": answer_of(mapping(said) or answer) if answer and error is None else None,
        **tool_use(request, mapping(said) or answer),
        "finish_reason": finish_reason(finish_in(said) or finish_in(body)),
        "total_latency_ms": _number(rows, "durationms") or _number(rows, "totaltime"),
        "error": error,
        "error_kind": error_word,
        "tags": {"route": deployment} if deployment else None,
        **tokens,
    }, repairs


def _messages(rows: list[Fields], side: str) -> Any:
    """What all rows say on one side: JSON that was cut into pieces, or lists that follow each other."""
    pieces = [row[side] for row in rows if row.get(side)]
    whole = embedded("".join(piece for piece in pieces if isinstance(piece, str)))
    if isinstance(whole, (list, dict)):
        return whole
    lists = [embedded(piece) for piece in pieces]
    if lists and all(isinstance(one, list) for one in lists):
        return [message for one in lists for message in one]
    return whole or None


def _failure(rows: list[Fields], body: Any) -> tuple[str | None, str | None]:
    status = _number(rows, "responsecode") or _number(rows, "backendresponsecode")
    refused = any(row.get("isrequestsuccess") is False for row in rows) and status is None
    if not refused and (status is None or status < 400):
        return None, None
    told = mapping(mapping(body).get("error"))
    message = _text(rows, "lasterrormessage") or _string(told.get("message")) or "error"
    return message, error_kind(_string(told.get("code")), None if status is None else int(status), message) or "other"


def _at(rows: list[Fields]) -> dt.datetime | None:
    """When the first of the rows was written."""
    stamps = (moment(row.get(name)) for row in rows for name in ("timegenerated", "time"))
    return min((stamp for stamp in stamps if stamp is not None), default=None)


def _first(rows: list[Fields], name: str) -> Any:
    return next((row[name] for row in rows if row.get(name) not in (None, "")), None)


def _number(rows: list[Fields], name: str) -> float | None:
    """The largest that a row says: rows that do not know a count write 0."""
    return max((count for row in rows if (count := number(row.get(name))) is not None), default=None)


def _text(rows: list[Fields], name: str) -> str | None:
    return next((row[name] for row in rows if isinstance(row.get(name), str) and row[name]), None)


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
