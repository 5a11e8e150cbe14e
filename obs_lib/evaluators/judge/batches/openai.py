"""OpenAI's batches: a file of requests, a batch over it, files of replies and of errors.

https://platform.openai.com/docs/api-reference/batch. A batch carries our name of it in its metadata, so one of which nobody
knows whether it was made is found in the server's list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
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
from obs_lib.evaluators.judge.endpoint import CallFailed, Endpoint, code_word, refusal
from obs_lib.http import Reply

_OURS = "night_watch"  # the field of the metadata
_ENDED = frozenset(("completed", "failed", "expired", "cancelled"))
_FILES = ("output_file_id", "error_file_id")


class OpenAiBatches:
    """Implements `BatchApi` at /files and /batches."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def send(self, batch: Batch, requests: Requests, before_paying: Callable[[], bool]) -> str | None:
        """See `BatchApi`. The upload costs nothing; the batch over it does."""
        lines = (
            json.dumps({"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body})
            for key, body in requests.items()
        )
        try:
            content, kind = _form(f"{batch.id}.jsonl", "\n".join(lines).encode())
            file = safe_id(self._endpoint.call("POST", "/files", body=content, content_type=kind))
        except CallFailed as failure:
            raise as_failure(str(failure)) from None  # whatever became of it, no batch is made of it
        if not before_paying():
            self._delete(file)
            return None
        asked = {
            "input_file_id": file,
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "metadata": {_OURS: batch.id},
        }
        try:
            return safe_id(self._endpoint.call("POST", "/batches", body=asked))
        except CallFailed as failure:
            if failure.status is not None:  # refused: no batch will ever read it, and nothing of ours stays there
                with suppress(CallFailed):
                    self._delete(file)
            raise

    def find(self, batch: Batch, keys: AbstractSet[str], known: AbstractSet[str]) -> str | None:
        """See `BatchApi`: by the metadata."""
        for item in self._listed(batch.created_at - SLACK_S):
            metadata = item.get("metadata")
            if isinstance(metadata, Mapping) and metadata.get(_OURS) == batch.id:
                return str(item["id"])
        return None

    def look(self, remote: str) -> Look:
        """See `BatchApi`."""
        found = self._endpoint.call("GET", f"/batches/{remote}")
        status = found.get("status")
        if status not in _ENDED:
            return Look(ended=False)
        if status == "failed":
            errors = found.get("errors")
            data = errors.get("data") if isinstance(errors, Mapping) else None
            code = (
                code_word(data[0].get("code")) if isinstance(data, list) and data and isinstance(data[0], dict) else ""
            )
            return Look(True, f"the judge's batch failed ({code})" if code else "the judge's batch failed")
        return Look(ended=True)

    def answers(self, remote: str, n: int) -> Iterator[Answer]:
        """See `BatchApi`: of both files, where there are such."""
        found = self._endpoint.call("GET", f"/batches/{remote}")
        for name in _FILES:
            if found.get(name) is not None:
                for line in self._endpoint.lines(f"/files/{safe_id(found, name)}/content", lines_of(n)):
                    if isinstance(key := line.get("custom_id"), str):
                        yield key, _answer(line)

    def discard(self, remote: str) -> None:
        """See `BatchApi`: the three files; batches themselves, which hold no text, cannot be deleted."""
        found = self._endpoint.call("GET", f"/batches/{remote}")
        for name in ("input_file_id", *_FILES):
            if found.get(name) is not None:
                self._delete(safe_id(found, name))

    def _delete(self, file: str) -> None:
        self._endpoint.call("DELETE", f"/files/{file}")

    def _listed(self, since: float) -> Iterator[dict[str, Any]]:
        """The batches, newest first, as far back as `since`."""
        return listed_since(
            lambda query: self._endpoint.call("GET", "/batches", query={"limit": 100, **query}), "after", _moment, since
        )


def _moment(seconds: Any) -> float | None:
    return seconds if isinstance(seconds, int | float) else None


def _answer(line: Mapping[str, Any]) -> Mapping[str, Any] | CallFailed:
    response = line.get("response")
    if not isinstance(response, Mapping):
        error = line.get("error")
        code = code_word(error.get("code")) if isinstance(error, Mapping) else ""
        return as_failure(f"the judge's batch did not ask ({code})" if code else "the judge's batch did not ask")
    status, body = response.get("status_code"), response.get("body")
    if status == 200 and isinstance(body, Mapping):
        return body
    if not isinstance(status, int) or status == 200:
        return CallFailed("the judge's reply is not JSON", billed=True)
    text = json.dumps(body)
    return refusal(Reply(status, {}, b""), text)


def _form(name: str, content: bytes) -> tuple[bytes, str]:
    """A multipart form with a file for batches, and its content type."""
    mark = f"--------{name.partition('.')[0]}"  # JSON of one line has no line of dashes
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/jsonl\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"
