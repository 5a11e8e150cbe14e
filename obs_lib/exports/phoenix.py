"""Scores back to Phoenix, as annotations of the spans that they judge (`POST /v1/span_annotations`).

https://arize.com/docs/phoenix/tracing/how-to-tracing/feedback-and-annotations/capture-feedback: one that comes again with the
same span, name and identifier takes the place of the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from obs_lib.connections import Connections
from obs_lib.exports.options import ExportOptions
from obs_lib.exports.receiver import Sent, in_batches
from obs_lib.exports.server import Server
from obs_lib.records import ExportedScore

_PATH = "/v1/span_annotations"
_BATCH = 500
_SPAN = re.compile(r"[0-9a-f]{16}")
_LATER = {
    "sync": "false"
}  # taken into a queue: otherwise one span that Phoenix does not have yet refuses the whole batch


@dataclass(frozen=True, slots=True)
class Phoenix:
    """One server."""

    server: Server

    def send(self, scores: Iterable[ExportedScore]) -> Sent:
        """Send them in batches. Left out are those of interactions that are no spans."""
        n = left_out = 0
        with self.server.open() as client:
            for batch in in_batches(scores, _BATCH):
                data = [_annotation(score) for score in batch if _SPAN.fullmatch(score.request_id)]
                left_out += len(batch) - len(data)
                if data:
                    self.server.ask(client, "POST", _PATH, {"data": data}, query=_LATER)
                    n += len(data)
        return Sent(n, left_out)


def from_options(name: str, options: ExportOptions, connections: Connections) -> Phoenix:
    """The receiver of a connection, whose password is the API key where the server asks for one."""
    return Phoenix(Server.of(name, options, connections))


def _annotation(score: ExportedScore) -> dict[str, Any]:
    """`SpanAnnotationData` of Phoenix's API."""
    result = {"score": score.value, "label": score.label, "explanation": score.explanation}
    return {
        "span_id": score.request_id,
        "name": score.evaluator,
        "annotator_kind": "LLM" if score.by_model else "CODE",
        "result": {name: said for name, said in result.items() if said is not None},
        "metadata": {"version": score.version},
        "identifier": score.id,
    }
