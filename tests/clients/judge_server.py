"""A judge behind an OpenAI-compatible API on loopback, that stalls, errs, limits, lies and hangs up as it is told to.

It notes every request, and how many were open at once.
"""

from __future__ import annotations

import http.server
import json
import math
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.loopback import OwnServer, PatientServer


@dataclass(frozen=True)
class Reply:
    """What to do with one request.

    content : the answer's text. label, reason : make the content where it is None. tokens : (prompt, completion), None for no
    usage. alternatives : labels with probabilities for the token where the label begins; None for no logprobs.
    stall_s : seconds before the first byte. drip_s : seconds between bytes of the body. hang_up : close without a word.
    raw : the whole body instead of a completion.
    """

    label: str = "benign"
    reason: str = "Because."
    content: str | None = None
    status: int = 200
    error: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    finish_reason: str = "stop"
    refusal: str | None = None
    choices: list[Any] | None = None
    tokens: tuple[Any, Any] | None = (1000, 100)
    cached: int = 0
    alternatives: Mapping[str, float] | None = None
    stall_s: float = 0.0
    drip_s: float = 0.0
    hang_up: bool = False
    raw: bytes | None = None

    @property
    def text(self) -> str:
        return self.content if self.content is not None else json.dumps({"reason": self.reason, "label": self.label})


Script = Callable[[int, dict[str, Any]], Reply]
"""What to do with the n-th request (from 0), given its body."""


@dataclass
class JudgeServer(OwnServer):
    """Use as a context manager."""

    script: Script = lambda number, body: Reply()
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    most_open: int = 0

    def __enter__(self) -> Self:
        self.lock, self.open = threading.Lock(), 0
        return super().__enter__()


class _Handler(http.server.BaseHTTPRequestHandler):
    owner: JudgeServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(self.owner.script(0, {}), {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        owner = self.owner
        with owner.lock:
            number = len(owner.requests)
            owner.requests.append(body)
            owner.keys.append(self.headers.get("Authorization"))
            owner.moments.append(time.time())
            owner.open += 1
            owner.most_open = max(owner.most_open, owner.open)
        try:
            self._answer(owner.script(number, body), body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _left(self) -> None:
        """The request is over for its client as soon as the last byte can be read."""
        with self.owner.lock:
            self.owner.open = max(0, self.owner.open - 1)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, reply: Reply, body: dict[str, Any]) -> None:
        self.owner.closing.wait(reply.stall_s)
        if reply.hang_up:
            self._left()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        raw = reply.raw if reply.raw is not None else json.dumps(_body(reply, body)).encode()
        self._left()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if not reply.drip_s:
            self.wfile.write(raw)
            return
        for place in range(len(raw)):
            if self.owner.closing.wait(reply.drip_s):
                return
            self.wfile.write(raw[place : place + 1])


def _body(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    if reply.status >= 300:
        return {"error": reply.error or {"message": "It did not work.", "type": "server_error", "code": None}}
    choice: dict[str, Any] = {"index": 0, "finish_reason": reply.finish_reason}
    choice["message"] = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    if reply.alternatives is not None and body.get("logprobs"):
        choice["logprobs"] = {"content": _tokens(reply.text, reply.alternatives)}
    found: dict[str, Any] = {"object": "chat.completion", "model": body.get("model")}
    found["choices"] = [choice] if reply.choices is None else reply.choices
    if reply.tokens is not None:
        found["usage"] = {"prompt_tokens": reply.tokens[0], "completion_tokens": reply.tokens[1]}
        found["usage"]["prompt_tokens_details"] = {"cached_tokens": reply.cached}
    return found


def _tokens(text: str, alternatives: Mapping[str, float]) -> list[dict[str, Any]]:
    """Pieces of four letters; the label's first piece starts with its quotation mark, and so do its alternatives."""
    start = text.rfind('"label"') + text[text.rfind('"label"') :].find(":") + 2
    before, label = text[:start], text[start:]
    pieces = [before[place : place + 4] for place in range(0, len(before), 4)]
    first = label[:3]
    rest = [label[place : place + 4] for place in range(3, len(label), 4)]
    plain = [{"token": piece, "logprob": 0.0, "top_logprobs": []} for piece in (*pieces, first, *rest)]
    top = [{"token": '"' + name[:2], "logprob": math.log(p)} for name, p in alternatives.items() if p > 0]
    plain[len(pieces)]["top_logprobs"] = top
    return plain


JudgeServer.handler, JudgeServer.server = _Handler, PatientServer
