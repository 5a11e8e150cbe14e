"""What a channel is, and the one way in which a message goes through it: cleaned, cut, and for a limited time."""

from __future__ import annotations

import socket
import threading
import unicodedata
from dataclasses import dataclass, replace
from typing import Protocol

from obs_lib.errors import ObsError
from obs_lib.records import Message, Notice, Outcome

TITLE_LENGTH = 200  # characters; longer subjects are cut by mail programs anyway
BODY_LENGTH = 4000  # characters; the shortest limit among common chat services
_TEXT_LENGTH = 400  # characters of any other text
_MENTIONS = {ord("@"): "\N{FULLWIDTH COMMERCIAL AT}"}  # chat services call everybody for "@everyone" in a log's tag
_NEVER_BEGAN = (ConnectionRefusedError, socket.gaierror)


class Channel(Protocol):
    """A way to reach people. Its address and secrets show in no name, repr or outcome."""

    @property
    def name(self) -> str:
        """What may be shown and recorded."""

    @property
    def keeps_standing(self) -> bool:
        """Whether the receiver shows an incident until it is told its end, so that it must be told."""

    def send(self, message: Message) -> Outcome:
        """Try once. May raise anything: `send` below turns that into an outcome."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A channel that cannot be made: it takes nothing and says why."""

    name: str
    why: str
    keeps_standing: bool = False

    def send(self, _: Message) -> Outcome:
        """Refuse."""
        return Outcome("FAILED", self.why)


def send(channel: Channel, message: Message, timeout_s: float) -> Outcome:
    """Send one message, waiting at most `timeout_s`; texts are cleaned and cut first.

    The attempt runs on a thread of its own: some services know no time limit, and a daemon thread that hangs holds up neither
    this call nor the end of the process. What timed out may still arrive.
    """
    result: list[Outcome] = []
    work = threading.Thread(
        target=lambda: result.append(_attempt(channel, cleaned(message))), name=f"deliver-{channel.name}", daemon=True
    )
    work.start()
    work.join(timeout_s)
    # The list is read once: the thread may still fill it.
    return next(iter(result), Outcome("UNKNOWN", f"no answer within {timeout_s:g} s"))


def cleaned(message: Message) -> Message:
    """The message without control characters and mentions, cut to the lengths that every service takes."""
    return replace(
        message,
        title=clean(message.title, TITLE_LENGTH),
        body=clean_body(message.body),
        notices=tuple(map(_cleaned_notice, message.notices)),
    )


def clean(text: str, length: int) -> str:
    r"""Return one line without control characters, at most `length` characters: safe as a mail header.

    >>> clean("Change in route=a\r\nBcc: all@example.org", 80)
    'Change in route=a Bcc: all＠example.org'
    """
    return _cut(" ".join(_printable(text).split()), length).translate(_MENTIONS)


def clean_body(text: str) -> str:
    """Return text without control characters other than line ends, cut to the length that every service takes."""
    return _cut("\n".join(_printable(line) for line in text.splitlines()), BODY_LENGTH).translate(_MENTIONS)


def never_began(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, says that no connection was made, so that nothing can have arrived."""
    while error is not None:
        if isinstance(error, _NEVER_BEGAN):
            return True
        error = error.__cause__ or error.__context__
    return False


def _attempt(channel: Channel, message: Message) -> Outcome:
    try:
        return channel.send(message)
    except ObsError as error:  # before anything was sent: what comes of sending is an outcome
        return Outcome("FAILED", str(error))
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything, and no channel stops the night
        # The type alone: messages of exceptions quote addresses, and addresses hold secrets.
        return Outcome("FAILED" if never_began(error) else "UNKNOWN", type(error).__name__)


def _cleaned_notice(notice: Notice) -> Notice:
    return replace(
        notice,
        lead=clean(notice.lead, _TEXT_LENGTH),
        place=tuple(clean(segment, _TEXT_LENGTH) for segment in notice.place),
        summary=clean(notice.summary, _TEXT_LENGTH),
    )


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
