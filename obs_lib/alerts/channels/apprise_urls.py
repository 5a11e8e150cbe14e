"""Apprise URLs: a hundred and more services behind one string. The string is a secret, as for many services it is the token."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from obs_lib.alerts.channels.channel import Channel, clean
from obs_lib.alerts.delivery_options import ChannelOptions
from obs_lib.connections import Connection, Connections
from obs_lib.records import Message, Outcome

_REFUSED = "not accepted: the address is wrong, or the service refused or could not be reached"
_NEVER_BEGAN = re.compile("refused|NewConnectionError|NameResolutionError|ConnectTimeout|getaddrinfo|not known")
_STATUS = re.compile(r"error=(\d{3})")
_GATEWAYS = ("502", "504")  # they do not know what became of it


@dataclass(frozen=True, slots=True)
class AppriseUrl:
    """One Apprise URL.

    Apprise says yes or no, and no more. What it logs says whether no is certain; what is not certain is unknown, as is a
    failure of a URL with several targets, of which some may have it.
    """

    name: str
    url: str = field(repr=False)
    timeout_s: float = 15.0
    keeps_standing: bool = False

    def send(self, message: Message) -> Outcome:
        """Try once. A service that takes an idempotency key is given the message's."""
        import apprise

        asset = apprise.AppriseAsset(
            app_id="LLM night watch",
            image_url_mask="",  # else receivers are told to fetch a picture from a server of others
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            async_mode=False,
        )
        service = apprise.Apprise.instantiate(self.url, asset=asset, suppress_exceptions=True)
        if service is None:
            return Outcome("FAILED", "not an Apprise URL")
        service.socket_connect_timeout = service.socket_read_timeout = self.timeout_s
        _give_key(service, message.key)
        log = _Log()
        service.logger = log.logger  # its own says tokens at level DEBUG, and others would write them down
        if service.notify(body=message.body, title=message.title, body_format=apprise.NotifyFormat.TEXT):
            return Outcome("SENT")
        return Outcome("FAILED" if len(service) < 2 and log.certain else "UNKNOWN", _REFUSED)


def from_options(name: str, options: ChannelOptions, connections: Connections, timeout_s: float) -> AppriseUrl:
    """The channel of a connection that is the URL, or whose password is (as an Airflow connection holds it)."""
    return AppriseUrl(name, _url(connections(options.connection or "")), timeout_s)


def from_urls(urls: Iterable[str], timeout_s: float) -> list[Channel]:
    """The channels of URLs without a name, equal ones once: named by the service and a hash of its kind and host.

    The host is hashed because for many services it is the token. Two channels on one host are told apart by a number.

    >>> from_urls(["json://user:secret@example.org/hook"], 15)[0].name
    'json-b71b2716'
    """
    named: list[Channel] = []
    for url in dict.fromkeys(urls):
        name = _name(url)
        same = sum(channel.name.split(".")[0] == name for channel in named)
        named.append(AppriseUrl(f"{name}.{same + 1}" if same else name, url, timeout_s))
    return named


def _url(connection: Connection) -> str:
    password = connection.password or ""
    return password if "://" in password else connection.uri


def _name(url: str) -> str:
    try:
        parts = urlsplit(url)
        scheme, host = clean(parts.scheme, 20), parts.hostname or ""
    except ValueError:
        scheme, host = "", ""
    digest = hashlib.sha256(f"{scheme}://{host}".encode(errors="replace")).hexdigest()
    return f"{scheme or 'unknown'}-{digest[:8]}"


def _give_key(service: Any, key: str) -> None:
    """By the name that the service has for it: PagerDuty, Opsgenie, and whatever is plain HTTP with headers of one's own."""
    if hasattr(service, "dedup"):
        service.dedup = service.dedup or key
    elif hasattr(service, "alias") and service.service_name == "Opsgenie":
        service.alias = service.alias or key
    elif isinstance(getattr(service, "headers", None), dict):
        service.headers.setdefault("Idempotency-Key", key)


class _Log(logging.Handler):
    """What one attempt says about itself; it goes nowhere else."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.logger = logging.Logger("apprise-attempt", logging.DEBUG)  # noqa: LOG001 - nobody else hears it
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(record.getMessage())

    @property
    def certain(self) -> bool:
        """Whether the message surely did not arrive: the service said no, or was never reached."""
        text = "\n".join(line for line in self.lines if "Payload" not in line)
        status = _STATUS.search(text)
        return status.group(1) not in _GATEWAYS if status else bool(_NEVER_BEGAN.search(text))
