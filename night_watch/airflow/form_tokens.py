"""Tokens in forms: a page gives one out, for one reader and one incident, for some hours; only this server can make one.

A token says nothing secret and is worth nothing to anybody else: user, incident and moment are under its signature. That it
is used once is the affair of whoever takes it, by its id.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

VALID_S = 8 * 3600
"""Seconds for which a page that stands open can be acted from."""


class BadToken(ValueError):
    """A form without a token that holds; the message says why, to its reader."""


def issue(key: bytes, user: str, incident: str, now: float) -> str:
    """A token for a user and an incident. now : seconds since 1970."""
    body = f"{int(now)}.{secrets.token_hex(8)}"
    return f"{body}.{_signature(key, user, incident, body)}"


def check(key: bytes, token: str, user: str, incident: str, now: float) -> str:
    """The id of a token that holds. BadToken for one of another user, incident or server, and for one that is too old."""
    body, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(key, user, incident, body).encode()):
        raise BadToken("The form was not made for you by this page. Load the page again.")
    issued, _, name = body.partition(".")
    if not 0 <= now - int(issued) <= VALID_S:
        raise BadToken("The page has stood open for too long. Load it again.")
    return name


def _signature(key: bytes, user: str, incident: str, body: str) -> str:
    said = "\0".join((user, incident, body)).encode()
    return hmac.new(key, said, hashlib.sha256).hexdigest()
