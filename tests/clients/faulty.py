"""A store that fails: it hands requests to a real one, and answers some of them with an error, or not at all.

A process of its own, since Delta's writer lets no other thread run while it waits. `python -m tests.clients.faulty PORT SEED
SHARE KINDS COMMITS_ONLY` prints the port that it listens on; SHARE in [0, 1] is how many requests fail.
"""

from __future__ import annotations

import http.client
import http.server
import random
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.clients.s3 import S3

KINDS = ("lost reply", "reset", "error")
"""Lost reply: the request is carried out, and the connection reset. Reset: it is not carried out. Error: 503."""


@contextmanager
def serving(store: S3, seed: int, share: float, *kinds: str, commits_only: bool = False) -> Iterator[S3]:
    """Run one in front of a store. commits_only : whether only conditional writes fail, as commits are."""
    port = str(urlsplit(store.endpoint).port)
    chosen = ",".join(kinds or KINDS)
    command = [
        sys.executable,
        "-m",
        "tests.clients.faulty",
        port,
        str(seed),
        str(share),
        chosen,
        str(int(commits_only)),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield S3(f"http://127.0.0.1:{int(server.stdout.readline())}")
        finally:
            server.terminate()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: int
    share: float
    kinds: tuple[str, ...]
    commits_only: bool
    chance: random.Random
    lock = threading.Lock()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self._fault()
        if fault == "error":
            return self._send(503, {"Content-Length": "0"}, b"")
        if fault == "reset":
            return self._reset()
        upstream = http.client.HTTPConnection("127.0.0.1", self.store, timeout=60)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(body)
        reply = upstream.getresponse()
        content = reply.read()
        upstream.close()
        if fault == "lost reply":
            return self._reset()
        headers = {"Content-Length": str(len(content))}
        headers |= {name: value for name, value in reply.getheaders() if name.lower() != "transfer-encoding"}
        return self._send(reply.status, headers, content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _answer

    def _fault(self) -> str | None:
        with self.lock:
            if self.commits_only and not (self.command == "PUT" and self.headers.get("If-None-Match")):
                return None
            return self.chance.choice(self.kinds) if self.chance.random() < self.share else None

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # a connection that we have closed
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, format: str, *args: object) -> None:
        pass


def main() -> None:
    store, seed, share, kinds, commits_only = sys.argv[1:]
    _Handler.store, _Handler.share, _Handler.kinds = int(store), float(share), tuple(kinds.split(","))
    _Handler.commits_only, _Handler.chance = bool(int(commits_only)), random.Random(int(seed))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
