"""A channel that messages really go to, on loopback; see also tests/receivers.py."""

from __future__ import annotations

import http.server
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.loopback import listening


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

    with listening(Handler) as server:
        yield server.server_address[1], received, answer
