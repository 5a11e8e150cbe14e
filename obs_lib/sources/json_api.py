"""JSON over HTTP with basic authentication, and its failures as errors of a log source.

Secrets go to one address alone and stand in no message.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

from obs_lib.errors import ConfigError, NoReply, SourceError
from obs_lib.http import HttpClient, RetryPolicy, is_base_url, json_object

RETRY = RetryPolicy(first_wait_s=1.0)  # a night has more time than a person who waits for an answer
_UNKNOWN = (400, 404, 405, 501)  # 400: the path exists and does not know a parameter of newer servers
_LARGEST_BYTES = 256 << 20  # of one answer
_WHOLE = 10  # times its patience: a page of long texts may take a while, but not for ever
_FIXES = {
    401: "check the public and the secret key",
    403: "check that the keys may read the project",
    404: "check the host",
}


class Unserved(SourceError):
    """The server does not know the path, or not as it was asked."""


class JsonApi:
    """One server. Use as a context manager.

    Parameters
    ----------
    host : its address, http(s), with a path where it is served under one. ConfigError for anything else.
    keys : name and password; sent to `host` alone.
    timeout_s : seconds without a word from the server after which it is asked again.
    retry : how often and when something is asked for again while the server is busy, failing or away.
    wait : what waits between attempts; seconds to None.
    """

    def __init__(
        self,
        host: str,
        keys: tuple[str, str],
        timeout_s: float = 60.0,
        retry: RetryPolicy = RETRY,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        check_host(host)
        encoded = base64.b64encode(":".join(keys).encode()).decode("ascii")
        headers = {"Authorization": f"Basic {encoded}", "Accept": "application/json"}
        whole_s = _WHOLE * timeout_s
        self._host = host.rstrip("/")
        self._client = HttpClient(self._host, headers, timeout_s, whole_s, _LARGEST_BYTES, retry, wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """The object that is served. SourceError when it cannot be had, `Unserved` when there is none."""
        try:
            reply = self._client.request("GET", path, query=query)
        except NoReply as failure:
            if failure.kind == "too large":
                raise self.refusal("an answer is too large", path, fix="ask for smaller pages") from None
            what, fix = "the server cannot be reached", "is the host right and up?"
            raise self.refusal(what, path, found=failure.found, fix=fix) from None
        if not 200 <= reply.status < 300:
            raise self._status(path, reply.status)
        served = json_object(reply.body)
        if served is None:
            raise self.refusal("the answer is not JSON", path, rule="a JSON object", fix="is the host right?")
        return served

    def _status(self, path: str, status: int) -> SourceError:
        moved = "name the address that it moved to as host: keys are not sent along with a redirect"
        fix = moved if 300 <= status < 400 else _FIXES.get(status)
        kind = Unserved if status in _UNKNOWN else SourceError
        return kind("the server refuses", found=f"status {status}", where=self._host + path, fix=fix)

    def refusal(
        self, what: str, path: str, *, rule: str | None = None, found: object = None, fix: str | None = None
    ) -> SourceError:
        """An error about this server, to be raised."""
        return SourceError(what, rule=rule, found=found, where=self._host + path, fix=fix)


def check_host(host: str) -> None:
    """ConfigError where it is no address. It is not shown: one that is wrong may hold keys."""
    if not is_base_url(host):
        raise ConfigError("the host of an API is no address", rule="http(s)://host[:port][/path]", where="host")
