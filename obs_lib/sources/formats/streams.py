"""A streamed answer put together: the chunks of one body as the body that would have come without a stream.

Known are the chunks of OpenAI's chat completions and responses, Anthropic's and Bedrock's events, Gemini's partial answers, and
the text of server-sent events (`data: {...}`) that carries any of them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from obs_lib.sources.formats.parse import embedded, mapping

_TEXTS = ("outputText", "completion", "generation", "text")
_BESIDE = (
    "metrics",
    "amazon-bedrock-invocationMetrics",
    "model",
    "modelVersion",
    "id",
    "created",
    "usageMetadata",
    "error",
)


def body_of(value: Any) -> Any:
    r"""A body as logs hold it: JSON, its text, its text in base64, or a stream's text; None for what is cut or no JSON.

    >>> body_of('data: {"choices": [{"delta": {"content": "4"}}]}\n\ndata: [DONE]')["choices"][0]["message"]["content"]
    '4'
    """
    decoded = embedded(_plain(value))
    if isinstance(decoded, list) and decoded and all(isinstance(item, str) for item in decoded):
        decoded = [embedded(item) for item in decoded]
    if isinstance(decoded, str):
        decoded = [item for line in decoded.splitlines() if isinstance(item := _event(line), dict)] or None
    if isinstance(decoded, list) and decoded and all(isinstance(item, dict) for item in decoded):
        return joined(decoded) if any(map(_is_chunk, decoded)) else decoded
    return decoded


def joined(chunks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The chunks as one body: texts after each other, the last word on finish reason and usage."""
    whole = _Answer()
    for chunk in chunks:
        whole.add(mapping(chunk))
    return whole.body()


class _Answer:
    """What came so far."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.calls: dict[Any, dict[str, Any]] = {}
        self.finish: Any = None
        self.usage: dict[str, Any] = {}
        self.beside: dict[str, Any] = {}
        self.response: dict[str, Any] = {}

    def add(self, chunk: dict[str, Any]) -> None:
        """Takes one chunk in, whatever provider's it is."""
        for holder in (mapping(chunk.get("metadata")), chunk):
            self.beside |= {name: holder[name] for name in _BESIDE if holder.get(name) is not None}
        response = mapping(chunk.get("response"))
        if str(chunk.get("type")).startswith("response.") and response.get("output"):
            self.response = response  # the last event of the Responses API holds all
        for holder in (chunk, mapping(chunk.get("metadata")), mapping(chunk.get("message")), response):
            self.usage |= {name: count for name, count in mapping(holder.get("usage")).items() if count is not None}
        self._openai(chunk)
        self._blocks(chunk)
        for candidate in _dicts(chunk.get("candidates"))[:1]:
            self.finish = candidate.get("finishReason") or candidate.get("finish_reason") or self.finish
            for number, part in enumerate(_dicts(mapping(candidate.get("content")).get("parts"))):
                if isinstance(part.get("functionCall"), dict):
                    self.calls[len(self.calls), number] = dict(part["functionCall"])
                self._say(None if part.get("thought") else part.get("text"))
        for said in (chunk, *_dicts(chunk.get("outputs"))[:1]):
            for name in _TEXTS:
                self._say(said.get(name))
            self.finish = said.get("stop_reason") or said.get("completionReason") or self.finish

    def body(self) -> dict[str, Any]:
        """In the shape of a chat completion, which every reader here knows."""
        if self.response:
            return self.response
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self.texts) or None}
        if self.calls:
            message["tool_calls"] = [{"function": call} for call in self.calls.values()]
        choice = {"message": message, "finish_reason": self.finish}
        return self.beside | {"choices": [choice]} | ({"usage": self.usage} if self.usage else {})

    def _openai(self, chunk: dict[str, Any]) -> None:
        for choice in _dicts(chunk.get("choices"))[:1]:
            delta = mapping(choice.get("delta"))
            self.finish = choice.get("finish_reason") or self.finish
            self._say(delta.get("content"))
            self._say(choice.get("text"))
            for number, call in enumerate(_dicts(delta.get("tool_calls"))):
                self._call(call.get("index", number), mapping(call.get("function")), "arguments")

    def _blocks(self, chunk: dict[str, Any]) -> None:
        """Anthropic's events, and those of Bedrock's Converse, which names the same things otherwise."""
        at = chunk.get("index", mapping(chunk.get("contentBlockDelta")).get("contentBlockIndex"))
        begun = mapping(chunk.get("content_block"))
        if begun.get("type") == "tool_use":
            self._call(at, {"name": begun.get("name")}, "")
        started = mapping(chunk.get("contentBlockStart"))
        if used := mapping(mapping(started.get("start")).get("toolUse")):
            self._call(started.get("contentBlockIndex"), {"name": used.get("name")}, "")
        for delta in (mapping(chunk.get("delta")), mapping(mapping(chunk.get("contentBlockDelta")).get("delta"))):
            self.finish = delta.get("stop_reason") or self.finish
            self._say(delta.get("text"))
            if isinstance(delta.get("partial_json"), str):
                self._call(at, delta, "partial_json")
            if isinstance(mapping(delta.get("toolUse")).get("input"), str):
                self._call(at, delta["toolUse"], "input")
        if isinstance(chunk.get("delta"), str) and chunk.get("type") == "response.output_text.delta":
            self._say(chunk["delta"])
        stopped = mapping(chunk.get("messageStop")).get("stopReason")
        self.finish = stopped or self.finish

    def _say(self, text: Any) -> None:
        if isinstance(text, str):
            self.texts.append(text)

    def _call(self, at: Any, given: Mapping[str, Any], arguments: str) -> None:
        """A piece of a tool call. at : its place among the calls."""
        call = self.calls.setdefault(str(at), {"name": None, "arguments": ""})
        if isinstance(given.get("name"), str):
            call["name"] = given["name"]
        if isinstance(given.get(arguments), str):
            call["arguments"] += given[arguments]


def _is_chunk(item: Mapping[str, Any]) -> bool:
    """Whether a body is part of a stream."""
    first = next(iter(_dicts(item.get("choices"))), {})
    events = ("contentBlockDelta", "messageStart", "messageStop", "delta", "content_block", "candidates", "chunk")
    return "delta" in first or any(name in item for name in events) or any(name in item for name in _TEXTS[:3])


def _event(line: str) -> Any:
    return embedded(line.removeprefix("data:").strip()) if line.startswith(("data:", "{")) else None


def _plain(value: Any) -> Any:
    """The text that stands in base64; anything else unchanged."""
    if not isinstance(value, str) or len(value) < 8 or value.lstrip()[:1] in ("{", "[") or value.startswith("data:"):
        return value
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return value
    return text if text.lstrip()[:1] in ("{", "[") or text.startswith(("data:", "event:")) else value


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
