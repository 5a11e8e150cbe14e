"""Prometheus by way of a Pushgateway: one group a watch, replaced as a whole.

https://github.com/prometheus/pushgateway#put-method
"""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from obs_lib.connections import Connections
from obs_lib.exports.metrics import registry_of
from obs_lib.exports.options import ExportOptions
from obs_lib.exports.receiver import Sent
from obs_lib.exports.server import Server
from obs_lib.records import NightNumbers


@dataclass(frozen=True, slots=True)
class Pushgateway:
    """One server."""

    server: Server
    segments: bool

    def show(self, numbers: NightNumbers) -> Sent:
        """Put the group; what stood in it before is gone."""
        registry, n = registry_of(numbers, segments=self.segments)
        with self.server.open(CONTENT_TYPE_LATEST) as client:
            self.server.ask(client, "PUT", f"/metrics/job/night_watch/watch/{numbers.watch}", generate_latest(registry))
        return Sent(n)


def from_options(name: str, options: ExportOptions, connections: Connections) -> Pushgateway:
    """The receiver of a connection."""
    return Pushgateway(Server.of(name, options, connections), options.segments)
