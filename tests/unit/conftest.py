"""A channel that messages really go to, on loopback; see also tests/receivers.py."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest


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
