"""LiteLLM: the StandardLoggingPayload that its proxy and library hand to every logger (S3, GCS, files, own callbacks).

Calls of a model that answers in text are interactions, whatever route they took; embeddings, rerankings, moderations and the
like are stages of the interaction of the same trace. Guardrails and vector stores stand inside the payload, with their own
times: stages as well.
Keys, their hashes, headers, addresses and e-mails of callers are never copied.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obs_lib.lake.tables import INTERACTIONS, SPANS
from obs_lib.records import Day
from obs_lib.sources.entries import CLOCKED, Entry, Item, PassedOver, Rejected, RejectedEntry, Row
from obs_lib.sources.formats.base import CALL, StagedFormat
from obs_lib.sources.formats.litellm.fields import answers, failure, interaction, vector_stores
from obs_lib.sources.formats.model_calls import answers_in_text
from obs_lib.sources.formats.parse import mapping, milliseconds, moment, object_of
from obs_lib.sources.stages import StageNamer

GRACE_S = 15 * 60
"""Seconds around a day, in which a trace that crosses midnight is still read whole."""

_WRAPPERS = ("standard_logging_object", "standard_logging_payload", "payload", "message")
_TIMES = re.compile(rb'"(?:startTime|endTime)\\?"\s*:\s*"?(\d{9,10}(?:\.\d{1,9})?)\b')
_EARLY = dt.datetime.min.replace(tzinfo=dt.UTC)


FIELDS = CALL | {
    *("user_id", "session_id", "trace_id", "prompt_version", "ttft_ms", "total_latency_ms", "cost_usd", "tags"),
    *("provider", "contexts", "safety_flags"),
}


class LiteLLMFormat(StagedFormat):
    """Payloads, one an entry, also inside the object that a logger wraps them in."""

    describe = "LiteLLM's StandardLoggingPayload"
    tables = frozenset({INTERACTIONS, SPANS})
    fields = FIELDS
    derived = CLOCKED

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By the call's type beside its time."""
        return {"id", "call_type", "startTime"} <= item.keys()

    def days(self, raw: bytes) -> set[Day]:
        """The days of start and end, and of a quarter of an hour around them."""
        near = (float(digits) + grace for digits in _TIMES.findall(raw) for grace in (-GRACE_S, GRACE_S))
        return {at.date() for seconds in near if (at := moment(seconds)) is not None}

    def read(self, entries: Iterable[Entry]) -> Iterator[Item]:
        """An interaction with its own stages as soon as it is read; the stages that are calls of their own come last."""
        calls: dict[str, list[tuple[dt.datetime, str]]] = {}
        steps: list[tuple[Entry, dict[str, Any]]] = []
        for entry in entries:
            try:
                payload = _payload(entry)
                if _is_llm(payload):
                    fields = interaction(payload)
                    repairs = tuple(fields.pop("repairs", ()))
                    yield Row(INTERACTIONS, entry, fields, repairs=repairs)
                    yield from self._stages(entry, payload)
                    start = moment(payload["startTime"])
                    if start is not None and isinstance(payload.get("id"), str):
                        calls.setdefault(str(payload.get("trace_id")), []).append((start, payload["id"]))
                else:
                    _check_step(payload)
                    steps.append((entry, payload))
            except Rejected as reason:
                yield RejectedEntry(entry, str(reason))
        for of_trace in calls.values():
            of_trace.sort()
        for entry, payload in steps:
            step = self._step(entry, payload, calls.get(payload["trace_id"], []))
            yield step
            yield PassedOver(entry, str(payload["call_type"]), moment(payload["startTime"]))

    def _stages(self, entry: Entry, payload: dict[str, Any]) -> Iterator[Row]:
        """The call itself and what ran around it, as stages."""
        start, trace, name = moment(payload["startTime"]), payload.get("trace_id"), payload.get("id")
        if start is None or not isinstance(trace, str) or not trace or not isinstance(name, str) or not name:
            return
        base = {"trace_id": trace, "request_id": name, "parent_id": None}
        fields = _span(payload, self.names) | base | {"span_id": name}
        yield Row(SPANS, entry, fields, start)
        for kind, parts in (("guardrail", payload.get("guardrail_information")), ("retriever", vector_stores(payload))):
            for n, part in enumerate(parts if isinstance(parts, list) else ()):
                begun, ended = moment(mapping(part).get("start_time")), moment(mapping(part).get("end_time"))
                label = mapping(part).get("guardrail_name") or mapping(part).get("vector_store_id")
                label = label if isinstance(label, str) else kind
                if begun is not None:
                    stage = {
                        "span_id": f"{name}/{kind}/{n}",
                        "parent_id": name,
                        "stage": self.names.stage_of(label, kind),
                        "name": label,
                        "start": begun,
                        "duration_ms": milliseconds(begun, ended),
                        "error": "failed to respond" if _unanswered(part) else None,
                    }
                    yield Row(SPANS, entry, base | stage, start)

    def _step(self, entry: Entry, payload: dict[str, Any], calls: list[tuple[dt.datetime, str]]) -> Row:
        """A call that is no interaction: a stage of the first one of its trace that starts at or after it, else the last."""
        start = moment(payload["startTime"])
        place = min(bisect_left(calls, (start or _EARLY, "")), len(calls) - 1)
        at, call = calls[place] if calls else (start, None)
        fields = {"trace_id": payload["trace_id"], "span_id": payload["id"], "parent_id": None, "request_id": call}
        return Row(SPANS, entry, _span(payload, self.names) | fields, at)


def _payload(entry: Entry) -> dict[str, Any]:
    """The payload, taken out of the object that wraps it; `Rejected` where there is none."""
    if entry.cut:
        raise Rejected("line too long")
    payload = object_of(entry.raw)
    for name in _WRAPPERS:
        if "startTime" in payload:
            break
        inner = payload.get(name)
        payload = (
            object_of(inner.encode()) if isinstance(inner, str) and inner[:1] == "{" else mapping(inner) or payload
        )
    if "startTime" not in payload or not ("call_type" in payload or "messages" in payload):
        raise Rejected("not a StandardLoggingPayload of LiteLLM")
    if payload.get("id") in (None, ""):
        payload["id"] = f"made-{hashlib.sha256(entry.raw).hexdigest()[:24]}"
    return payload


def _is_llm(payload: dict[str, Any]) -> bool:
    """By its call type; where that is no word that we know, by whether it answers in text."""
    kind = payload.get("call_type")
    if not isinstance(kind, str) or not kind:
        return True
    verdict = answers_in_text(kind)
    if verdict is None:
        return bool(payload.get("completion_tokens")) or answers(payload.get("response")) is not None
    return verdict


def _check_step(payload: dict[str, Any]) -> None:
    """A step without a trace is one by itself, named after its call."""
    if not isinstance(payload["id"], str):
        raise Rejected(f"{payload['call_type']}: without id"[:100])
    if not isinstance(payload.get("trace_id"), str) or not payload["trace_id"]:
        payload["trace_id"] = payload["id"]
    if moment(payload["startTime"]) is None:
        raise Rejected("startTime: not seconds since 1970")


def _span(payload: dict[str, Any], names: StageNamer) -> dict[str, Any]:
    start, kind = moment(payload["startTime"]), payload.get("call_type")
    label = kind if isinstance(kind, str) and kind else "completion"
    return {
        "stage": names.stage_of(label, "completion" if _is_llm(payload) else label),
        "name": label,
        "start": start,
        "duration_ms": milliseconds(start, moment(payload.get("endTime"))),
        "error": failure(payload)[0],
    }


def _unanswered(part: Any) -> bool:
    return mapping(part).get("guardrail_status") == "guardrail_failed_to_respond"
