"""One call to an OpenAI-compatible endpoint: a deadline, a bounded reply, and no key in anything that is said about it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Self

from obs_lib.connections import Connection
from obs_lib.errors import ConfigError, EvaluatorError, NoReply
from obs_lib.http import BUSY, HttpClient, Reply, is_base_url, json_object

_MOST_BYTES = 8 << 20  # of one reply
_FINAL_CODES = frozenset(("insufficient_quota", "billing_hard_limit_reached"))  # 429s that waiting does not change
_FIELD_SIGNS = {"response_format": ("response_format", "json_schema", "guided"), "logprobs": ("logprob",)}


class CallFailed(EvaluatorError):
    """One call came to nothing.

    again : whether another one may do better. wait_s : how long the server asks to wait; None where it does not say.
    billed : whether the server may have done the work, and charge for it.
    unsupported : the field that the server does not know, "response_format" or "logprobs"; None where that is not the trouble.
    status : the HTTP status, other than 200, that the server answered with; None where something else is the trouble.
    """

    def __init__(
        self,
        what: str,
        *,
        again: bool = False,
        wait_s: float | None = None,
        billed: bool = False,
        unsupported: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(what)
        self.status = status
        self.again, self.wait_s, self.billed, self.unsupported = again, wait_s, billed, unsupported


class Endpoint:
    """One server. Use as a context manager; safe to call from many threads. ConfigError where the connection is no address."""

    def __init__(
        self, connection: Connection, timeout_s: float, signed: Callable[[str], Mapping[str, str]] | None = None
    ) -> None:
        """Open nothing. signed : the headers that show a key; None for a bearer token."""
        self._key, self._timeout_s = connection.password or "", timeout_s
        if connection.host is None or not is_base_url(connection.host):
            # Not shown: an address that is wrong may hold the key.
            raise ConfigError(
                "the connection of a judge has no base URL",
                rule="http(s)://host[:port]/v1, with the key as its password",
                where="judges",
            )
        if not self._key.isascii() or not self._key.isprintable():
            raise ConfigError("the key of a judge's connection is not plain text", where="judges")
        headers = (signed or _bearer)(self._key) if self._key else {}
        self._client = HttpClient(connection.host, headers, timeout_s, whole_s=timeout_s, largest_bytes=_MOST_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def complete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The parsed reply to one chat completion, after one attempt: each is counted by who asks. CallFailed otherwise."""
        return self.call("POST", "/chat/completions", body=body)

    def call(self, method: str, path: str, **asked: Any) -> dict[str, Any]:
        """The JSON object that a server answers, after one attempt; `asked` as `HttpClient.exchange` takes it.

        CallFailed where there is none. A server that sends nothing for `timeout_s`, or goes on sending for longer, has timed
        out.
        """
        try:
            reply = self._client.exchange(method, path, **asked)
        except NoReply as failure:
            raise self._failed(failure) from None
        text = self._scrubbed(reply.body)
        if reply.status != 200:
            raise refusal(reply, text)
        found = json_object(text)
        if found is None:
            raise CallFailed("the judge's reply is not JSON", billed=True)
        return found

    def lines(self, path: str, most: int) -> Iterator[dict[str, Any]]:
        """The JSON objects in the first `most` lines of a file at the server; other lines are left out.

        CallFailed where there is none, or where it breaks off.
        """
        try:
            with self._client.lines(path) as (status, lines):
                if status != 200:
                    raise refusal(Reply(status, {}, b""), "")
                yield from filter(None, (json_object(self._scrubbed(line)) for line in islice(lines, most)))
        except NoReply as failure:
            raise self._failed(failure) from None

    def _scrubbed(self, body: bytes) -> str:
        """A reply's text without the key, whatever a server says."""
        text = body.decode("utf-8", "replace")
        return text.replace(self._key, "[secret]") if self._key else text

    def _failed(self, failure: NoReply) -> CallFailed:
        if failure.kind == "too large":
            return CallFailed("the judge's reply is too large", billed=True)
        if failure.kind == "timeout":
            what = f"the judge timed out after {self._timeout_s:g} s"
        else:
            what = f"the judge cannot be reached ({failure.found})"
        return CallFailed(what, again=True, billed=failure.sent)


def _bearer(key: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {key}"}


def refusal(reply: Reply, text: str) -> CallFailed:
    """What a status other than 200 means. Of the body only short code words are repeated: its texts may say anything."""
    status, code = reply.status, _code(text)
    refused = f"the judge's server answers {status}" + (f" ({code})" if code else "")
    if 300 <= status < 400:
        return CallFailed(f"{refused}: it has moved, name the new address in the connection")
    if status in (400, 404, 415, 422, 501):
        for field, signs in _FIELD_SIGNS.items():
            if any(sign in text.lower() for sign in signs):
                return CallFailed(f"{refused}: it does not know {field}", unsupported=field)
    again = status in BUSY and code.partition(":")[0] not in _FINAL_CODES
    return CallFailed(refused, again=again, wait_s=reply.retry_after_s, status=status)


def _code(text: str) -> str:
    """The error's code or type, and the field it names, where these are single words."""
    try:
        error = json.loads(text)["error"]
        words = [error.get("code") or error.get("type"), error.get("param")]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return ""
    return ": ".join(filter(None, map(code_word, words)))


def code_word(said: Any) -> str:
    """What a server calls a trouble, where that is a single word; else nothing: its texts may say anything."""
    return said if isinstance(said, str) and re.fullmatch(r"[a-z][a-z_]{1,39}", said) else ""
