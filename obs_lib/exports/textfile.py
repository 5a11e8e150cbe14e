"""Prometheus by way of node_exporter's textfile collector: a file that is replaced as a whole.

https://github.com/prometheus/node_exporter#textfile-collector
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prometheus_client import write_to_textfile

from obs_lib.connections import Connections
from obs_lib.exports.metrics import registry_of
from obs_lib.exports.options import ExportOptions
from obs_lib.exports.receiver import Sent
from obs_lib.records import NightNumbers


@dataclass(frozen=True, slots=True)
class Textfile:
    """The file. Its folder must be there: a wrong path would be a folder that nobody reads."""

    path: Path
    segments: bool

    def show(self, numbers: NightNumbers) -> Sent:
        """Write the file under another name and rename it: who reads it sees the old one or the new one."""
        registry, n = registry_of(numbers, segments=self.segments)
        write_to_textfile(str(self.path), registry)
        return Sent(n)


def from_options(name: str, options: ExportOptions, connections: Connections) -> Textfile:
    """The receiver of a path."""
    return Textfile(Path(options.path or ""), options.segments)
