"""JSON over HTTP with basic authentication: one address, retries, no redirects, bounded answers.

Secrets go to that address alone and stand in no message.
"""

from __future__ import annotations

import base64
import datetime as dt
import email.utils
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from obs_lib.errors import ConfigError, SourceError

_AGAIN = (429, 500, 502, 503, 504)
_UNKNOWN = (400, 404, 405, 501)  # 400: the path exists and does not know a parameter of newer servers
_MOST_BYTES = 256 << 20  # of one answer
_LONGEST_WAIT_S = 60.0
_FIXES = {
    401: "check the public and the secret key",
    403: "check that the keys may read the project",
    404: "check the host",
}


class Unserved(SourceError):
    """The server does not know the path, or not as it was asked."""


@dataclass(frozen=True, slots=True)
class JsonApi:
    """One server.

    Parameters
    ----------
    host : its address, http(s), with a path where it is served under one. ConfigError for anything else.
    keys : name and password; sent to `host` alone.
    timeout_s : seconds that one answer may take.
    attempts : how often something is asked for, at most, when the server is busy, failing or away; 1 or more.
    wait : what waits between attempts; seconds to None.
    """

    host: str
    keys: tuple[str, str] = field(repr=False)
    timeout_s: float = 60.0
    attempts: int = 5
    wait: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        try:
            parts = urllib.parse.urlsplit(self.host)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or "@" in self.host or "?" in self.host or "#" in self.host or not self.host.isprintable():
            # Not shown: an address that is wrong may hold keys.
            raise ConfigError("the host of an API is no address", rule="http(s)://host[:port][/path]", where="host")

    def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """The object that is served. SourceError when it cannot be had, `Unserved` when there is none.

        Tried again, later each time or when the server says, while it is busy, failing or away.
        """
        for attempt in range(1, self.attempts + 1):
            pause = min(2.0 ** (attempt - 1), _LONGEST_WAIT_S)
            try:
                return self._parsed(path, self._fetch(path, query))
            except urllib.error.HTTPError as error:
                with error:
                    if error.code not in _AGAIN or attempt == self.attempts:
                        raise self._status(path, error.code) from None
                    pause = _retry_after(error.headers.get("Retry-After"), pause)
            except (OSError, http.client.HTTPException) as error:
                if attempt == self.attempts:
                    raise self.refusal(
                        "the server cannot be reached",
                        path,
                        found=type(error).__name__,
                        fix="is the host right and up?",
                    ) from None
            self.wait(pause)
        raise AssertionError("attempts is at least 1")

    def _fetch(self, path: str, query: Mapping[str, str]) -> bytes:
        url = self.host.rstrip("/") + path + "?" + urllib.parse.urlencode(query)
        keys = base64.b64encode(":".join(self.keys).encode()).decode("ascii")
        request = urllib.request.Request(url, headers={"Authorization": f"Basic {keys}", "Accept": "application/json"})  # noqa: S310 - http(s) alone, checked
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=self.timeout_s) as answer:
            raw: bytes = answer.read(_MOST_BYTES + 1)
        if len(raw) > _MOST_BYTES:
            raise self.refusal("an answer is too large", path, fix="ask for smaller pages")
        return raw

    def _parsed(self, path: str, raw: bytes) -> dict[str, Any]:
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self.refusal("the answer is not JSON", path, rule="a JSON object", fix="is the host right?")
        return found

    def _status(self, path: str, status: int) -> SourceError:
        moved = "name the address that it moved to as host: keys are not sent along with a redirect"
        fix = moved if 300 <= status < 400 else _FIXES.get(status)
        kind = Unserved if status in _UNKNOWN else SourceError
        return kind("the server refuses", found=f"status {status}", where=self.host.rstrip("/") + path, fix=fix)

    def refusal(
        self, what: str, path: str, *, rule: str | None = None, found: object = None, fix: str | None = None
    ) -> SourceError:
        """An error about this server, to be raised."""
        return SourceError(what, rule=rule, found=found, where=self.host.rstrip("/") + path, fix=fix)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: it would carry the keys to whoever it names."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _retry_after(header: str | None, otherwise: float) -> float:
    """Seconds that the server asks for, as a number or as a date; bounded, so that no answer stops a night."""
    if header is None:
        return otherwise
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (email.utils.parsedate_to_datetime(header) - dt.datetime.now(dt.UTC)).total_seconds()
        except (ValueError, TypeError):
            return otherwise
    return min(max(seconds, 0.0), _LONGEST_WAIT_S) if seconds == seconds else otherwise
