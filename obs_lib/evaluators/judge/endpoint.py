"""One call to an OpenAI-compatible endpoint: a deadline, a bounded reply, and no key in anything that is said about it."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import re
import time
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from obs_lib.connections import Connection
from obs_lib.errors import ConfigError, EvaluatorError

LONGEST_WAIT_S = 60.0
_MOST_BYTES = 8 << 20  # of one reply
_AGAIN = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 529))
_FINAL_CODES = frozenset(("insufficient_quota", "billing_hard_limit_reached"))  # 429s that waiting does not mend
_HEADS = {"response_format": ("response_format", "json_schema", "guided"), "logprobs": ("logprob",)}


class CallFailed(EvaluatorError):
    """One call came to nothing.

    again : whether another one may do better. wait_s : how long the server asks to wait; None where it does not say.
    billed : whether the server may have done the work, and charge for it.
    unsupported : the field that the server does not know, "response_format" or "logprobs"; None where that is not the trouble.
    """

    def __init__(
        self,
        what: str,
        *,
        again: bool = False,
        wait_s: float | None = None,
        billed: bool = False,
        unsupported: str | None = None,
    ) -> None:
        super().__init__(what)
        self.again, self.wait_s, self.billed, self.unsupported = again, wait_s, billed, unsupported


class Endpoint:
    """One server. Use as a context manager; safe to call from many threads. ConfigError where the connection is no address."""

    def __init__(self, connection: Connection, timeout_s: float) -> None:
        self._key, self._timeout_s = connection.password or "", timeout_s
        self._url = _checked(connection.host) + "/chat/completions"
        if not self._key.isascii() or not self._key.isprintable():
            raise ConfigError("the key of a judge's connection is not plain text", where="judges")
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        # Redirects are not followed: they would carry the key to whoever is named.
        self._client = httpx.Client(headers=headers, timeout=timeout_s, follow_redirects=False, limits=_UNLIMITED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def complete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The parsed reply to one chat completion. CallFailed otherwise.

        A server that sends nothing for `timeout_s`, or goes on sending for longer, has timed out.
        """
        try:
            status, headers, raw = self._exchange(body)
        except httpx.TimeoutException as error:
            sent = not isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout)
            raise CallFailed(f"the judge timed out after {self._timeout_s:g} s", again=True, billed=sent) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            sent = not isinstance(error, httpx.ConnectError)
            raise CallFailed(f"the judge cannot be reached ({type(error).__name__})", again=True, billed=sent) from None
        text = raw.decode("utf-8", "replace")
        if self._key:  # whatever a server says, its key is not repeated
            text = text.replace(self._key, "[secret]")
        if status != 200:
            raise _refusal(status, headers, text)
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise CallFailed("the judge's reply is not JSON", billed=True)
        return found

    def _exchange(self, body: Mapping[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        deadline = time.monotonic() + self._timeout_s
        read = bytearray()
        with self._client.stream("POST", self._url, json=body) as reply:
            for piece in reply.iter_bytes():
                read += piece
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the whole reply took too long")
                if len(read) > _MOST_BYTES:
                    raise CallFailed("the judge's reply is too large", billed=True)
            return reply.status_code, reply.headers, bytes(read)


_UNLIMITED = httpx.Limits(max_connections=None, max_keepalive_connections=64)


def _checked(host: str | None) -> str:
    try:
        parts = urlsplit(host or "")
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if host is None or not usable or "@" in host or "?" in host or "#" in host or not host.isprintable():
        # Not shown: an address that is wrong may hold the key.
        raise ConfigError(
            "the connection of a judge has no base URL",
            rule="http(s)://host[:port]/v1, with the key as its password",
            where="judges",
        )
    return host.rstrip("/")


def _refusal(status: int, headers: httpx.Headers, text: str) -> CallFailed:
    """What a status other than 200 means. Of the body only short code words are repeated: its texts may say anything."""
    code = _code(text)
    said = f"the judge's server answers {status}" + (f" ({code})" if code else "")
    if 300 <= status < 400:
        return CallFailed(f"{said}: it has moved, name the new address in the connection")
    if status in (400, 404, 415, 422, 501):
        for field, signs in _HEADS.items():
            if any(sign in text.lower() for sign in signs):
                return CallFailed(f"{said}: it does not know {field}", unsupported=field)
    again = status in _AGAIN and code.partition(":")[0] not in _FINAL_CODES
    return CallFailed(said, again=again, wait_s=_retry_after(headers.get("Retry-After")))


def _code(text: str) -> str:
    """The error's code or type, and the field it names, where these are single words."""
    try:
        error = json.loads(text)["error"]
        words = [error.get("code") or error.get("type"), error.get("param")]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return ""
    return ": ".join(word for word in words if isinstance(word, str) and re.fullmatch(r"[a-z][a-z_]{1,39}", word))


def _retry_after(header: str | None) -> float | None:
    """Seconds, as a number or a date, bounded, so that no reply stops a night."""
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
