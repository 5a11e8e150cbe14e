"""Anthropic's message batches: the requests themselves, and one file of results.

https://platform.claude.com/docs/en/api/creating-message-batches. Replies are brought into the form of a chat completion. A
batch carries no name of ours: one of which nobody knows whether it was made is known by the keys of its results.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from obs_lib.evaluators.judge.batches.api import (
    SLACK_S,
    Answer,
    Look,
    Requests,
    as_failure,
    lines_of,
    listed_since,
    safe_id,
)
from obs_lib.evaluators.judge.batches.register import Batch
from obs_lib.evaluators.judge.endpoint import CallFailed, Endpoint, code_word
from obs_lib.evaluators.judge.prompt import Body

_BATCHES = "/messages/batches"
_TOOL = "verdict"
_NOT_THEIRS = frozenset(("messages", "response_format", "seed", "logprobs", "top_logprobs", "max_completion_tokens"))
_FINISHED = {"max_tokens": "length", "refusal": "content_filter"}
_COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")


def signed(key: str) -> dict[str, str]:
    """The headers that Anthropic's API wants."""
    return {"x-api-key": key, "anthropic-version": "2023-06-01"}


class AnthropicBatches:
    """Implements `BatchApi` at /messages/batches."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def send(self, batch: Batch, requests: Requests, before_paying: Callable[[], bool]) -> str | None:
        """See `BatchApi`."""
        asked = {"requests": [{"custom_id": key, "params": message_of(body)} for key, body in requests.items()]}
        return safe_id(self._endpoint.call("POST", _BATCHES, body=asked)) if before_paying() else None

    def find(self, batch: Batch, keys: AbstractSet[str], known: AbstractSet[str]) -> str | None:
        """See `BatchApi`: among batches of that size and time, the one whose results bear our keys."""
        unsure, since = False, batch.created_at - SLACK_S
        for item in self._listed(since):
            made = _moment(item.get("created_at"))
            if item["id"] in known or _size(item) != batch.n or made is None or made < since:
                continue
            if item.get("processing_status") != "ended":
                unsure = True
            elif next((key in keys for key, _ in self.answers(item["id"], batch.n)), False):
                return str(item["id"])
        if unsure:
            raise CallFailed("the judge's server works on a batch that may be ours")
        return None

    def look(self, remote: str) -> Look:
        """See `BatchApi`."""
        return Look(self._endpoint.call("GET", f"{_BATCHES}/{remote}").get("processing_status") == "ended")

    def answers(self, remote: str, n: int) -> Iterator[Answer]:
        """See `BatchApi`. `results_url` is not followed: it would carry the key to whoever it names."""
        for line in self._endpoint.lines(f"{_BATCHES}/{remote}/results", lines_of(n)):
            if isinstance(key := line.get("custom_id"), str):
                yield key, _answer(line.get("result"))

    def discard(self, remote: str) -> None:
        """See `BatchApi`."""
        self._endpoint.call("DELETE", f"{_BATCHES}/{remote}")

    def _listed(self, since: float) -> Iterator[dict[str, Any]]:
        """The batches, newest first, as far back as `since`."""
        return listed_since(
            lambda query: self._endpoint.call("GET", _BATCHES, query={"limit": 1000, **query}),
            "after_id",
            _moment,
            since,
        )


def message_of(body: Body) -> dict[str, Any]:
    """A chat completion's body as one of messages. The verdict's shape is that of the arguments of a tool that must be used."""
    system, *messages = body["messages"]
    asked = {name: value for name, value in body.items() if name not in _NOT_THEIRS}
    asked |= {"system": system["content"], "messages": messages}
    asked.setdefault("max_tokens", body.get("max_completion_tokens"))
    if body.get("response_format", {}).get("type") == "json_schema":
        schema = body["response_format"]["json_schema"]["schema"]
        asked["tools"] = [{"name": _TOOL, "description": "Gives the verdict.", "input_schema": schema}]
        asked["tool_choice"] = {"type": "tool", "name": _TOOL}
    return asked


def _answer(result: Any) -> Mapping[str, Any] | CallFailed:
    kind = result.get("type") if isinstance(result, Mapping) else None
    if kind == "succeeded":
        return _completion(result.get("message"))
    if kind == "errored":
        error = result.get("error")
        error = error.get("error", error) if isinstance(error, Mapping) else None
        code = code_word(error.get("type")) if isinstance(error, Mapping) else ""
        return as_failure(
            f"the judge's server answers an error ({code})" if code else "the judge's server answers an error"
        )
    return as_failure(f"the judge's batch did not ask ({code_word(kind) or 'no result'})")


def _completion(message: Any) -> dict[str, Any]:
    """A message in the form of a chat completion; without choices where it is none."""
    blocks = message.get("content") if isinstance(message, Mapping) else None
    if not isinstance(blocks, list):
        return {}
    texts = [block for block in blocks if isinstance(block, Mapping)]
    content = next((json.dumps(block.get("input")) for block in texts if block.get("type") == "tool_use"), None)
    if content is None:
        content = "".join(str(block.get("text")) for block in texts if block.get("type") == "text")
    choice = {
        "message": {"content": content},
        "finish_reason": _FINISHED.get(str(message.get("stop_reason")), "stop"),
    }
    return {"choices": [choice], "usage": _usage(message.get("usage"))}


def _usage(counted: Any) -> dict[str, Any]:
    """Anthropic counts tokens from its cache apart from those given."""
    if not isinstance(counted, Mapping):
        return {}
    cached = counted.get("cache_read_input_tokens") or 0
    parts = (counted.get("input_tokens"), counted.get("cache_creation_input_tokens") or 0, cached)
    given = sum(parts) if all(isinstance(part, int) for part in parts) else None  # type: ignore[arg-type]
    details = {"cached_tokens": cached}
    return {"prompt_tokens": given, "completion_tokens": counted.get("output_tokens"), "prompt_tokens_details": details}


def _size(item: Mapping[str, Any]) -> int:
    counts = item.get("request_counts")
    parts = [counts.get(name) for name in _COUNTS] if isinstance(counts, Mapping) else []
    return sum(part for part in parts if isinstance(part, int))


def _moment(text: Any) -> float | None:
    try:
        return dt.datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None
