"""Channels that messages really go to: an HTTP endpoint and a mailbox, on loopback."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest

from tests.receivers import Receiver, http_receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A real HTTP server that answers as the test asks it to."""
    with http_receiver() as running:
        yield running


@pytest.fixture
def endpoint() -> Iterator[tuple[int, list[dict[str, Any]], dict[str, int]]]:
    """A real HTTP server: (port, bodies received, what it answers)."""
    received: list[dict[str, Any]] = []
    answer = {"status": 200}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answer["status"])
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1], received, answer
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def mailbox() -> Iterator[tuple[int, list[Message]]]:
    """A real SMTP server: (port, messages received)."""
    from aiosmtpd.controller import Controller

    received: list[Message] = []

    class Box:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
            received.append(message_from_bytes(envelope.content))
            return "250 OK"

    controller = Controller(Box(), hostname="127.0.0.1", port=_free_port())
    controller.start()
    yield controller.port, received
    controller.stop()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
