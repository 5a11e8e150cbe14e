"""Mail with the day's report inside."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import formatdate
from typing import Literal
from urllib.parse import urlsplit

from obs_lib.alerts.channels.channel import never_began
from obs_lib.alerts.delivery_options import ChannelOptions
from obs_lib.connections import Connection, Connections
from obs_lib.errors import ConfigError
from obs_lib.records import Message, Outcome

_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in. encryption : `implicit`, `starttls`, which must be offered, or `none`."""

    host: str
    port: int
    encryption: Literal["implicit", "starttls", "none"]
    login: str | None = field(repr=False)
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """Mail from one address to some."""

    name: str
    server: Server = field(repr=False)
    sender: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    report: Literal["attached", "inline", "none"]
    timeout_s: float
    keeps_standing: bool = False

    def send(self, message: Message) -> Outcome:
        """Try once. Refused recipients are no more than that: as long as one is taken, the mail is sent."""
        mail = self.written(message)
        try:
            with self._connected() as smtp:
                smtp.send_message(mail, self.sender, self.recipients)
        except smtplib.SMTPException as error:
            # An answer of the server is a no; a connection that ended may have been one after the mail was taken.
            lost = isinstance(error, smtplib.SMTPServerDisconnected)
            return Outcome("UNKNOWN" if lost else "FAILED", f"the server refused: {type(error).__name__}")
        except OSError as error:
            return Outcome("FAILED" if never_began(error) else "UNKNOWN", type(error).__name__)
        return Outcome("SENT")

    def written(self, message: Message) -> EmailMessage:
        """The mail. Its Message-ID is the message's key, by which a mailbox knows one that comes twice."""
        mail = EmailMessage(policy=POLICY)
        mail["From"], mail["To"], mail["Subject"] = self.sender, ", ".join(self.recipients), message.title
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{message.key}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        mail.set_content(message.body)
        if message.report and self.report == "inline":
            mail.add_alternative(message.report, subtype="html")
        elif message.report and self.report == "attached":
            mail.add_attachment(message.report, subtype="html", filename=f"report-{message.day}.html")
        return mail

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        place = (self.server.host, self.server.port)
        if self.server.encryption == "implicit":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=self.timeout_s, context=ssl.create_default_context())
        else:
            smtp = smtplib.SMTP(*place, timeout=self.timeout_s)
        try:
            if self.server.encryption == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if self.server.login:
                smtp.login(self.server.login, self.server.password or "")
            yield smtp
        finally:
            smtp.close()  # not `quit`: the mail is taken, and nothing that the server says afterwards changes that


def from_options(name: str, options: ChannelOptions, connections: Connections, timeout_s: float) -> Mail:
    """The channel of a connection smtp(s)://login:password@host:port?from=..&to=..; `encryption=none` asks for no STARTTLS."""
    connection = connections(options.connection or "")
    extra = {str(key): str(value) for key, value in connection.extra.items()}
    sender, recipients = extra.get("from", ""), tuple(filter(None, extra.get("to", "").replace(",", " ").split()))
    if not _plain(sender) or not recipients or not all(map(_plain, recipients)):
        raise ConfigError(
            "the connection of a mail channel lacks addresses", rule="...?from=a@b&to=c@d,e@f", where=name
        )
    return Mail(name, _server(name, connection, extra), sender, recipients, options.report, timeout_s)


def _server(name: str, connection: Connection, extra: dict[str, str]) -> Server:
    parts = urlsplit(connection.uri)
    port = parts.port or _PORTS.get(parts.scheme)
    if parts.scheme not in _PORTS or not parts.hostname or port is None:
        raise ConfigError("the connection of a mail channel has no server", rule="smtp(s)://host[:port]", where=name)
    plain: Literal["starttls", "none"] = "none" if extra.get("encryption") == "none" else "starttls"
    encryption = "implicit" if parts.scheme == "smtps" else plain
    return Server(parts.hostname, port, encryption, connection.login, connection.password)


def _plain(address: str) -> bool:
    return address.count("@") == 1 and address.isprintable() and not set(address) & set(' ,;<>"')
