"""Examples of an incident come from where it lies, say what is wrong, and are the same each time."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from obs_lib.lake.tables import EMBEDDINGS, INTERACTIONS, METRICS, REPORTS, SCORES, SKETCHES, SPANS
from obs_lib.models.vectors import text_hash
from obs_lib.pipeline.closing import close
from obs_lib.pipeline.explain import explain
from obs_lib.pipeline.fold import history
from obs_lib.pipeline.forget import forget
from obs_lib.pipeline.incident_examples import incident_examples
from obs_lib.pipeline.maintain import maintain
from obs_lib.pipeline.quotes import QUOTES, quoted
from obs_lib.pipeline.render import page_path
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Incident, IncidentState, Severity, Signal
from obs_lib.reporting.parts import IncidentExamples
from tests.rows import frame_of
from tests.unit.pipeline.test_acts import store
from tests.unit.reporting import sample_inputs as samples

BEFORE, DAY = dt.date(2024, 3, 1), dt.date(2024, 3, 2)
DOCS, CHAT = "route=docs", "route=chat"
Row = dict[str, Any]


def request(name: str, route: str = "docs", **given: Any) -> Row:
    at = pd.Timestamp("2024-03-02T08:00", tz="UTC")
    asked = {"request_id": name, "timestamp": at, "tags": json.dumps({"route": route}), "prompt": f"{name}?"}
    return asked | {"response": f"{name}!", "total_latency_ms": 100.0} | given


def filled(table: Any, rows: list[Row]) -> pd.DataFrame:
    return frame_of(table, {name: [row.get(name) for row in rows] for name in table.names})


def write(ws: Workspace, day: dt.date, requests: list[Row], scores: list[Row] = (), spans: list[Row] = ()) -> None:
    """A day as its steps would leave it; texts that hold a digit have a vector that is the digit's own."""
    texts = {row[name] for row in requests for name in ("prompt", "response") if row[name]}
    ws.lake.commit(
        day, "ingest", {INTERACTIONS: filled(INTERACTIONS, requests), SPANS: filled(SPANS, spans)}, inputs="x"
    )
    vectors = [
        {
            "model": ws.encoder.identity,
            "text_hash": text_hash(text),
            "vector": np.eye(10, dtype="<f2")[int(n[0])].tobytes(),
        }
        for text in sorted(texts)
        if (n := [one for one in text if one.isdigit()])
    ]
    scored = [
        {"status": "SCORED", "version": "1", "case": "c", "inclusion_probability": 1.0} | score for score in scores
    ]
    frames = {SCORES: filled(SCORES, scored), EMBEDDINGS: filled(EMBEDDINGS, vectors)}
    ws.lake.commit(day, "collect", frames, inputs="x")
    ws.lake.commit(day, "summarise", {METRICS: filled(METRICS, []), SKETCHES: filled(SKETCHES, [])}, inputs="x")


def incident(*signals: Signal, place: str = DOCS) -> Incident:
    return Incident(
        day=DAY,
        fingerprint="abcdef01" + "0" * 24,
        kind="change",
        severity=Severity.P1,
        state=IncidentState.NEW,
        place=(place,),
        lead="x",
        title="Something",
        score=0.9,
        why="",
        notify=True,
        first_day=DAY,
        last_day=DAY,
        evidence=signals,
    )


def signal(metric: str, segment: str = DOCS) -> Signal:
    return Signal(metric, 1.0, segment=segment, family="x", effect=0.9, baseline=0.1)


def found(ws: Workspace, one: Incident) -> list[IncidentExamples]:
    return incident_examples(ws, history(ws), DAY, [one])


def score(name: str, value: float, evaluator: str = "toxicity") -> Row:
    return {"request_id": name, "evaluator": evaluator, "value": value, "note": f"note of {name}"}


@pytest.fixture
def ws(make_workspace: Callable[..., Workspace]) -> Workspace:
    return make_workspace()


def test_the_insults_of_the_route_worst_first_and_each_once(ws: Workspace) -> None:
    rows = [request("a"), request("b"), request("c", response="b!"), request("d", "chat"), request("e")]
    write(ws, DAY, rows, [score("a", 0.6), score("b", 0.9), score("c", 0.9), score("d", 1.0), score("e", 0.7)])
    (shown,) = found(ws, incident(signal("toxicity_rate")))
    assert (shown.kind, shown.subject) == ("answers", "toxicity_rate")
    assert [(item.request_id, item.value, item.note) for item in shown.items] == [
        ("b", 0.9, "note of b"),
        ("e", 0.7, "note of e"),
        ("a", 0.6, "note of a"),
    ]
    assert {item.segment for item in shown.items} == {DOCS}
    everywhere = found(ws, incident(signal("toxicity_rate"), place="all"))[0]
    assert everywhere.items[0].request_id == "d"


def test_where_a_low_score_is_bad_the_lowest_are_the_worst(ws: Workspace) -> None:
    write(ws, DAY, [request("a"), request("b")], [score("a", 0.1, "groundedness"), score("b", 0.8, "groundedness")])
    assert [item.request_id for item in found(ws, incident(signal("hallucination_rate")))[0].items] == ["a", "b"]


def test_an_answer_stands_beside_one_of_the_last_day_before_to_the_same_or_the_nearest_prompt(ws: Workspace) -> None:
    asked = [request("same", prompt="same?"), request("near", prompt="near 3?"), request("far", prompt="far 4?")]
    scores = [score(row["request_id"], 0.9) for row in asked]
    then = [
        request("y", prompt="same?", response="as ever"),
        request("z", prompt="same?", response="as ever too"),
        request("n", prompt="like 3?", response="three"),
        request("o", prompt="like 4?", response="of another route", route="chat"),
    ]
    write(ws, BEFORE, then, [score(row["request_id"], 0.2) for row in then])
    write(ws, DAY, asked, scores)
    shown = {item.request_id: item.earlier for item in found(ws, incident(signal("toxicity_rate")))[0].items}
    assert (shown["same"].response, shown["same"].value, shown["same"].day) == ("as ever", 0.2, BEFORE)
    assert (shown["near"].prompt, shown["near"].response) == ("like 3?", "three")
    assert shown["far"] is None


def test_days_of_the_incident_itself_are_not_what_was_before(ws: Workspace) -> None:
    write(ws, BEFORE, [request("a")], [score("a", 0.2)])
    write(ws, DAY, [request("b", prompt="a?")], [score("b", 0.9)])
    one = replace(incident(signal("toxicity_rate")), first_day=BEFORE)
    assert found(ws, one)[0].items[0].earlier is None


def test_other_words_are_shown_by_the_answers_least_like_those_of_before(ws: Workspace) -> None:
    write(ws, BEFORE, [request("p", response="1"), request("q", response="2")], [score("p", 0.1), score("q", 0.1)])
    changed = [request("r", prompt="p?", response="1 again"), request("s", prompt="q?", response="now 3")]
    write(ws, DAY, changed, [score("r", 0.1), score("s", 0.1)])
    (shown,) = found(ws, incident(signal("semantic_drift")))
    assert [(item.request_id, item.value) for item in shown.items] == [("s", 0.0), ("r", 1.0)]


def test_failing_requests_by_kind_of_error_the_commonest_first(ws: Workspace) -> None:
    failed = [request(f"t{n}", error="504", error_kind="timeout", response=None) for n in range(3)]
    failed += [request("r0", error="429 slow down", error_kind="rate_limit", response=None), request("fine")]
    write(ws, DAY, [*failed, request("other", "chat", error="x", error_kind="auth")])
    (shown,) = found(ws, incident(signal("error_rate")))
    assert [(item.request_id, item.value, item.note) for item in shown.items] == [
        ("t0", 3.0, "timeout: 504"),
        ("r0", 1.0, "rate_limit: 429 slow down"),
    ]


def span(request_id: str, stage: str, ms: float, error: str | None = None) -> Row:
    at = pd.Timestamp("2024-03-02T08:00", tz="UTC")
    named = {"trace_id": f"t-{request_id}", "span_id": f"{request_id}-{stage}", "request_id": request_id, "name": stage}
    return named | {"stage": stage, "start": at, "duration_ms": ms, "error": error}


def test_the_slow_traces_of_the_slow_route(ws: Workspace) -> None:
    rows = [request(name, total_latency_ms=ms) for name, ms in (("a", 900.0), ("b", 700.0), ("c", 50.0), ("d", 800.0))]
    rows += [request("other", "chat", total_latency_ms=5000.0)]
    write(ws, DAY, rows, spans=[span(row["request_id"], "inference", row["total_latency_ms"]) for row in rows])
    (shown,) = found(ws, incident(signal("latency_p95")))
    assert [(trace.request_id, trace.duration_ms) for trace in shown.traces] == [
        ("a", 900.0),
        ("d", 800.0),
        ("b", 700.0),
    ]
    assert shown.items == ()


def test_without_traces_the_slow_requests_themselves(ws: Workspace) -> None:
    write(
        ws, DAY, [request("a", total_latency_ms=900.0, ttft_ms=1.0), request("b", total_latency_ms=700.0, ttft_ms=2.0)]
    )
    assert [item.request_id for item in found(ws, incident(signal("latency_p95")))[0].items] == ["a", "b"]
    assert [(item.request_id, item.value) for item in found(ws, incident(signal("ttft_p95")))[0].items] == [
        ("b", 2.0),
        ("a", 1.0),
    ]


def test_a_stage_that_fails_is_shown_by_traces_in_which_it_did(ws: Workspace) -> None:
    rows = [request("a"), request("b"), request("c", "chat")]
    spans = [span("a", "retrieval", 50.0), span("b", "retrieval", 5.0, "timed out"), span("c", "retrieval", 9.0, "no")]
    write(ws, DAY, rows, spans=spans)
    (shown,) = found(ws, incident(signal("stage_error_rate", "stage=retrieval")))
    assert [trace.request_id for trace in shown.traces] == ["b"]


def test_the_strongest_of_each_kind_comes_before_a_second_of_one(ws: Workspace) -> None:
    scores = [score("a", 0.9), score("a", 0.1, "groundedness"), score("a", 0.2, "relevance")]
    write(ws, DAY, [request("a")], scores, [span("a", "retrieval", 5.0, "timed out")])
    evidence = [signal(name) for name in ("semantic_drift", "hallucination_rate", "relevance")]
    shown = found(ws, incident(*evidence, signal("stage_error_rate", "stage=retrieval")))
    assert [one.subject for one in shown] == ["hallucination_rate", "retrieval"]
    assert [one.subject for one in found(ws, incident(*evidence))] == ["hallucination_rate", "relevance"]


@pytest.mark.parametrize(
    "other",
    [{"last_day": BEFORE}, {"state": IncidentState.RESOLVED}, {"kind": "data"}, {"evidence": (signal("requests"),)}],
)
def test_what_no_request_of_the_day_shows_has_no_examples(ws: Workspace, other: Row) -> None:
    write(ws, DAY, [request("a")], [score("a", 0.9)])
    assert found(ws, replace(incident(signal("toxicity_rate")), **other)) == []


def test_the_story_of_an_incident_ends_with_examples_masked(ws: Workspace) -> None:
    route = "ada@example.org"
    write(ws, DAY, [request("a", route, prompt="I am ada@example.org", response="Go away")], [score("a", 0.9)])
    store(ws, incident(signal("toxicity_rate"), place=f"route={route}"))
    (example,) = explain(ws, "abcdef01").examples
    assert "Go away" in example
    assert "ada@example.org" not in example


def quoting_page(ws: Workspace) -> Path:
    """The page of a closed day that quotes the day before."""
    row = {"format": "html", "path": "x", "digest": "x", "size": 1, "provenance": json.dumps({QUOTES: [str(BEFORE)]})}
    ws.lake.commit(DAY, "render", {REPORTS: pd.DataFrame([row])}, inputs="x")
    close(ws.lake, [DAY])
    path = page_path(ws, DAY)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("an answer of before")
    return path


def test_what_is_erased_goes_from_closed_pages_that_quote_it_too(ws: Workspace) -> None:
    write(ws, BEFORE, [request("a"), request("b")])
    write(ws, DAY, [request("c")])
    page = quoting_page(ws)
    forget(ws, "request", "another")
    assert page.is_file()
    forget(ws, "request", "a")
    assert not page.is_file()


def test_a_page_goes_with_the_rows_of_the_days_that_it_quotes(make_workspace: Callable[..., Workspace]) -> None:
    ws = make_workspace(retention={"rows_days": 30})
    write(ws, BEFORE, [request("a")])
    write(ws, DAY, [request("c")])
    page = quoting_page(ws)
    noon = dt.datetime.combine(BEFORE, dt.time(12), tzinfo=dt.UTC)
    maintain(ws, now=noon + dt.timedelta(days=30))
    assert page.is_file()
    maintain(ws, now=noon + dt.timedelta(days=31))
    assert not page.is_file()


def test_the_days_that_are_quoted_are_named_with_the_report(ws: Workspace) -> None:
    write(ws, BEFORE, [request("a")], [score("a", 0.2)])
    write(ws, DAY, [request("b", prompt="a?")], [score("b", 0.9)])
    shown = found(ws, incident(signal("toxicity_rate")))
    inputs = samples.quiet()
    assert quoted(inputs) == []
    assert quoted(replace(inputs, incident_examples=shown)) == [str(BEFORE)]
