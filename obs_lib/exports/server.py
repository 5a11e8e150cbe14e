"""A receiver behind HTTP: asked again while it is busy or away, and what it refuses is an error without a word of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from obs_lib.connections import Connections, http_authorization
from obs_lib.errors import ConfigError, ExportError
from obs_lib.exports.options import ExportOptions
from obs_lib.http import HttpClient, Reply, RetryPolicy

_RETRY = RetryPolicy(first_wait_s=1.0)  # what is sent bears ids: sent again it is the same
_FIXES = {
    401: "check the connection's login and password",
    403: "check what the connection's login may write",
    404: "check the connection's host",
    413: "the server or a proxy before it takes smaller bodies only",
}


@dataclass(frozen=True)
class Server:
    """Where a receiver is. name : as in the settings. address : http(s), with a path where it is served under one."""

    name: str
    address: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout_s: float

    @classmethod
    def of(cls, name: str, options: ExportOptions, connections: Connections) -> Self:
        """The server of a connection: host, and a login with its password, or a password alone as bearer token."""
        connection = connections(options.connection or "")
        if not connection.host:
            raise ConfigError(
                "the connection of a receiver has no address",
                rule="http(s)://host[:port][/path]",
                where=f"exports.{name}",
            )
        return cls(name, connection.host.rstrip("/"), http_authorization(connection), options.timeout_s)

    def open(self, content_type: str | None = None) -> HttpClient:
        """A client, to be closed. content_type : of bodies that are bytes. ConfigError where the address is none."""
        named = {"Content-Type": content_type} if content_type else {}
        headers = {**self.headers, **named}
        return HttpClient(self.address, headers, self.timeout_s, whole_s=10 * self.timeout_s, retry=_RETRY)

    def ask(
        self, client: HttpClient, method: str, path: str, body: Any, query: Mapping[str, Any] | None = None
    ) -> Reply:
        """Send a body, JSON or bytes, and give the reply that says yes. ExportError for any other, NoReply for none."""
        return self.accepted(client.request(method, path, query=query, body=body), path)

    def accepted(self, reply: Reply, path: str) -> Reply:
        """The reply where it says yes, else ExportError."""
        if 200 <= reply.status < 300:
            return reply
        moved = "name the address that it moved to: keys are not sent along with a redirect"
        fix = moved if 300 <= reply.status < 400 else _FIXES.get(reply.status)
        raise ExportError("the receiver refuses", found=f"status {reply.status}", where=self.address + path, fix=fix)

    def rejected(self, n: int, path: str) -> ExportError:
        """The error of a receiver that took a request and not all that stood in it."""
        return ExportError("the receiver did not take everything", found=f"{n:,} rejected", where=self.address + path)
