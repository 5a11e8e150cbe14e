"""Messages to people through Apprise. A channel that fails gives an outcome to record, never an error.

Channel addresses are secrets: they leave this module only as a name that gives nothing away.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from obs_lib.alerts.options import AlertOptions
from obs_lib.records import Day

TITLE_LENGTH = 200  # characters; longer subjects are cut by mail programs anyway
BODY_LENGTH = 4000  # characters; the shortest limit among common chat services
_MENTIONS = {ord("@"): "\N{FULLWIDTH COMMERCIAL AT}"}  # chat services call everybody for "@everyone" in a log's tag
_REFUSED = "not accepted: the address is wrong, or the service refused or could not be reached"


@dataclass(frozen=True, slots=True)
class Channel:
    """Where messages go.

    name : what may be shown and recorded: the kind of service and a hash of its kind and host, never the address.
    url : the Apprise URL with its secrets; not part of repr.
    """

    name: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt. detail : why it failed, free of secrets; empty for SENT."""

    channel: str
    status: Literal["SENT", "FAILED", "TIMED_OUT"]
    detail: str = ""


def channels(urls: Iterable[str]) -> list[Channel]:
    """Return the channels of Apprise URLs, equal URLs once, in their order.

    The host is hashed because for many services it is the token. Two channels on one host are told apart by a number.

    >>> channels(["json://user:secret@example.org/hook"])[0].name
    'json-b71b2716'
    """
    named: list[Channel] = []
    for url in dict.fromkeys(urls):
        name = _name(url)
        same = sum(channel.name.split(".")[0] == name for channel in named)
        named.append(Channel(f"{name}.{same + 1}" if same else name, url))
    return named


def send(channel: Channel, title: str, body: str, options: AlertOptions) -> Outcome:
    """Send one message, waiting at most `timeout_s`.

    Texts are cleaned and cut first. The attempt runs on a thread of its own: some services know no time limit, and a
    daemon thread that hangs holds up neither this call nor the end of the process. A message that timed out may still
    arrive.
    """
    result: list[Outcome] = []
    work = threading.Thread(
        target=lambda: result.append(
            _attempt(channel, clean(title, TITLE_LENGTH), clean_body(body), options.timeout_s)
        ),
        name=f"deliver-{channel.name}",
        daemon=True,
    )
    work.start()
    work.join(options.timeout_s)
    # The list is read once: the thread may still fill it.
    return next(iter(result), Outcome(channel.name, "TIMED_OUT", f"no answer within {options.timeout_s:g} s"))


def too_old(day: Day, now: dt.datetime, max_age_hours: float) -> bool:
    """Return whether a day ended (midnight UTC) more than `max_age_hours` before `now`, which has a time zone.

    >>> too_old(dt.date(2023, 6, 15), dt.datetime(2023, 6, 18, 0, 0, tzinfo=dt.UTC), 48)
    False
    """
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC)
    return now - end > dt.timedelta(hours=max_age_hours)


def clean(text: str, length: int) -> str:
    r"""Return one line without control characters, at most `length` characters: safe as a mail header.

    >>> clean("Change in route=a\r\nBcc: all@example.org", 80)
    'Change in route=a Bcc: all＠example.org'
    """
    return _cut(" ".join(_printable(text).split()), length).translate(_MENTIONS)


def clean_body(text: str) -> str:
    """Return text without control characters other than line ends, cut to the length that every service takes."""
    return _cut("\n".join(_printable(line) for line in text.splitlines()), BODY_LENGTH).translate(_MENTIONS)


def _attempt(channel: Channel, title: str, body: str, timeout_s: float) -> Outcome:
    try:
        import apprise

        asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY, async_mode=False)
        service = apprise.Apprise.instantiate(channel.url, asset=asset, suppress_exceptions=True)
        if service is None:
            return Outcome(channel.name, "FAILED", "not an Apprise URL")
        service.socket_connect_timeout = service.socket_read_timeout = timeout_s
        sent = service.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything, and no channel stops the night
        # The type alone: messages of exceptions quote addresses, and addresses hold secrets.
        return Outcome(channel.name, "FAILED", type(error).__name__)
    return Outcome(channel.name, "SENT") if sent else Outcome(channel.name, "FAILED", _REFUSED)


def _name(url: str) -> str:
    try:
        parts = urlsplit(url)
        scheme, host = clean(parts.scheme, 20), parts.hostname or ""
    except ValueError:
        scheme, host = "", ""
    digest = hashlib.sha256(f"{scheme}://{host}".encode(errors="replace")).hexdigest()
    return f"{scheme or 'unknown'}-{digest[:8]}"


def _printable(text: str) -> str:
    """Spaces for control characters, lone surrogates and line separators; nothing for invisible formatting marks."""
    kept = []
    for letter in text:
        category = unicodedata.category(letter)
        if category in {"Cc", "Cs", "Zl", "Zp"}:
            kept.append(" ")
        elif category != "Cf":  # bidirectional overrides, zero-width marks
            kept.append(letter)
    return "".join(kept)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "\N{HORIZONTAL ELLIPSIS}"
