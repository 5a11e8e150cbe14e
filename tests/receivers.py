"""Receivers of messages on loopback that behave as one asks them to."""

from __future__ import annotations

import http.server
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as Mail
from typing import Any

from tests.loopback import listening


@dataclass(frozen=True)
class Post:
    """What one POST said."""

    path: str
    headers: Mail
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A real HTTP server.

    status : what it answers. hangs_up : whether it takes a message and never says so. slow_s : seconds before it answers.
    """

    port: int = 0
    status: int = 200
    hangs_up: bool = False
    slow_s: float = 0.0
    posts: list[Post] = field(default_factory=list)


@contextmanager
def http_receiver() -> Iterator[Receiver]:
    """The server while it runs."""
    receiver = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.posts.append(Post(self.path, self.headers, body))
            time.sleep(receiver.slow_s)
            if receiver.hangs_up:
                self.close_connection = True
                return
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with listening(Handler) as server:
        receiver.port = server.server_address[1]
        yield receiver


@contextmanager
def smtp_receiver() -> Iterator[tuple[int, list[Mail]]]:
    """A real SMTP server while it runs: (port, messages received)."""
    from aiosmtpd.controller import Controller

    received: list[Mail] = []

    class Box:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
            received.append(message_from_bytes(envelope.content))
            return "250 OK"

    controller = Controller(Box(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port, received
    finally:
        controller.stop()


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
