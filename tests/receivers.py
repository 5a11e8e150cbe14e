"""Receivers of messages on loopback that behave as one asks them to."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message as Headers
from typing import Any


@dataclass(frozen=True)
class Post:
    """What one POST said."""

    path: str
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A real HTTP server. status : what it answers. hangs_up : whether it takes a message and never says so."""

    port: int = 0
    status: int = 200
    hangs_up: bool = False
    posts: list[Post] = field(default_factory=list)


@contextmanager
def http_receiver() -> Iterator[Receiver]:
    """The server while it runs."""
    receiver = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.posts.append(Post(self.path, self.headers, body))
            if receiver.hangs_up:
                self.close_connection = True
                return
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
