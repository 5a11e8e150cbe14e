"""Observations, traces and scores, built with the models of Langfuse's own client and written under its own names."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from langfuse.api import ObservationLevel, ObservationV2, ScoreSource
from langfuse.api.commons.types.score import Score_Boolean, Score_Categorical, Score_Numeric, Score_Text
from langfuse.api.scores.types.score_subject_v3 import (
    ScoreSubjectV3_Observation,
    ScoreSubjectV3_Session,
    ScoreSubjectV3_Trace,
)
from langfuse.api.scores.types.score_v3 import ScoreV3_Boolean, ScoreV3_Categorical, ScoreV3_Numeric

from obs_lib.lake.tables import INTERACTIONS, LABELS, SPANS
from obs_lib.sources.entries import Entry, RejectedEntry, Row
from obs_lib.sources.formats.langfuse.format import AGAIN, LangfuseFormat

NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is the parliament?"}]
SCORE = {"timestamp": NOON, "created_at": NOON, "updated_at": NOON, "environment": "prod", "source": ScoreSource.API}


class Names:
    """Stages by kind alone; the names are another file's."""

    def stage_of(self, name: str, kind: str | None) -> str:
        return {"GENERATION": "inference", "RETRIEVER": "retrieval", "GUARDRAIL": "safety_filter"}.get(
            kind or "", "other"
        )


def after(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


def observation(name: str, kind: str, start: float, end: float | None, **more: Any) -> ObservationV2:
    defaults = {"trace_id": "t1", "project_id": "p", "name": name, "environment": "prod"}
    ended = None if end is None else after(end)
    return ObservationV2(id=name, type=kind, start_time=after(start), end_time=ended, **{**defaults, **more})


def generation(name: str = "g1", start: float = 1.0, end: float = 3.0, **more: Any) -> ObservationV2:
    return observation(name, "GENERATION", start, end, **more)


def read(*items: Any) -> list[Row | RejectedEntry]:
    raws = [item.json() if hasattr(item, "json") else json.dumps(item) for item in items]
    return list(
        LangfuseFormat(Names()).read(Entry("export.jsonl", n, raw.encode()) for n, raw in enumerate(raws, start=1))
    )


def rows(table: Any, *items: Any) -> list[dict[str, Any]]:
    return [row.fields for row in read(*items) if isinstance(row, Row) and row.table is table]


def only(*items: Any) -> dict[str, Any]:
    (fields,) = rows(INTERACTIONS, *items)
    return fields


def test_a_generation_of_the_v2_api() -> None:
    fields = only(
        generation(
            user_id="u1",
            session_id="s1",
            model="gpt-4o-2024-08-06",
            prompt_name="greeting",
            prompt_version=3,
            completion_start_time=after(1.25),
            time_to_first_token=0.25,
            input=json.dumps({"messages": MESSAGES}),  # this API serves input and output as text
            output=json.dumps({"choices": [{"message": {"content": "In Bern."}, "finish_reason": "length"}]}),
            usage_details={
                "input": 20,
                "input_cached_tokens": 10,
                "output": 4,
                "output_reasoning_tokens": 1,
                "total": 35,
            },
            cost_details={"input": 0.25, "total": 0.75},
            total_cost=0.75,
            trace_name="support chat",
            tags=["team:search", "beta"],
            release="r42",
            version="v9",
            metadata={"country": "ch", "nested": {"a": 1}, "api_key": "sk-abc", "attempt": 2},
        )
    )
    assert fields == {
        "request_id": "g1",
        "timestamp": "2024-05-01T12:00:01+00:00",
        "trace_id": "t1",
        "user_id": "u1",
        "session_id": "s1",
        "model_version": "gpt-4o-2024-08-06",
        "prompt_version": "greeting@3",
        "prompt": MESSAGES,
        "response": "In Bern.",
        "finish_reason": "length",
        "input_tokens": 30,
        "cached_input_tokens": 10,
        "output_tokens": 5,
        "reasoning_tokens": 1,
        "ttft_ms": 250.0,
        "total_latency_ms": 2000.0,
        "cost_usd": 0.75,
        "tags": {
            "team": "search",
            "beta": True,
            "environment": "prod",
            "release": "r42",
            "version": "v9",
            "route": "support chat",
            "country": "ch",
            "attempt": 2,
        },
    }


def test_an_older_export_and_one_of_the_storage_integration_say_the_same() -> None:
    old = {
        "id": "g1",
        "traceId": "t1",
        "type": "GENERATION",
        "name": "answer",
        "startTime": "2024-05-01T12:00:01.000Z",
        "endTime": "2024-05-01T12:00:03.000Z",
        "completionStartTime": "2024-05-01T12:00:01.250Z",
        "model": "gpt-4o",
        "usage": {"input": 30, "output": 5, "unit": "TOKENS"},
        "promptTokens": 30,
        "completionTokens": 5,
        "calculatedTotalCost": "0.75",
        "inputPrice": "0.0001",
        "input": MESSAGES,
        "level": "DEFAULT",
        "output": {"role": "assistant", "content": "In Bern."},
        "timeToFirstToken": 250,
        "latency": 2000,
    }
    stored = {
        "id": "g1",
        "trace_id": "t1",
        "type": "GENERATION",
        "name": "answer",
        "start_time": "2024-05-01 12:00:01.000",
        "end_time": "2024-05-01 12:00:03.000",
        "completion_start_time": "2024-05-01 12:00:01.250",
        "provided_model_name": "gpt-4o",
        "usage_details": {"input": "30", "output": "5"},
        "cost_details": {"total": "0.75"},
        "input": json.dumps(MESSAGES),
        "output": '{"role": "assistant", "content": "In Bern."}',
        "level": "DEFAULT",
    }
    assert only(old) == only(stored)
    assert only(old) == {
        "request_id": "g1",
        "timestamp": "2024-05-01T12:00:01+00:00",
        "trace_id": "t1",
        "total_latency_ms": 2000.0,
        "model_version": "gpt-4o",
        "prompt": MESSAGES,
        "response": "In Bern.",
        "input_tokens": 30,
        "output_tokens": 5,
        "ttft_ms": 250.0,
        "cost_usd": 0.75,
        "tags": {"route": "answer"},
    }


@pytest.mark.parametrize(
    ("more", "absent"),
    [
        ({"usage_details": {}}, ("input_tokens", "output_tokens", "cached_input_tokens")),
        ({"completion_start_time": after(3.0)}, ("ttft_ms",)),  # a client that does not stream writes its end
        ({"end_time": None}, ("total_latency_ms",)),
        ({"level": ObservationLevel.ERROR, "total_cost": 0.0}, ("cost_usd", "response")),
    ],
)
def test_what_is_not_known_is_absent(more: dict[str, Any], absent: tuple[str, ...]) -> None:
    item = generation().model_copy(update=more)
    assert not set(absent) & set(only(item))


def test_zeros_of_old_exports_are_unknown_tokens_and_characters_are_none() -> None:
    base = json.loads(generation().json())
    for more in (
        {"promptTokens": 0, "completionTokens": 0},
        {"usage": {"input": 40, "output": 5, "unit": "CHARACTERS"}},
    ):
        assert "input_tokens" not in only({**base, **more})


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"input": 5, "input_cache_read": 3, "input_cache_creation": 2, "output": 4, "total": 14}, (10, 3, 4)),
        (
            {"input_tokens": 5, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 2, "output_tokens": 4},
            (10, 3, 4),
        ),
        ({"prompt_tokens": 21, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 5}}, (21, 5, 7)),
        ({"output": 4}, (None, None, 4)),
    ],
)
def test_kinds_of_tokens(details: dict[str, Any], expected: tuple[int | None, ...]) -> None:
    fields = only({**json.loads(generation().json()), "usageDetails": details})
    assert tuple(fields.get(name) for name in ("input_tokens", "cached_input_tokens", "output_tokens")) == expected


def test_an_answer_that_is_json_stays_as_it_was_written() -> None:
    assert only(generation(output='{"b": 1,  "a": [2]}'))["response"] == '{"b": 1,  "a": [2]}'
    assert only(generation(input='["not", "messages"]'))["prompt"] == '["not", "messages"]'
    assert only(generation(output={"b": 1, "a": 2}))["response"] == '{"a":2,"b":1}'


def test_an_error_says_why() -> None:
    fields = only(generation(level=ObservationLevel.ERROR, status_message="Error code: 429 - slow down"))
    assert (fields["error"], fields["error_kind"]) == ("Error code: 429 - slow down", "rate_limit")
    fields = only(generation(level=ObservationLevel.ERROR))
    assert (fields["error"], fields["error_kind"]) == ("ERROR", "other")
    assert "error" not in only(generation(level=ObservationLevel.WARNING, status_message="careful"))


def test_a_trace_becomes_stages_and_contexts_of_its_generations() -> None:
    items = [
        observation("root", "SPAN", 0, 9),
        observation("late", "TOOL", 8, 8.5, parent_observation_id="root"),
        generation("rewrite", 1, 2),
        observation(
            "look up", "RETRIEVER", 3, 4, output=[{"id": 7, "text": "It is in Bern.", "score": "0.5"}, "In Bern."]
        ),
        generation("answer", 5, 7),
        observation("check", "GUARDRAIL", 2.5, 2.7, output={"passed": False}),
        observation("other check", "GUARDRAIL", 7.5, 7.6, output={"passed": True}),
        observation("elsewhere", "SPAN", 3, 4, trace_id="t2"),
    ]
    by_id = {fields["request_id"]: fields for fields in rows(INTERACTIONS, *items)}
    assert by_id["answer"]["contexts"] == [
        {"id": "7", "text": "It is in Bern.", "score": 0.5},
        {"id": None, "text": "In Bern.", "score": None},
    ]
    assert by_id["answer"]["safety_flags"] == ["check"]
    assert not {"contexts", "safety_flags"} & set(by_id["rewrite"])
    spans = {fields["span_id"]: fields for fields in rows(SPANS, *items)}
    assert {name: fields["request_id"] for name, fields in spans.items()} == {
        "rewrite": "rewrite",
        "answer": "answer",
        "root": "rewrite",
        "look up": "answer",
        "late": "answer",
        "check": "answer",
        "other check": "answer",
        "elsewhere": None,
    }
    assert spans["look up"]["stage"] == "retrieval"
    assert spans["answer"]["stage"] == "inference"
    assert spans["late"]["parent_id"] == "root"
    assert spans["root"]["duration_ms"] == 9000.0
    assert spans["root"]["start"] == NOON
    moments = {row.fields["span_id"]: row.of for row in read(*items) if isinstance(row, Row) and row.table is SPANS}
    assert moments["late"] == after(5)  # a stage belongs to the day of its interaction
    assert sorted(map(repr, read(*items))) == sorted(map(repr, read(*items)))


def test_the_order_of_entries_does_not_matter() -> None:
    items = [
        generation("b", 5, 6),
        generation("a", 1, 2),
        observation("r", "RETRIEVER", 3, 4, output=["x"]),
        observation("s", "SPAN", 0, 9),
    ]

    def keyed(*given: Any) -> list[str]:
        return sorted(
            json.dumps(row.fields, default=str, sort_keys=True) for row in read(*given) if isinstance(row, Row)
        )

    assert keyed(*items) == keyed(*reversed(items))


def test_what_a_trace_record_knows_goes_to_its_generations() -> None:
    trace = {
        "id": "t1",
        "timestamp": "2024-05-01T12:00:00Z",
        "name": "support chat",
        "userId": "u1",
        "sessionId": "s1",
        "tags": ["beta"],
        "release": "r42",
        "metadata": {"tier": 7},
        "environment": "prod",
        "public": False,
    }
    fields = only(generation(environment=None), trace)
    assert (fields["user_id"], fields["session_id"]) == ("u1", "s1")
    assert fields["tags"] == {"beta": True, "release": "r42", "tier": 7, "environment": "prod", "route": "support chat"}
    whole = {**trace, "observations": [json.loads(generation().json())], "scores": ["s-1"]}
    assert only(whole) == only(generation(), trace)


def test_a_score_of_our_own_in_an_export_is_no_label() -> None:
    about = {"trace_id": "t1", "observation_id": "g1", "name": "tone", "value": 0.5}
    own, other = (Score_Numeric(id=name, **SCORE, **about) for name in ("night-watch-" + "0" * 32, "s-1"))
    assert [row["name"] for row in rows(LABELS, generation(), own, other)] == ["tone"]
    assert not any(isinstance(row, RejectedEntry) for row in read(generation(), own))


def scored(**more: Any) -> dict[str, Any]:
    (label,) = rows(
        LABELS, generation(), generation("g2", 5, 6), *[item(id="x", **SCORE, **more) for item in [more.pop("model")]]
    )
    return label


@pytest.mark.parametrize(
    ("model", "fields", "value", "text"),
    [
        (Score_Numeric, {"name": "helpful", "value": 0.5}, 0.5, None),
        (Score_Boolean, {"name": "ok", "value": 1.0, "string_value": "True"}, 1.0, None),
        (Score_Categorical, {"name": "tone", "value": 2.0, "string_value": "kind"}, None, "kind"),
        (Score_Text, {"name": "note", "string_value": "too long"}, None, "too long"),
        (ScoreV3_Numeric, {"name": "helpful", "value": 0.5, "project_id": "p"}, 0.5, None),
        (ScoreV3_Boolean, {"name": "ok", "value": False, "project_id": "p"}, 0.0, None),
        (ScoreV3_Categorical, {"name": "tone", "value": "kind", "project_id": "p"}, None, "kind"),
    ],
)
def test_scores_are_labels(model: Any, fields: dict[str, Any], value: float | None, text: str | None) -> None:
    v3 = "project_id" in fields
    about = (
        {"subject": ScoreSubjectV3_Observation(id="g1", trace_id="t1")}
        if v3
        else {"trace_id": "t1", "observation_id": "g1"}
    )
    assert scored(model=model, **fields, **about) == {
        "request_id": "g1",
        "name": fields["name"],
        "source": "api",
        "value": value,
        "text": text,
        "inclusion_probability": None,
    }


def test_a_score_of_a_trace_is_about_its_last_generation_and_one_of_a_step_about_the_steps() -> None:
    step = observation("r", "RETRIEVER", 0, 0.5)
    of_trace = Score_Numeric(id="x", name="n", value=1, trace_id="t1", **SCORE)
    of_step = Score_Numeric(
        id="y", name="m", value=1, trace_id="t1", observation_id="r", **{**SCORE, "source": ScoreSource.ANNOTATION}
    )
    of_absent = ScoreV3_Numeric(
        id="z", name="o", value=1, project_id="p", subject=ScoreSubjectV3_Trace(id="t9"), **SCORE
    )
    labels = {
        fields["name"]: fields
        for fields in rows(LABELS, of_trace, of_step, of_absent, generation(), generation("g2", 5, 6), step)
    }
    assert {name: fields["request_id"] for name, fields in labels.items()} == {"n": "g2", "m": "g1", "o": "t9"}
    assert labels["m"]["source"] == "human"


def test_a_label_belongs_to_the_day_of_its_interaction_whenever_it_was_given() -> None:
    late = {**SCORE, "timestamp": NOON + dt.timedelta(days=3), "name": "n", "value": 1}
    given = Score_Numeric(id="x", trace_id="t1", observation_id="g1", **late)
    absent = Score_Numeric(id="y", trace_id="t9", observation_id="g9", **late)
    rows_read = [each for each in read(generation(), given, absent) if isinstance(each, Row)]
    (call,) = [each for each in rows_read if each.table is INTERACTIONS]
    of = {each.fields["request_id"]: each.of for each in rows_read if each.table is LABELS}
    assert of == {"g1": dt.datetime.fromisoformat(call.fields["timestamp"]), "g9": None}


def test_the_score_named_quality_is_the_quality_score() -> None:
    quality = Score_Numeric(id="x", name="quality", value=0.25, trace_id="t1", observation_id="g1", **SCORE)
    by_id = {
        fields["request_id"]: fields for fields in rows(INTERACTIONS, generation(), generation("g2", 5, 6), quality)
    }
    assert by_id["g1"]["quality_score"] == 0.25
    assert "quality_score" not in by_id["g2"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        ('{"a": 1}', "neither an observation, a trace nor a score of Langfuse"),
        ('{"type": "SPAN", "startTime": "2024-05-01T12:00:00Z"}', "observation without id"),
        (
            '{"id": "a", "type": "SPAN", "startTime": "noon", "traceId": "t"}',
            "observation without a startTime that can be read",
        ),
        (
            '{"id": "a", "type": "SPAN", "startTime": "2024-05-01T12:00:00Z"}',
            "observation that is neither a generation nor part of a trace",
        ),
        (
            ScoreV3_Numeric(
                id="z", name="o", value=1, project_id="p", subject=ScoreSubjectV3_Session(id="s"), **SCORE
            ).json(),
            "score of neither a trace nor an observation",
        ),
    ],
)
def test_reasons(raw: str, reason: str) -> None:
    entry = Entry("f", 1, raw.encode())
    assert list(LangfuseFormat(Names()).read([entry])) == [RejectedEntry(entry, reason)]


def test_an_observation_that_comes_again_counts_once_as_it_came_last() -> None:
    first, last = generation(user_id="first"), generation(user_id="last")
    assert [row.reason for row in read(first, last) if isinstance(row, RejectedEntry)] == [AGAIN]
    assert only(first, last)["user_id"] == "last"
    assert len(rows(SPANS, first, last)) == 1


def test_a_long_line_is_rejected_and_a_broken_time_is_left_to_the_common_rules() -> None:
    entry = Entry("f", 1, generation().json().encode(), cut=True)
    assert list(LangfuseFormat(Names()).read([entry])) == [RejectedEntry(entry, "line too long")]
    assert only({"id": "g", "type": "GENERATION", "startTime": 5e99})["timestamp"] == 5e99


def test_days_come_cheaply_and_a_quarter_of_an_hour_around_midnight_counts_for_both() -> None:
    days = LangfuseFormat(Names()).days
    assert days(generation().json().encode()) == {NOON.date()}
    late = generation(start=12 * 3600 - 60, end=12 * 3600 - 1).json().encode()
    assert days(late) == {dt.date(2024, 5, 1), dt.date(2024, 5, 2)}
    assert days(b'{"trace_id": "t", "start_time": "2024-05-03 12:00:00.000"}') == {dt.date(2024, 5, 3)}
    assert days(b'{"startTime": "0001-01-01T00:00:00Z", "endTime": "soon"}') == set()


SAVED = {
    "id": "o",
    "traceId": "t",
    "type": "GENERATION",
    "startTime": "2026-03-03T10:00:00Z",
    "endTime": "2026-03-03T10:00:02Z",
    "model": "m",
    "input": "Is it open?",
    "output": "Until six.",
}


def test_a_trace_saved_from_the_pages_knows_whose_it_is_and_counts_its_observations_once() -> None:
    trace = {"id": "t", "timestamp": "2026-03-03T10:00:00Z", "userId": "u", "sessionId": "s", "observations": [SAVED]}
    (native,) = rows(INTERACTIONS, {"trace": trace, "observations": [SAVED]})
    assert (native["request_id"], native["user_id"], native["session_id"]) == ("o", "u", "s")


def test_a_row_of_a_table_has_its_counts_as_text() -> None:
    (native,) = rows(INTERACTIONS, {**SAVED, "inputTokens": "10", "outputTokens": "2"})
    assert (native["input_tokens"], native["output_tokens"]) == (10, 2)


def test_counts_of_zero_give_way_to_the_usage_of_the_response_and_an_unknown_part_is_counted() -> None:
    usage = {"input_tokens": 5, "output_tokens": 2, "cache_read_input_tokens": 10}
    output = {"content": [{"type": "text", "text": "Until six."}, {"type": "hologram"}], "usage": usage}
    items = read({**SAVED, "output": output, "usageDetails": {"input": 0, "output": 0}})
    (row,) = (item for item in items if isinstance(item, Row) and item.table is INTERACTIONS)
    assert (row.fields["response"], row.fields["input_tokens"]) == ("Until six.", 15)
    assert row.repairs == ("counts beside each other", "unknown part of a message")
