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
from obs_lib.sources.entries import Entry, PassedOver, Rejected, Row
from obs_lib.sources.error_kinds import error_kind
from obs_lib.sources.finish import finish_reason
from obs_lib.sources.formats.base import EntryFormat
from obs_lib.sources.formats.messages import answer_of, finish_in, prompt_of
from obs_lib.sources.formats.model_calls import answers_in_text
from obs_lib.sources.formats.parse import embedded, mapping, moment, number, object_of
from obs_lib.sources.formats.usage import richer, settled, usage_of

_STAMP = re.compile(rb'"timestamp"\s*:\s*"([^"\\]{10,40})"')
_TEXTS = ("outputText", "completion", "generation", "text", "output_text")
_NO_CHAT = re.compile(r"embed|rerank|image|canvas|video|reel|sonic|stability", re.IGNORECASE)


class BedrockFormat(EntryFormat):
    """Invocations, one an entry."""

    describe = "Amazon Bedrock's model invocation log"
    tables = frozenset({INTERACTIONS})

    @classmethod
    def owns(cls, item: Mapping[str, Any]) -> bool:
        """By its schema, or the names that it always has."""
        return item.get("schemaType") == "ModelInvocationLog" or {"modelId", "requestId", "operation"} <= item.keys()

    def days(self, raw: bytes) -> set[Day]:
        """The day of the request."""
        return {at.date() for stamp in _STAMP.findall(raw) if (at := moment(stamp.decode("latin-1"))) is not None}

    def rows(self, entry: Entry) -> Iterable[Row | PassedOver]:
        """The interaction; nothing for what is no chat."""
        if entry.cut:
            raise Rejected("line too long")
        item = object_of(entry.raw)
        item = mapping(embedded(item.get("message"))) or item  # as CloudWatch hands it on
        if not self.owns(item):
            raise Rejected("not an invocation of Bedrock")
        model = str(item.get("modelId") or "")
        if _NO_CHAT.search(model) or answers_in_text(str(item.get("operation") or "")) is False:
            yield PassedOver(entry, model or str(item.get("operation")))
            return
        fields, repairs = _interaction(item, model)
        yield Row(INTERACTIONS, entry, fields, repairs=tuple(repairs))


def _interaction(item: Mapping[str, Any], model: str) -> tuple[dict[str, Any], list[str]]:
    asked, given = mapping(item.get("input")), mapping(item.get("output"))
    body = embedded(given.get("outputBodyJson"))
    chunks = body if isinstance(body, list) else []
    body = _joined(chunks) if chunks else mapping(body)
    counts = {
        "input_tokens": number(asked.get("inputTokenCount")),
        "output_tokens": number(given.get("outputTokenCount")),
    }
    cached, written = (number(asked.get(f"cache{way}InputTokenCount")) for way in ("Read", "Write"))
    told, repairs = settled(counts | {"cached_input_tokens": cached}, written=written, cache_beside=True)
    tokens, more = richer(told, usage_of(body.get("usage"))[0])
    error = item.get("errorCode")
    start = moment(item.get("timestamp"))
    latency = number(mapping(body.get("metrics")).get("latencyMs"))
    latency = (
        number(mapping(body.get("amazon-bedrock-invocationMetrics")).get("invocationLatency"))
        if latency is None
        else latency
    )
    return {
        "request_id": item.get("requestId"),
        "timestamp": start.isoformat() if start else item.get("timestamp"),
        "model_version": model or None,
        "provider": "aws.bedrock",
        "user_id": mapping(item.get("requestMetadata")).get("user_id"),
        "session_id": mapping(item.get("requestMetadata")).get("session_id"),
        "prompt": _prompt(embedded(asked.get("inputBodyJson"))),
        "response": _answer(body),
        "finish_reason": finish_reason(finish_in(body) or _first(body, "completionReason")),
        "total_latency_ms": latency,
        "error": str(error) if error else None,
        "error_kind": error_kind(str(error), None, None) if error else None,
        "tags": {"route": item["operation"]} if isinstance(item.get("operation"), str) else None,
        **tokens,
    }, [*repairs, *more]


def _prompt(body: Any) -> Any:
    if isinstance(body, dict) and isinstance(body.get("inputText"), str):
        return body["inputText"]
    if isinstance(body, dict) and isinstance(body.get("prompt"), str):
        return body["prompt"]
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
    listed = body.get("results")
    return mapping(listed[0]).get(name) if isinstance(listed, list) and listed else None


def _joined(chunks: list[Any]) -> dict[str, Any]:
    """A streamed answer as one: texts after each other, the last word on reason and usage."""
    whole: dict[str, Any] = {}
    texts = []
    for chunk in map(mapping, chunks):
        texts += [text for text in _texts(chunk) if isinstance(text, str)]
        stop = mapping(chunk.get("messageStop")).get("stopReason") or mapping(chunk.get("delta")).get("stop_reason")
        whole |= {"stopReason": stop} if stop else {}
        for holder in (chunk, mapping(chunk.get("metadata")), mapping(chunk.get("message"))):
            whole |= (
                {"usage": mapping(whole.get("usage")) | holder["usage"]}
                if isinstance(holder.get("usage"), dict)
                else {}
            )
        whole |= {name: chunk[name] for name in ("metrics", "amazon-bedrock-invocationMetrics") if name in chunk}
    return whole | {"content": [{"type": "text", "text": "".join(texts)}]}


def _texts(chunk: Mapping[str, Any]) -> Iterator[Any]:
    yield mapping(mapping(chunk.get("contentBlockDelta")).get("delta")).get("text")
    yield mapping(chunk.get("delta")).get("text")
    for name in _TEXTS:
        yield chunk.get(name)
