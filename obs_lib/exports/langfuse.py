"""Scores back to Langfuse, at the observations that they judge, by its public API.

Newer servers take lists of scores (`POST /api/public/scores`, as Langfuse's own SDK 5 sends them), older ones only the batches
of `/api/public/ingestion`. A score that is sent again with the same id and timestamp takes the place of the one before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from obs_lib.connections import Connections
from obs_lib.errors import ConfigError
from obs_lib.exports.options import ExportOptions
from obs_lib.exports.receiver import Sent, in_batches
from obs_lib.exports.server import Server
from obs_lib.http import HttpClient, json_object
from obs_lib.records import ExportedScore

_PATH, _OLDER = "/api/public/scores", "/api/public/ingestion"
_BATCH = 500  # some 400 bytes each, with an explanation 1,000; a body may have 1 MB
_NO_LISTS = (400, 404, 405, 422)  # the path takes one score only, or is none
_GONE = (404, 405, 410)


@dataclass(frozen=True, slots=True)
class Langfuse:
    """One project of one server."""

    server: Server

    def send(self, scores: Iterable[ExportedScore]) -> Sent:
        """Send them in batches. Left out are those of interactions in no trace: Langfuse would have nowhere to put them."""
        n = left_out = 0
        older = False
        with self.server.open() as client:
            for batch in in_batches(scores, _BATCH):
                bodies = [_body(score) for score in batch if score.trace_id is not None]
                left_out += len(batch) - len(bodies)
                if bodies:
                    older = self._send(client, bodies, older=older)
                    n += len(bodies)
        return Sent(n, left_out)

    def _send(self, client: HttpClient, bodies: list[dict[str, Any]], *, older: bool) -> bool:
        """Send one batch; whether by the older path, which then is that of the others too."""
        newer = None if older else client.request("POST", _PATH, body=bodies)
        if newer is not None and newer.status not in _NO_LISTS:
            said = json_object(self.server.accepted(newer, _PATH).body) or {}
            self._refuse_rejected(said.get("rejected"), _PATH)
            return False
        events = [
            {"id": body["id"], "type": "score-create", "timestamp": body["timestamp"], "body": body} for body in bodies
        ]
        reply = client.request("POST", _OLDER, body={"batch": events})
        if newer is not None and reply.status in _GONE:
            self.server.accepted(newer, _PATH)  # the server is a new one, and means what it said first
        errors = (json_object(self.server.accepted(reply, _OLDER).body) or {}).get("errors")
        self._refuse_rejected(len(errors) if isinstance(errors, list) else 0, _OLDER)
        return True

    def _refuse_rejected(self, n: object, path: str) -> None:
        if isinstance(n, int) and n > 0:
            raise self.server.rejected(n, path)


def from_options(name: str, options: ExportOptions, connections: Connections) -> Langfuse:
    """The receiver of a connection, whose login is the public and whose password the secret key."""
    server = Server.of(name, options, connections)
    if not server.headers.get("Authorization", "").startswith("Basic "):
        raise ConfigError(
            "the connection of Langfuse lacks its keys",
            rule="http(s)://public-key:secret-key@host",
            where=f"exports.{name}",
        )
    return Langfuse(server)


def _body(score: ExportedScore) -> dict[str, Any]:
    """`CreateScoreRequest` of Langfuse's API."""
    said = {"comment": score.explanation} if score.explanation is not None else {}
    return {
        "id": score.id,
        "traceId": score.trace_id,
        "observationId": score.request_id,
        "name": score.evaluator,
        "value": score.value,
        "dataType": "NUMERIC",
        "timestamp": score.at.isoformat(),
        "metadata": {"version": score.version, **({"label": score.label} if score.label else {})},
        **said,
    }
