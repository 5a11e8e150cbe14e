"""A small OpenAI-compatible server on loopback: what it answers follows from the last message, what it was asked is kept.

`say X` answers X, `use weather` calls a tool, `cut` stops at the length limit, `filter` is filtered, `long` is refused for its
length, `fail N` answers with HTTP status N. Everything streams when asked to, with a pause before the first token.
"""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FIRST_TOKEN_S, NEXT_TOKEN_S = 0.05, 0.01
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Bern"}'}}
USAGE = {
    "prompt_tokens": 21,
    "completion_tokens": 7,
    "total_tokens": 28,
    "prompt_tokens_details": {"cached_tokens": 5},
}


class Handler(http.server.BaseHTTPRequestHandler):
    """One request; `server.requests` collects the bodies."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)  # type: ignore[attr-defined]
        if self.path.endswith("/embeddings"):
            self._json(200, {"object": "list", "model": body["model"], "data": [_vector(0)], "usage": USAGE})
            return
        word, _, rest = _asked(body).partition(" ")
        if word == "fail":
            self._json(
                int(rest), {"error": {"message": f"told to fail with {rest}", "type": "test_error", "code": None}}
            )
        elif word == "long":
            message = "This model's maximum context length is 4096 tokens."
            error = {"message": message, "type": "invalid_request_error", "code": "context_length_exceeded"}
            self._json(400, {"error": error})
        elif body.get("stream"):
            self._stream(body, *_answer(word, rest))
        else:
            time.sleep(FIRST_TOKEN_S)
            self._json(200, _whole(body, *_answer(word, rest)))

    def _json(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _stream(self, body: dict[str, Any], message: dict[str, Any], finish: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for n, delta in enumerate(_deltas(message)):
            time.sleep(NEXT_TOKEN_S if n else FIRST_TOKEN_S)
            self._event(_chunk(body, delta, None))
        time.sleep(NEXT_TOKEN_S)
        self._event(_chunk(body, {}, finish))
        self._event({**_chunk(body, {}, None), "choices": [], "usage": USAGE})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, chunk: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(base URL, the bodies received so far)."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.requests = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", server.requests  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _asked(body: dict[str, Any]) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else next(part["text"] for part in content if part["type"] == "text")


def _answer(word: str, rest: str) -> tuple[dict[str, Any], str]:
    if word == "use":
        return {"role": "assistant", "content": None, "tool_calls": [CALL]}, "tool_calls"
    finish = {"cut": "length", "filter": "content_filter"}.get(word, "stop")
    return {"role": "assistant", "content": rest}, finish


def _whole(body: dict[str, Any], message: dict[str, Any], finish: str) -> dict[str, Any]:
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    return {**_head(body), "object": "chat.completion", "choices": choices, "usage": USAGE}


def _deltas(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "tool_calls" in message:
        yield {"role": "assistant", "tool_calls": [{"index": 0, **CALL}]}
        return
    for n, word in enumerate(message["content"].split(" ")):
        yield {"content": (" " if n else "") + word, **({} if n else {"role": "assistant"})}


def _chunk(body: dict[str, Any], delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {**_head(body), "object": "chat.completion.chunk", "choices": choices}


def _head(body: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"chatcmpl-{time.time_ns()}", "created": int(time.time()), "model": body["model"]}


def _vector(index: int) -> dict[str, Any]:
    return {"object": "embedding", "index": index, "embedding": [0.1, 0.2]}
