"""OpenAI's and Anthropic's batch APIs on loopback: slow, partly failing, expiring and hanging up as they are told to.

It checks what it is sent as the real ones do, and forgets nothing but what it is asked to delete.
"""

from __future__ import annotations

import datetime as dt
import email
import http.server
import json
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.loopback import OwnServer, PatientServer


@dataclass(frozen=True)
class Item:
    """What becomes of one request.

    label, reason : of the verdict. content : the answer's text instead. status : of an error, with its code; expired : never
    asked. left_out : not in the results at all. tokens : (prompt, completion).
    """

    label: str = "benign"
    reason: str = "Because."
    content: str | None = None
    status: int = 200
    code: str = "server_error"
    expired: bool = False
    left_out: bool = False
    tokens: tuple[int, int] = (1000, 100)

    @property
    def text(self) -> str:
        return self.content if self.content is not None else json.dumps({"reason": self.reason, "label": self.label})


@dataclass
class Made:
    """A batch. looks : how often it was asked for."""

    id: str
    requests: dict[str, dict[str, Any]]
    created: float
    metadata: dict[str, str] = field(default_factory=dict)
    file: str = ""
    looks: int = 0
    deleted: bool = False


Script = Callable[[str, dict[str, Any]], Item]
"""What to do with a request, by its custom id and its body."""


@dataclass
class BatchServer(OwnServer):
    """Use as a context manager.

    looks : of a batch before it has ended. status : of a whole batch (OpenAI): completed, failed, expired, cancelled. refuse :
    status by which a new batch is refused. hang_up, stall_s : what happens once a batch is made, before it is said. upload_s :
    seconds before what was sent is taken.
    """

    script: Script = lambda key, body: Item()
    looks: int = 1
    status: str = "completed"
    refuse: int = 0
    hang_up: bool = False
    stall_s: float = 0.0
    upload_s: float = 0.0
    junk: list[bytes] = field(default_factory=list)
    batches: list[Made] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    direct: list[dict[str, Any]] = field(default_factory=list)
    key: str = "sk-test-THEKEYTHATMUSTNOTLEAK0123456789"

    @property
    def asked(self) -> int:
        """Requests in all batches together."""
        return sum(len(made.requests) for made in self.batches)

    def ended(self, made: Made) -> bool:
        """Whether a batch is done; each look brings it nearer."""
        made.looks += 1
        return made.looks > self.looks


class _Handler(http.server.BaseHTTPRequestHandler):
    owner: BatchServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self._answer("POST", self.rfile.read(int(self.headers["Content-Length"])))

    def do_GET(self) -> None:
        self._answer("GET", b"")

    def do_DELETE(self) -> None:
        self._answer("DELETE", b"")

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, method: str, body: bytes) -> None:
        path = self.path.partition("?")[0].removeprefix("/v1")
        self.owner.calls.append(f"{method} {path}")
        key = self.headers.get("x-api-key") if path.startswith("/messages") else self.headers.get("Authorization")
        if key not in (self.owner.key, f"Bearer {self.owner.key}"):
            return self._say(401, {"error": {"type": "authentication_error", "message": f"bad key {key}"}})
        for pattern, answer in _ROUTES:
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return answer(self, body, *found.groups())
        return self._say(404, {"error": {"type": "not_found_error"}})

    def _say(self, status: int, body: Any, lines: list[Any] | None = None) -> None:
        raw = json.dumps(body).encode()
        if lines is not None:
            raw = b"\n".join([*self.owner.junk, *(json.dumps(line).encode() for line in lines)]) + b"\n"
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _said(self, described: dict[str, Any]) -> None:
        """The reply to a batch that is made, if it comes."""
        if self.owner.hang_up:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.owner.closing.wait(self.owner.stall_s)
        self._say(200, described)

    def _batch(self, name: str) -> Made | None:
        return next((made for made in self.owner.batches if made.id == name and not made.deleted), None)

    # -- OpenAI ----------------------------------------------------------------------------------------------------------

    def chat(self, body: bytes) -> None:
        asked = json.loads(body)
        self.owner.direct.append(asked)
        self._say(200, _completion(self.owner.script("", asked), asked))

    def upload(self, body: bytes) -> None:
        self.owner.closing.wait(self.owner.upload_s)
        form = email.message_from_bytes(f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode() + body)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.get_payload()}
        assert parts["purpose"].get_payload().strip() == "batch"
        name = f"file-{len(self.owner.files)}"
        self.owner.files[name] = parts["file"].get_payload(decode=True)
        self._say(200, {"id": name, "object": "file", "purpose": "batch"})

    def create(self, body: bytes) -> None:
        asked = json.loads(body)
        if self.owner.refuse:
            return self._say(self.owner.refuse, {"error": {"code": "refused_here", "message": self.owner.key}})
        assert (asked["endpoint"], asked["completion_window"]) == ("/v1/chat/completions", "24h")
        lines = [json.loads(line) for line in self.owner.files[asked["input_file_id"]].splitlines()]
        assert all((line["method"], line["url"]) == ("POST", "/v1/chat/completions") for line in lines)
        requests = {line["custom_id"]: line["body"] for line in lines}
        assert len(requests) == len(lines)
        made = Made(
            f"batch_{len(self.owner.batches)}", requests, time.time(), asked["metadata"], asked["input_file_id"]
        )
        self.owner.batches.append(made)
        return self._said(self._openai(made))

    def listing(self, body: bytes) -> None:
        made = [self._openai(made) for made in reversed(self.owner.batches)]
        self._say(200, {"object": "list", "data": made, "has_more": False})

    def retrieve(self, body: bytes, name: str) -> None:
        made = self._batch(name)
        if made is None:
            return self._say(404, {"error": {"code": "not_found"}})
        described = self._openai(made)
        if self.owner.ended(made):
            described["status"] = self.owner.status
            if self.owner.status == "failed":
                described["errors"] = {"data": [{"code": "token_limit_exceeded", "message": self.owner.key}]}
            else:
                described |= {"output_file_id": f"file-out-{made.id}", "error_file_id": f"file-err-{made.id}"}
        return self._say(200, described)

    def _openai(self, made: Made) -> dict[str, Any]:
        return {
            "id": made.id,
            "object": "batch",
            "status": "in_progress",
            "created_at": int(made.created),
            "metadata": made.metadata,
            "input_file_id": made.file,
        }

    def content(self, body: bytes, kind: str, name: str) -> None:
        made = self._batch(name)
        if made is None or f"file-{kind}-{name}" in self.owner.files:
            return self._say(404, {"error": {"code": "not_found"}})
        lines = []
        for key, asked in made.requests.items():
            item = self.owner.script(key, asked)
            failed = item.expired or item.status != 200
            if item.left_out or failed != (kind == "err"):
                continue
            response = {"status_code": item.status, "body": _completion(item, asked)}
            error = {"code": "batch_expired", "message": "too late"} if item.expired else None
            lines.append({"custom_id": key, "response": None if error else response, "error": error})
        return self._say(200, None, lines)

    def delete_file(self, body: bytes, name: str) -> None:
        self.owner.files[name] = b""
        self._say(200, {"id": name, "deleted": True})

    # -- Anthropic -------------------------------------------------------------------------------------------------------

    def create_messages(self, body: bytes) -> None:
        assert self.headers["anthropic-version"] == "2023-06-01"
        self.owner.closing.wait(self.owner.upload_s)
        if self.owner.refuse:
            return self._say(self.owner.refuse, {"error": {"type": "refused_here", "message": self.owner.key}})
        asked = json.loads(body)["requests"]
        requests = {one["custom_id"]: one["params"] for one in asked}
        assert len(requests) == len(asked)
        for params in requests.values():
            assert set(params) <= {"model", "max_tokens", "messages", "system", "temperature", "tools", "tool_choice"}
            assert [message["role"] for message in params["messages"]] == ["user"]
        made = Made(f"msgbatch_{len(self.owner.batches)}", requests, time.time())
        self.owner.batches.append(made)
        return self._said(self._anthropic(made))

    def list_messages(self, body: bytes) -> None:
        made = [self._anthropic(made) for made in reversed(self.owner.batches) if not made.deleted]
        self._say(200, {"data": made, "has_more": False})

    def retrieve_messages(self, body: bytes, name: str) -> None:
        made = self._batch(name)
        if made is None:
            return self._say(404, {"error": {"type": "not_found_error"}})
        self.owner.ended(made)
        return self._say(200, self._anthropic(made))

    def _anthropic(self, made: Made) -> dict[str, Any]:
        ended = made.looks > self.owner.looks
        counts = {"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
        counts["succeeded" if ended else "processing"] = len(made.requests)
        return {
            "id": made.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "created_at": dt.datetime.fromtimestamp(made.created, dt.UTC).isoformat().replace("+00:00", "Z"),
            "request_counts": counts,
            "results_url": "http://127.0.0.1:1/steal" if ended else None,
        }

    def results(self, body: bytes, name: str) -> None:
        made = self._batch(name)
        if made is None:
            return self._say(404, {"error": {"type": "not_found_error"}})
        lines = []
        for key, asked in made.requests.items():
            item = self.owner.script(key, asked)
            if item.left_out:
                continue
            result: dict[str, Any] = {"type": "expired"} if item.expired else _message(item, asked)
            if item.status != 200:
                error = {"type": "error", "error": {"type": item.code, "message": self.owner.key}}
                result = {"type": "errored", "error": error}
            lines.append({"custom_id": key, "result": result})
        return self._say(200, None, lines)

    def delete_messages(self, body: bytes, name: str) -> None:
        made = self._batch(name)
        if made is not None:
            made.deleted = True
        self._say(200, {"id": name, "type": "message_batch_deleted"})


def _completion(item: Item, asked: dict[str, Any]) -> dict[str, Any]:
    if item.status != 200:
        return {"error": {"message": "It did not work.", "code": item.code}}
    usage = {"prompt_tokens": item.tokens[0], "completion_tokens": item.tokens[1]}
    message = {"role": "assistant", "content": item.text}
    return {"model": asked["model"], "choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}


def _message(item: Item, asked: dict[str, Any]) -> dict[str, Any]:
    usage = {"input_tokens": item.tokens[0], "output_tokens": item.tokens[1]}
    block: dict[str, Any] = {"type": "text", "text": item.text}
    if asked.get("tool_choice") and item.content is None:
        block = {"type": "tool_use", "name": "verdict", "input": json.loads(item.text)}
    message = {"type": "message", "content": [block], "stop_reason": "end_turn", "usage": usage}
    return {"type": "succeeded", "message": message}


_ROUTES: list[tuple[str, Callable[..., None]]] = [
    (r"POST /chat/completions", _Handler.chat),
    (r"POST /files", _Handler.upload),
    (r"POST /batches", _Handler.create),
    (r"GET /batches", _Handler.listing),
    (r"GET /batches/([\w-]+)", _Handler.retrieve),
    (r"GET /files/file-(out|err)-([\w-]+)/content", _Handler.content),
    (r"DELETE /files/([\w-]+)", _Handler.delete_file),
    (r"POST /messages/batches", _Handler.create_messages),
    (r"GET /messages/batches", _Handler.list_messages),
    (r"GET /messages/batches/([\w-]+)", _Handler.retrieve_messages),
    (r"GET /messages/batches/([\w-]+)/results", _Handler.results),
    (r"DELETE /messages/batches/([\w-]+)", _Handler.delete_messages),
]


BatchServer.handler, BatchServer.server = _Handler, PatientServer
