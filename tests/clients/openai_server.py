"""An OpenAI-compatible server on loopback that says what it is told to say and notes what it was asked and answered.

What it answers is chosen by the request's `model`, or by the text of its last message, so that a client in another process
needs nothing but its URL.
"""

from __future__ import annotations

import http.server
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.loopback import OwnServer


@dataclass(frozen=True)
class Answer:
    """What to say to one model's requests, or to one question.

    pieces : the answer's text, in the pieces that a stream sends it in. tool_calls : [(name, arguments as JSON text)].
    status : HTTP status; from 400 on `error` is the body's error object.
    first_s, piece_s : seconds before the first piece and before each further one; a client with a shorter timeout gives up.
    broken : a stream is cut off after its first piece.
    model : as the response names it; None for the one that was asked for, with a date behind it.
    """

    pieces: tuple[str, ...] = ("Hello", " there", ".")
    tool_calls: tuple[tuple[str, str], ...] = ()
    finish_reason: str = "stop"
    prompt_tokens: int = 11
    completion_tokens: int = 3
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    status: int = 200
    error: Mapping[str, Any] | None = None
    first_s: float = 0.0
    piece_s: float = 0.0
    broken: bool = False
    model: str | None = None

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.pieces)


@dataclass
class Exchange:
    """One request and its answer. Times are seconds since 1970, None where it did not come so far.

    first, ended : just before the first and the last bytes of the answer were sent, so a client cannot have had them earlier.
    """

    path: str
    request: dict[str, Any]
    answer: Answer
    response_id: str
    model: str  # as the response names it: more exact than what was asked for
    asked: float
    first: float | None = None
    ended: float | None = None


@dataclass
class OpenAIServer(OwnServer):
    """Use as a context manager. answers : by model name or by the last message; anything else gets a plain `Answer`."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.numbers = itertools.count(1)
        return super().__enter__()

    def of(self, model: str) -> list[Exchange]:
        """What was asked of one model, in the order of the requests."""
        return [exchange for exchange in self.exchanges if exchange.request.get("model") == model]


class _Handler(http.server.BaseHTTPRequestHandler):
    owner: OpenAIServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = str(request.get("model"))
        answer = self.owner.answers.get(model) or self.owner.answers.get(_question(request)) or Answer()
        named = answer.model or f"{model}-2026-01-01"
        exchange = Exchange(
            self.path, request, answer, f"chatcmpl-{next(self.owner.numbers)}", named, asked=time.time()
        )
        self.owner.exchanges.append(exchange)
        self.owner.closing.wait(answer.first_s)
        exchange.first = time.time()
        try:
            self._respond(exchange)
        except (BrokenPipeError, ConnectionResetError):  # the client gave up
            self.close_connection = True

    def do_GET(self) -> None:
        self._json(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self.owner.answers]})

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _respond(self, exchange: Exchange) -> None:
        if exchange.answer.status >= 400:
            error = exchange.answer.error or {"message": "It did not work.", "type": "server_error", "code": None}
            exchange.ended = exchange.first
            self._json(exchange.answer.status, {"error": error})
        elif exchange.request.get("stream"):
            self._stream(exchange)
        else:
            exchange.ended = exchange.first
            self._json(200, _embeddings(exchange) if self.path.endswith("/embeddings") else _completion(exchange))

    def _json(self, status: int, body: Mapping[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _stream(self, exchange: Exchange) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for number, chunk in enumerate(_chunks(exchange)):
            if number:
                self.owner.closing.wait(exchange.answer.piece_s)
            if exchange.answer.broken and number:
                error = {"message": "The server had an error.", "type": "server_error", "code": None}
                self.wfile.write(f"data: {json.dumps({'error': error})}\n\n".encode())
                return
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        exchange.ended = time.time()
        self.wfile.write(b"data: [DONE]\n\n")


def _question(request: Mapping[str, Any]) -> str:
    """The text of the last message; "" where it is none."""
    content = request["messages"][-1].get("content") if request.get("messages") else None
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    return content if isinstance(content, str) else ""


def _completion(exchange: Exchange) -> dict[str, Any]:
    answer = exchange.answer
    choice: dict[str, Any] = {"index": 0, "finish_reason": answer.finish_reason}
    if exchange.path.endswith("/chat/completions"):
        message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
        if answer.tool_calls:
            message["tool_calls"] = _tool_calls(answer)
        return {
            **_head(exchange, "chat.completion"),
            "choices": [{**choice, "message": message}],
            "usage": _usage(answer),
        }
    return {**_head(exchange, "text_completion"), "choices": [{**choice, "text": answer.text}], "usage": _usage(answer)}


def _chunks(exchange: Exchange) -> Iterator[dict[str, Any]]:
    answer, head = exchange.answer, _head(exchange, "chat.completion.chunk")
    deltas: list[dict[str, Any]] = [{"content": piece} for piece in answer.pieces]
    for place, call in enumerate(_tool_calls(answer)):
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        half = len(arguments) // 2
        first = {**call, "index": place, "function": {"name": name, "arguments": arguments[:half]}}
        deltas += [
            {"tool_calls": [first]},
            {"tool_calls": [{"index": place, "function": {"arguments": arguments[half:]}}]},
        ]
    for place, delta in enumerate(deltas or [{"content": ""}]):
        role = {} if place else {"role": "assistant"}
        yield {**head, "choices": [{"index": 0, "delta": role | delta, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": answer.finish_reason}]}
    if (exchange.request.get("stream_options") or {}).get("include_usage"):
        yield {**head, "choices": [], "usage": _usage(answer)}


def _head(exchange: Exchange, kind: str) -> dict[str, Any]:
    return {"id": exchange.response_id, "object": kind, "created": int(exchange.asked), "model": exchange.model}


def _tool_calls(answer: Answer) -> list[dict[str, Any]]:
    return [
        {"id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for place, (name, arguments) in enumerate(answer.tool_calls)
    ]


def _usage(answer: Answer) -> dict[str, Any]:
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": answer.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
    }


def _embeddings(exchange: Exchange) -> dict[str, Any]:
    asked = exchange.request.get("input")
    texts = asked if isinstance(asked, list) else [asked]
    data = [{"object": "embedding", "index": place, "embedding": [0.1, 0.2, 0.3]} for place, _ in enumerate(texts)]
    usage = {"prompt_tokens": exchange.answer.prompt_tokens, "total_tokens": exchange.answer.prompt_tokens}
    return {"object": "list", "model": exchange.model, "data": data, "usage": usage}


OpenAIServer.handler = _Handler
