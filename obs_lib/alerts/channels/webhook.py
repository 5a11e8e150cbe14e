"""A signed POST to anything of one's own. docs/delivery.md says how a receiver checks the signature."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from obs_lib.alerts.channels.posting import post
from obs_lib.alerts.delivery_options import ChannelOptions
from obs_lib.connections import Connections
from obs_lib.errors import ConfigError
from obs_lib.records import Message, Notice, Outcome

TIMESTAMP, SIGNATURE, KEY = "X-Obs-Timestamp", "X-Obs-Signature", "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One receiver that shares a secret with the night watch."""

    name: str
    address: str = field(repr=False)
    secret: str = field(repr=False)
    timeout_s: float
    keeps_standing: bool = True
    """It is told the end of what it was told, whatever people want to hear: it may have rolled something back."""

    def send(self, message: Message) -> Outcome:
        """Try once, signed for this moment."""
        body = json.dumps(body_of(message), ensure_ascii=True, allow_nan=False).encode()
        timestamp = str(int(time.time()))
        headers = {TIMESTAMP: timestamp, SIGNATURE: signature(self.secret, timestamp, body), KEY: message.key}
        parts = urlsplit(self.address)
        return post(f"{parts.scheme}://{parts.netloc}", parts.path, body, headers, self.timeout_s)


def from_options(name: str, options: ChannelOptions, connections: Connections, timeout_s: float) -> Webhook:
    """The channel of a connection: host with a path, and the secret as its password."""
    connection = connections(options.connection or "")
    if not connection.host or not connection.password:
        raise ConfigError(
            "the connection of a webhook lacks its address or its secret",
            rule="http(s)://:secret@host/path",
            where=name,
        )
    return Webhook(name, connection.host, connection.password, timeout_s)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of `<timestamp>.<body>` under the secret, as `sha256=<hex digits>`.

    >>> signature("secret", "1700000000", b"{}")
    'sha256=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163'
    """
    return "sha256=" + hmac.digest(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hex()


def body_of(message: Message) -> dict[str, Any]:
    """What is posted. Keys are added over time, never renamed."""
    return {
        "version": 1,
        **({"watch": message.watch} if message.watch else {}),
        "key": message.key,
        "day": message.day.isoformat(),
        "severity": message.severity.value,
        "title": message.title,
        "text": message.body,
        "link": message.link,
        "incidents": [_incident(notice) for notice in message.notices],
    }


def _incident(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.fingerprint,
        "day": notice.day.isoformat(),
        "severity": notice.severity.value,
        "state": notice.state.value,
        "open": notice.is_open,
        "kind": notice.kind,
        "lead": notice.lead,
        "place": list(notice.place),
        "first_day": notice.first_day.isoformat(),
        "summary": notice.summary,
        "owner": notice.responsible.owner,
        "runbook": notice.responsible.runbook,
    }
