"""HTTP as this project speaks it: one client and one policy of trying again, for judges, Langfuse, exports and the demo.

Redirects are never followed: they would carry keys to whoever they name. No message and no repr holds a header, a query or a
word of a server's: only the address, which may hold no credentials, the path, and what kind of failure it was.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import math
import random
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from obs_lib.errors import ConfigError, NoReply

LONGEST_WAIT_S = 60.0
"""Seconds between two attempts at most, before chance lengthens them: no server stops a night by asking for a long pause."""

BUSY = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 529))
"""Statuses of a server that is busy, failing or restarting: the same request may be answered a little later."""

_SLOWEST = 100_000
"""Bytes a second that a line is trusted to send at least: a large body has so much longer than `timeout_s` and `whole_s`."""

_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=64)  # who asks bounds how much is asked at once


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When something is asked for again, and after how long.

    attempts : how often it is asked for at most; 1 or more.
    first_wait_s : seconds between the first two attempts; twice as long each time, up to LONGEST_WAIT_S.
    jitter : the part by which chance lengthens a pause at most, so that those who wait do not come back all at once; 0 or more.
    statuses : those after which another attempt may do better. A request without a reply is always tried again.
    """

    attempts: int = 5
    first_wait_s: float = 0.5
    jitter: float = 0.5
    statuses: frozenset[int] = BUSY

    def pause_s(self, attempt: int, asked_s: float | None = None) -> float:
        """Seconds to wait after the `attempt`-th attempt (from 1); `asked_s` is what the server asks for, None for nothing.

        >>> RetryPolicy(jitter=0).pause_s(3), RetryPolicy(jitter=0).pause_s(3, asked_s=7.0)
        (2.0, 7.0)
        """
        pause = self.first_wait_s * 2.0 ** (attempt - 1) if asked_s is None else asked_s
        return min(pause, LONGEST_WAIT_S) * random.uniform(1.0, 1.0 + self.jitter)  # noqa: S311 - spreads retries only


ONCE = RetryPolicy(attempts=1)
"""Nothing is tried again."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered, whatever its status. `headers` are found under any spelling of their names."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def retry_after_s(self) -> float | None:
        """Seconds that the server asks to wait, 0 to LONGEST_WAIT_S; None where it does not say."""
        return retry_after_s(self.headers.get("Retry-After"))


@dataclass(frozen=True)
class HttpClient:
    """One server. Use as a context manager; safe to call from many threads.

    ConfigError where `address` is no base URL, or where the environment names a proxy that cannot be used.

    Parameters
    ----------
    address : http(s), without credentials, query or fragment; see `is_base_url`.
    headers : sent with every request, to this address alone.
    timeout_s : seconds without a word from the server after which a request has failed, beside those that its body takes.
    whole_s : seconds that a request may take with all of its reply, beside those; None: as long as that keeps coming.
    largest_bytes : of one reply, unpacked.
    retry : when `request` tries again. wait : what waits in between; seconds to None.
    proxies : whether proxies named by the environment are used ($HTTPS_PROXY, $NO_PROXY and their like).
    """

    address: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout_s: float = 60.0
    whole_s: float | None = None
    largest_bytes: int = 8 << 20
    retry: RetryPolicy = RetryPolicy()
    wait: Callable[[float], None] = field(default=time.sleep, repr=False)
    proxies: bool = True
    _client: httpx.Client = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not is_base_url(self.address):  # not shown: an address that is wrong may hold keys
            raise ConfigError("the address of a server is none", rule="http(s)://host[:port][/path]")
        try:
            client = httpx.Client(
                headers=self.headers, timeout=self.timeout_s, limits=_LIMITS, verify=_trusted(), trust_env=self.proxies
            )
        except OSError as error:
            raise ConfigError(
                "the certificates that the environment names cannot be read",
                found=_kind(error),
                where="$SSL_CERT_FILE and $SSL_CERT_DIR",
            ) from None
        except (ImportError, ValueError, httpx.InvalidURL):  # not shown: a proxy's address may hold a password
            raise ConfigError(
                "a proxy that the environment names cannot be used",
                rule="http(s)://host:port",
                where="$ALL_PROXY and the like",
            ) from None
        object.__setattr__(self, "_client", client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; nothing can be asked any more."""
        self._client.close()

    def request(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Any = None) -> Reply:
        """The reply to the last attempt, whatever its status. NoReply where that one had none.

        query : values by name. body : anything JSON can hold, or bytes as they are; None for none.
        """
        attempt, policy = 0, self.retry
        while True:
            attempt += 1
            asked_s: float | None = None
            try:
                reply = self.exchange(method, path, query=query, body=body)
                if attempt >= policy.attempts or reply.status not in policy.statuses:
                    return reply
                asked_s = reply.retry_after_s
            except NoReply as failure:
                if attempt >= policy.attempts or failure.kind == "too large":
                    raise
            self.wait(policy.pause_s(attempt, asked_s))

    def exchange(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content_type: str | None = None,
    ) -> Reply:
        """One attempt: the reply, whatever its status; NoReply where there is none. For callers that count attempts.

        content_type : of a body of bytes; None leaves it unsaid.
        """
        where = self.address.rstrip("/") + path
        sent_as: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        headers = {"Content-Type": content_type} if content_type else None
        with _as_no_reply(where):
            request = self._client.build_request(method, where, params=query, headers=headers, **sent_as)
            longer_s = len(request.content) / _SLOWEST
            request.extensions["timeout"] = httpx.Timeout(self.timeout_s + longer_s, connect=self.timeout_s).as_dict()
            deadline = math.inf if self.whole_s is None else time.monotonic() + self.whole_s + longer_s
            reply = self._client.send(request, stream=True)
            with closing(reply):
                return Reply(reply.status_code, reply.headers, self._read(reply, where, deadline))

    @contextmanager
    def lines(self, path: str) -> Iterator[tuple[int, Iterator[bytes]]]:
        """One GET of what may be larger than memory: the status, and the lines of the body while they come.

        NoReply where the server is away or stops half way, and where a line is longer than `largest_bytes`. `whole_s` does not
        bound it: as long as something comes, it goes on.
        """
        where = self.address.rstrip("/") + path
        with _as_no_reply(where), self._client.stream("GET", where) as reply:
            yield reply.status_code, self._lines(reply, where)

    def _lines(self, reply: httpx.Response, where: str) -> Iterator[bytes]:
        rest = b""
        for piece in reply.iter_bytes():
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
            if len(rest) > self.largest_bytes:
                rule = f"lines of at most {self.largest_bytes:,} bytes"
                raise NoReply("a line of the reply is too long", "too large", sent=True, rule=rule, where=where)
        yield rest

    def _read(self, reply: httpx.Response, where: str, deadline: float) -> bytes:
        read = bytearray()
        for piece in reply.iter_bytes():
            read += piece
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the whole reply took too long")
            if len(read) > self.largest_bytes:
                rule = f"at most {self.largest_bytes:,} bytes"
                raise NoReply("the reply is too large", "too large", sent=True, rule=rule, where=where)
        return bytes(read)


@contextmanager
def _as_no_reply(where: str) -> Iterator[None]:
    """What httpx raises, as NoReply."""
    try:
        yield
    except httpx.TimeoutException as error:
        sent = not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
        raise NoReply("the server timed out", "timeout", sent=sent, found=_kind(error), where=where) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        sent = not isinstance(error, httpx.ConnectError)
        raise NoReply("there is no reply", "unreachable", sent=sent, found=_kind(error), where=where) from None


def is_base_url(text: str | None) -> bool:
    """Whether paths can be put behind it: http(s) with a host, and nothing in it that is secret or meant otherwise.

    >>> is_base_url("https://host:8443/v1"), is_base_url("https://name:key@host"), is_base_url("host")
    (True, False, False)
    """
    try:
        parts = urlsplit(text or "")
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return usable and text is not None and text.isprintable() and not any(sign in text for sign in "@?#")


def json_object(raw: str | bytes) -> dict[str, Any] | None:
    """The JSON object that a reply is; None for anything else."""
    try:
        parsed = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def retry_after_s(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or a date, 0 to LONGEST_WAIT_S; None where it says neither."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (email.utils.parsedate_to_datetime(header) - dt.datetime.now(dt.UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S) if seconds == seconds else None


@cache
def _trusted() -> ssl.SSLContext:
    """Certificates that are trusted: those that come with httpx, and the machine's own, where a company's stand."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def _kind(error: Exception) -> str:
    return type(error).__name__
