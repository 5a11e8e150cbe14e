"""Real HTTP servers on loopback, for as long as a test needs them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self


@contextmanager
def listening(
    handler: type[BaseHTTPRequestHandler], server: type[ThreadingHTTPServer] = ThreadingHTTPServer
) -> Iterator[ThreadingHTTPServer]:
    """A server on a port of its own, until the block ends."""
    made = server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


def address_of(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


class PatientServer(ThreadingHTTPServer):
    """Takes many connections at once, and clients that give up or are killed."""

    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Expected."""


class OwnServer:
    """A server that is its own context manager. handler : answers, and knows the server as `owner`.

    closing : set before the server stops, for handlers that stall.
    """

    handler: ClassVar[type[BaseHTTPRequestHandler]]
    server: ClassVar[type[ThreadingHTTPServer]] = ThreadingHTTPServer

    def __enter__(self) -> Self:
        self.closing = threading.Event()
        self._stack = ExitStack()
        handler = type("Handler", (self.handler,), {"owner": self})
        self._server = self._stack.enter_context(listening(handler, self.server))
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._stack.close()

    @property
    def url(self) -> str:
        """The base URL to give to a client of OpenAI's API."""
        return f"{address_of(self._server)}/v1"
