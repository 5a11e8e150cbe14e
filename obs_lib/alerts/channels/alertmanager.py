"""Prometheus Alertmanager, by its API v2: an incident is an alert there, named by its labels, and stands until it is ended."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from obs_lib.alerts.channels.posting import post
from obs_lib.alerts.delivery_options import ChannelOptions
from obs_lib.connections import Connections, http_authorization
from obs_lib.errors import ConfigError
from obs_lib.records import Message, Notice, Outcome, Severity

_PATH = "/api/v2/alerts"
_STANDS = dt.timedelta(days=30)
"""How long an incident stands of which nothing more is heard. Its end is told; this is for a lake that is given up."""


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """One server. The labels name the incident, so that the same sent again is the same alert: they are its idempotency key."""

    name: str
    address: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout_s: float
    keeps_standing: bool = True

    def send(self, message: Message) -> Outcome:
        """Post the message's incidents; where it has none there is nothing to show, and that is right."""
        if not message.notices:
            return Outcome("SENT")
        now = dt.datetime.now(dt.UTC)
        alerts = [_alert(message, notice, one, now) for notice in message.notices for one in Severity]
        return post(self.address, _PATH, json.dumps(alerts).encode(), self.headers, self.timeout_s)


def from_options(name: str, options: ChannelOptions, connections: Connections, timeout_s: float) -> Alertmanager:
    """The channel of a connection: host, and a login with its password, or a password alone as bearer token."""
    connection = connections(options.connection or "")
    if not connection.host:
        raise ConfigError("the connection of an Alertmanager has no address", rule="http(s)://host[:port]", where=name)
    return Alertmanager(name, connection.host.rstrip("/"), http_authorization(connection), timeout_s)


def _alert(message: Message, notice: Notice, severity: Severity, now: dt.datetime) -> dict[str, object]:
    """https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml, `postableAlert`.

    Severity is a label, because routes of Alertmanager ask for it. So an incident that gets worse is another alert: that of
    each other severity is ended with it, and one that never stood is told to nobody.
    """
    stands = notice.is_open and severity is notice.severity
    began = dt.datetime.combine(notice.first_day, dt.time(), dt.UTC)
    about = {
        "summary": notice.summary,
        "state": notice.state.value,
        "owner": notice.responsible.owner,
        "runbook_url": notice.responsible.runbook,
    }
    labels = {
        "alertname": "LLMNightWatch",
        "watch": message.watch,
        "incident": notice.fingerprint,
        "severity": severity.value,
        "kind": notice.kind,
        "lead": notice.lead,
        "owner": notice.responsible.owner,
    }
    return {
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {name: value for name, value in (about | {"place": ", ".join(notice.place)}).items() if value},
        "startsAt": began.isoformat(),
        "endsAt": (now + _STANDS if stands else now).isoformat(),
        **({"generatorURL": message.link} if message.link else {}),
    }
