"""Amazon Bedrock: the model invocation log, as it lies in S3 or CloudWatch, a JSON object an invocation.

The bodies are the provider's own (Anthropic, Llama, Titan, Nova ...) or Converse's; large ones lie in files of their own, to
which the log only points, and are not read. A streamed answer is a list of its chunks. The time is that of the request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.records import Day
from obs_lib.sources.entries import Entry, HalfRead, PassedOver, Rejected, Row
from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.base import CALL, EntryFormat
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.model_calls import answers_in_text
from obs_lib.sources.formats.parse import embedded, mapping, moment, number, object_of
from obs_lib.sources.formats.streams import body_of
from obs_lib.sources.formats.tool_use import tool_use
from obs_lib.sources.formats.usage import richer, settled, usage_of

_STAMP = re.compile(rb'\\?"timestamp\\?"\s*:\s*\\?"([^"\\]{10,40})\\?"')
_TEXTS = ("outputText", "completion", "generation", "text", "output_text")
_NO_CHAT = re.compile(r"embed|rerank|image|canvas|video|reel|sonic|stability", re.IGNORECASE)


class BedrockFormat(EntryFormat):
    """Invocations, one an entry."""

    describe = "Amazon Bedrock's model invocation log"
    tables = frozenset({INTERACTIONS})
    fields = CALL | {"user_id", "session_id", "provider", "ttft_ms", "total_latency_ms", "tags"}

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By its schema, or the names that it always has, also where CloudWatch hands it on as the text of an event."""
        first = _told(next(iter(_events(item)), {}))
        return first.get("schemaType") == "ModelInvocationLog" or {"modelId", "requestId", "operation"} <= first.keys()

    def days(self, raw: bytes) -> set[Day]:
        """The day of the request."""
        return {at.date() for stamp in _STAMP.findall(raw) if (at := moment(stamp.decode("latin-1"))) is not None}

    def rows(self, entry: Entry) -> Iterable[Row | PassedOver]:
        """The interaction; nothing for what is no chat."""
        if entry.cut:
            raise Rejected("line too long")
        for event in _events(object_of(entry.raw)):
            yield from self._row(entry, _told(event))

    def _row(self, entry: Entry, item: Mapping[str, Any]) -> Iterator[Row | PassedOver]:
        if not self.owns(item):
            raise Rejected("not an invocation of Bedrock")
        model = str(item.get("modelId") or "")
        if _NO_CHAT.search(model) or answers_in_text(str(item.get("operation") or "")) is False:
            yield PassedOver(entry, model or str(item.get("operation")))
            return
        fields, repairs = _interaction(item, model)
        yield Row(INTERACTIONS, entry, fields, repairs=tuple(repairs), half_read=_elsewhere(item))


def _events(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The events of an entry: itself, or those that a subscription of CloudWatch, or its API, gives together."""
    listed = next((item[name] for name in ("logEvents", "events") if isinstance(item.get(name), list)), None)
    return [mapping(event) for event in listed] if listed else [item]


def _told(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an event of CloudWatch says; the event itself where it is no other's."""
    return next((mapping(embedded(event[name])) for name in ("message", "@message") if name in event), {}) or event


def _interaction(item: Mapping[str, Any], model: str) -> tuple[dict[str, Any], list[str]]:
    asked, given = mapping(item.get("input")), mapping(item.get("output"))
    body = mapping(body_of(given.get("outputBodyJson")))
    measured = mapping(body.get("amazon-bedrock-invocationMetrics"))
    counts = {
        "input_tokens": number(asked.get("inputTokenCount")),
        "output_tokens": number(given.get("outputTokenCount")),
    }
    cached, written = (number(asked.get(f"cache{way}InputTokenCount")) for way in ("Read", "Write"))
    told, repairs = settled(counts | {"cached_input_tokens": cached}, written=written, cache_beside=True)
    tokens, more = richer(told, usage_of(body.get("usage"))[0])
    error = item.get("errorCode")
    start = moment(item.get("timestamp"))
    latency = number(mapping(body.get("metrics")).get("latencyMs", measured.get("invocationLatency")))
    return {
        "request_id": item.get("requestId"),
        "timestamp": start.isoformat() if start else item.get("timestamp"),
        "model_version": model.rpartition("/")[2] or None,
        "provider": "aws.bedrock",
        "user_id": mapping(item.get("requestMetadata")).get("user_id"),
        "session_id": mapping(item.get("requestMetadata")).get("session_id"),
        "prompt": _prompt(embedded(asked.get("inputBodyJson"))),
        "response": _answer(body),
        **tool_use(embedded(asked.get("inputBodyJson")), body),
        "finish_reason": finish_reason(
            finish_in(body) or _first(body, "completionReason") or _first(body, "stop_reason")
        ),
        "total_latency_ms": latency,
        "ttft_ms": number(measured.get("firstByteLatency")),
        "error": str(error) if error else None,
        "error_kind": error_kind(str(error), None, None) if error else None,
        "tags": {"route": item["operation"]} if isinstance(item.get("operation"), str) else None,
        **({} if error and not any(tokens.values()) else tokens),
    }, [*repairs, *more]


def _elsewhere(item: Mapping[str, Any]) -> HalfRead | None:
    """Bodies that lie in files of their own, which nobody fetches."""
    names = [
        f"{side}.{side}BodyS3Path" for side in ("input", "output") if mapping(item.get(side)).get(f"{side}BodyS3Path")
    ]
    return HalfRead("Amazon Bedrock", tuple(names)) if names else None


def _prompt(body: Any) -> Any:
    if isinstance(body, dict) and isinstance(body.get("inputText"), str):
        return body["inputText"]
    if isinstance(body, dict) and isinstance(body.get("prompt"), str):
        return body["prompt"]
    if isinstance(body, dict) and isinstance(body.get("message"), str):  # Cohere
        before = [
            {"role": str(turn.get("role")).lower().replace("chatbot", "assistant"), "content": turn.get("message")}
            for turn in map(mapping, body.get("chat_history") or ())
        ]
        return prompt_of([*before, {"role": "user", "content": body["message"]}])
    return prompt_of(body)


def _answer(body: Mapping[str, Any]) -> str | None:
    for name in ("results", "outputs"):  # Titan, Mistral
        listed = body.get(name)
        if isinstance(listed, list) and listed:
            return _answer(mapping(listed[0]))
    for name in _TEXTS:
        if isinstance(body.get(name), str):
            text: str = body[name]
            return text
    return answer_of(dict(body)) if body else None


def _first(body: Mapping[str, Any], name: str) -> Any:
    listed = body.get("results", body.get("outputs"))
    return mapping(listed[0]).get(name) if isinstance(listed, list) and listed else None
