"""Events over OTLP, against a server that reads them with the official messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from obs_lib.errors import ConfigError, ExportError
from obs_lib.exports.otlp import request_of
from obs_lib.exports.receiver import Sent
from obs_lib.lake.tables import LABELS
from obs_lib.records import ExportedScore
from obs_lib.sources.entries import Entry, RejectedEntry
from obs_lib.sources.formats.otlp.format import OtlpFormat
from tests.score_servers import Collector, serving
from tests.unit.exports.conftest import receiver

pytestmark = pytest.mark.server
Make = Callable[..., ExportedScore]
SPAN = "00000000000000000000000000000001", "0000000000000001"


def test_an_event_has_the_attributes_of_the_convention_and_stands_at_its_span(score: Make) -> None:
    collector = Collector()
    with serving(collector) as url:
        assert receiver("otlp", url).send([score()]).n == 1
    (event,) = collector.events
    assert event["event_name"] == "gen_ai.evaluation.result"
    assert (event["trace_id"], event["span_id"]) == SPAN
    assert event["time_unix_nano"] == event["observed_time_unix_nano"] == "1709294400123456000"
    assert event["attributes"] == {
        "gen_ai.evaluation.name": "groundedness",
        "gen_ai.evaluation.score.value": 0.25,
        "gen_ai.evaluation.score.label": "fail",
        "night_watch.score.id": "night-watch-" + SPAN[0],
        "night_watch.evaluator.version": "7",
    }


def test_the_names_are_those_of_the_published_conventions() -> None:
    from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as names

    assert names.GEN_AI_EVALUATION_NAME == "gen_ai.evaluation.name"
    assert names.GEN_AI_EVALUATION_SCORE_VALUE == "gen_ai.evaluation.score.value"
    assert names.GEN_AI_EVALUATION_SCORE_LABEL == "gen_ai.evaluation.score.label"
    assert names.GEN_AI_EVALUATION_EXPLANATION == "gen_ai.evaluation.explanation"


@pytest.mark.parametrize("more", [{"trace_id": None}, {"request_id": "chatcmpl-1"}, {"trace_id": "not hex"}])
def test_an_interaction_that_is_no_span_is_named_by_its_response(score: Make, more: dict[str, Any]) -> None:
    collector = Collector()
    with serving(collector) as url:
        receiver("otlp", url).send([score(label=None, explanation='{"a":1}', **more)])
    (event,) = collector.events
    assert (event["trace_id"], event["span_id"]) == ("", "")
    assert event["attributes"]["gen_ai.response.id"] == more.get("request_id", SPAN[1])
    assert event["attributes"]["gen_ai.evaluation.explanation"] == '{"a":1}'
    assert "gen_ai.evaluation.score.label" not in event["attributes"]


def test_many_go_in_batches_and_the_same_again_is_the_same_to_the_byte(score: Make) -> None:
    collector = Collector()
    with serving(collector) as url:
        assert receiver("otlp", url).send(score(n) for n in range(2500)).n == 2500
    assert (collector.requests, len(collector.events)) == (3, 2500)
    assert request_of([score()]).SerializeToString() == request_of([score()]).SerializeToString()


def test_what_is_rejected_of_a_batch_is_left_out_and_not_sent_again(score: Make) -> None:
    collector = Collector(rejects=3)
    with serving(collector) as url:
        assert receiver("otlp", url).send(score(n) for n in range(1010)) == Sent(1004, left_out=6)
    assert collector.requests == 2


def test_what_is_refused_is_an_error_without_the_servers_words(score: Make) -> None:
    busy = Collector(status=503)
    with serving(busy) as url, pytest.raises(ExportError, match="status 503") as caught:
        receiver("otlp", url.replace("://", "://me:hunter2@")).send([score()])
    assert busy.requests == 5  # asked again before it was given up
    assert "secret words" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_connection_without_an_address_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"exports\.mine: the connection of a receiver has no address"):
        receiver("otlp", "")


def test_our_own_events_are_no_labels_where_a_collector_writes_them_beside_the_spans(score: Make) -> None:
    """By the encoding of its file exporter; anybody else's event of the same name is one."""
    ours = _line([score()])
    theirs = json.loads(ours)
    attributes = theirs["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]["attributes"]
    attributes[:] = [one for one in attributes if not one["key"].startswith("night_watch")]
    assert _labels(ours) == []
    assert _labels(json.dumps(theirs).encode()) == [("0000000000000001", "groundedness", 0.25)]


def _line(scores: list[ExportedScore]) -> bytes:
    """As the Collector's file exporter writes a request: OTLP JSON, ids in hex."""
    line = MessageToDict(request_of(scores))
    for record, one in zip(line["resourceLogs"][0]["scopeLogs"][0]["logRecords"], scores, strict=True):
        record |= {"traceId": one.trace_id, "spanId": one.request_id}
    return json.dumps(line).encode()


def _labels(line: bytes) -> list[tuple[Any, ...]]:
    class Names:
        def stage_of(self, name: str, kind: str | None) -> str:
            return "other"

    rows = list(OtlpFormat(Names()).read([Entry("log.jsonl", 1, line)]))
    assert not any(isinstance(row, RejectedEntry) for row in rows)
    return [(row.fields["request_id"], row.fields["name"], row.fields["value"]) for row in rows if row.table == LABELS]
