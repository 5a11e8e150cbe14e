"""Payloads that LiteLLM really wrote (recorded/litellm.jsonl; test_vendor_clients.py makes new ones), and changed ones."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from obs_lib.lake.tables import INTERACTIONS, SPANS
from obs_lib.sources.entries import Entry, Item, PassedOver, RejectedEntry, Row
from obs_lib.sources.formats.litellm.format import LiteLLMFormat

RECORDED = Path(__file__).parent / "recorded" / "litellm.jsonl"
PAYLOADS: list[dict[str, Any]] = [json.loads(line) for line in RECORDED.read_text().splitlines()]
WHOLE, STREAMED, FAILED, EMBEDDING = PAYLOADS[0], PAYLOADS[1], PAYLOADS[7], PAYLOADS[-1]
START = WHOLE["startTime"]
MOMENT = dt.datetime.fromtimestamp(START, dt.UTC)


class Names:
    """Stages by kind alone; the names are another file's."""

    def stage_of(self, name: str, kind: str | None) -> str:
        return {
            "completion": "inference",
            "embedding": "retrieval",
            "guardrail": "safety_filter",
            "retriever": "retrieval",
            "allm_passthrough_route": "other",
        }[kind or ""]


def read(*payloads: dict[str, Any]) -> list[Item]:
    entries = [Entry("f.jsonl", n, json.dumps(payload).encode()) for n, payload in enumerate(payloads, start=1)]
    return list(LiteLLMFormat(Names()).read(entries))


def rows(table: Any, *payloads: dict[str, Any]) -> list[dict[str, Any]]:
    return [row.fields for row in read(*payloads) if isinstance(row, Row) and row.table is table]


def only(payload: dict[str, Any], **more: Any) -> dict[str, Any]:
    (fields,) = rows(INTERACTIONS, {**payload, **more})
    return fields


def with_metadata(**more: Any) -> dict[str, Any]:
    return {**WHOLE, "metadata": {**WHOLE["metadata"], **more}}


def test_a_whole_call() -> None:
    assert only(WHOLE) == {
        "request_id": WHOLE["id"],
        "timestamp": MOMENT.isoformat(),
        "trace_id": WHOLE["trace_id"],
        "model_version": "gpt-4o-mini",
        "provider": "openai",
        "prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "say four words to you"}],
        "response": "four words to you",
        "input_tokens": 21,
        "cached_input_tokens": 5,
        "output_tokens": 7,
        "finish_reason": "stop",
        "total_latency_ms": pytest.approx((WHOLE["endTime"] - START) * 1000, abs=0.01),
        "cost_usd": WHOLE["response_cost"],
    }


def test_response_time_is_never_believed() -> None:
    fields = only(STREAMED, response_time=123.0)
    assert fields["total_latency_ms"] == pytest.approx((STREAMED["endTime"] - STREAMED["startTime"]) * 1000, abs=0.01)
    assert fields["ttft_ms"] == pytest.approx(
        (STREAMED["completionStartTime"] - STREAMED["startTime"]) * 1000, abs=0.01
    )
    assert fields["ttft_ms"] < fields["total_latency_ms"]
    assert "ttft_ms" not in only(STREAMED, stream=None)
    assert "ttft_ms" not in only(STREAMED, completionStartTime=STREAMED["endTime"])


def test_what_a_failure_does_not_know_is_absent() -> None:
    fields = only(FAILED)
    assert (fields["error"], fields["error_kind"]) == (FAILED["error_str"], "rate_limit")
    assert not {"input_tokens", "output_tokens", "cost_usd", "response", "finish_reason", "ttft_ms"} & set(fields)
    assert "traceback" not in json.dumps(fields)


@pytest.mark.parametrize(
    ("information", "kind"),
    [
        ({"error_class": "ContextWindowExceededError", "error_code": "400"}, "context_length"),
        ({"error_class": "ContentPolicyViolationError", "error_code": "400"}, "content_filter"),
        ({"error_class": "Timeout", "error_code": "408"}, "timeout"),
        ({"error_class": "", "error_code": "503"}, "server"),
        (None, "other"),
    ],
)
def test_kinds_of_errors(information: Any, kind: str) -> None:
    assert only(FAILED, error_information=information, error_str="no")["error_kind"] == kind


def test_a_cost_of_zero_counts_only_where_there_is_a_price() -> None:
    assert only(WHOLE, response_cost=0.0)["cost_usd"] == 0.0  # a model that is free, or served from a cache
    diagnostic = {"reason": "missing_pricing_key", "pricing_model": "x", "missing_pricing_keys": []}
    assert "cost_usd" not in only(WHOLE, response_cost=0.0, zero_cost_diagnostic=diagnostic)
    assert "cost_usd" not in only(WHOLE, response_cost=0.0, response_cost_failure_debug_info={"error_str": "no price"})
    assert only(WHOLE, response_cost=None)["cost_usd"] == WHOLE["cost_breakdown"]["total_cost"]


def test_who_asked() -> None:
    assert only(PAYLOADS[6])["user_id"] == "user-9"  # as a parameter of the call
    both = with_metadata(user_api_key_user_id="owner", user_api_key_end_user_id="person")
    assert only(both)["user_id"] == "person"
    assert only(both, end_user="named")["user_id"] == "named"
    assert only(with_metadata(user_api_key_user_id="owner"))["user_id"] == "owner"


def test_labels_become_tags_and_secrets_never_do() -> None:
    payload = with_metadata(
        user_api_key_hash="88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
        user_api_key_alias="batch job",
        user_api_key_team_alias="search",
        user_api_key_user_email="ada@example.org",
        requester_ip_address="192.0.2.7",
        requester_custom_headers={"x-api-key": "sk-hidden"},
        requester_metadata={"country": "ch", "authorization": "Bearer abc", "api_key": "sk-hidden", "nested": {"a": 1}},
    )
    fields = only(payload, request_tags=["env:prod", "beta"], model_group="cheap", cache_hit=True)
    assert fields["tags"] == {
        "env": "prod",
        "beta": True,
        "route": "cheap",
        "team": "search",
        "key_alias": "batch job",
        "cache_hit": True,
        "country": "ch",
    }
    text = json.dumps([row.fields for row in read(payload) if isinstance(row, Row)], default=str)
    for secret in ("88dc28d0", "ada@", "192.0.2.7", "sk-hidden", "Bearer"):
        assert secret not in text


def test_guardrails_and_vector_stores_are_flags_contexts_and_stages() -> None:
    guardrails = [
        {
            "guardrail_name": "pii",
            "guardrail_status": "guardrail_intervened",
            "start_time": START,
            "end_time": START + 0.25,
        },
        {
            "guardrail_name": "topics",
            "guardrail_status": "guardrail_flagged",
            "violation_categories": ["weapons", "weapons"],
        },
        {"guardrail_name": "fine", "guardrail_status": "success", "start_time": START},
        {"guardrail_name": "off", "guardrail_status": "not_run"},
        {
            "guardrail_name": "down",
            "guardrail_status": "guardrail_failed_to_respond",
            "start_time": START,
            "end_time": START + 1,
        },
    ]
    store = {
        "vector_store_id": "vs_1",
        "query": "parliament",
        "start_time": START - 0.5,
        "end_time": START,
        "vector_store_search_response": {
            "data": [
                {
                    "score": 0.9,
                    "file_id": "d1",
                    "content": [{"type": "text", "text": "It is"}, {"type": "text", "text": "in Bern."}],
                },
                {"score": 0.1, "content": []},
            ]
        },
    }
    payload = with_metadata(vector_store_request_metadata=[store]) | {"guardrail_information": guardrails}
    fields = only(payload)
    assert fields["safety_flags"] == ["pii", "weapons"]
    assert fields["contexts"] == [{"id": "d1", "text": "It is\nin Bern.", "score": 0.9}]
    spans = {span["name"]: span for span in rows(SPANS, payload)}
    assert set(spans) == {"completion", "pii", "fine", "down", "vs_1"}
    assert spans["pii"]["duration_ms"] == pytest.approx(250, abs=0.01)
    assert spans["fine"]["duration_ms"] is None
    assert spans["down"]["error"] == "failed to respond"
    assert spans["vs_1"]["stage"] == "retrieval"
    assert {name: span["parent_id"] for name, span in spans.items()} == dict.fromkeys(spans, WHOLE["id"]) | {
        "completion": None
    }
    assert {span["request_id"] for span in spans.values()} == {WHOLE["id"]}
    assert len({span["span_id"] for span in spans.values()}) == 5
    assert only(WHOLE, guardrail_information=guardrails[2:3])["safety_flags"] == []
    assert "safety_flags" not in only(WHOLE)


def test_calls_that_are_no_interactions_are_stages_of_their_trace() -> None:
    alone = rows(SPANS, EMBEDDING)
    assert [(span["stage"], span["request_id"]) for span in alone] == [("retrieval", None)]
    assert rows(INTERACTIONS, EMBEDDING) == []
    early, late = {**WHOLE, "id": "a", "startTime": START + 1}, {**WHOLE, "id": "b", "startTime": START + 5}
    for begun, request in ((START, "a"), (START + 2, "b"), (START + 9, "b")):
        step = {**EMBEDDING, "trace_id": WHOLE["trace_id"], "startTime": begun}
        (span,) = [span for span in rows(SPANS, step, late, early) if span["name"] == "embedding"]
        assert span["request_id"] == request


def test_redacted_texts_are_absent() -> None:
    redacted = [{"role": "user", "content": "redacted-by-litellm"}]
    fields = only(WHOLE, messages=redacted, response={"choices": [{"message": {"content": "redacted-by-litellm"}}]})
    assert not {"prompt", "response"} & set(fields)


@pytest.mark.parametrize("wrapper", ["standard_logging_object", "standard_logging_payload", "payload"])
def test_wrapped_payloads(wrapper: str) -> None:
    assert only({wrapper: WHOLE, "kwargs": {}}) == only(WHOLE)
    assert only({"message": json.dumps(WHOLE), "ddsource": "litellm"}) == only(WHOLE)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"startTime": START}, "not a StandardLoggingPayload of LiteLLM"),
        ({"request_id": "native"}, "not a StandardLoggingPayload of LiteLLM"),
        ({**EMBEDDING, "id": 7}, "embedding: without id"),
        ({**EMBEDDING, "startTime": "noon"}, "startTime: not seconds since 1970"),
    ],
)
def test_reasons(payload: dict[str, Any], reason: str) -> None:
    (row,) = read(payload)
    assert isinstance(row, RejectedEntry)
    assert row.reason == reason


def test_days() -> None:
    days = LiteLLMFormat(Names()).days
    assert days(json.dumps(WHOLE).encode()) == {MOMENT.date()}
    midnight = dt.datetime(2024, 5, 2, tzinfo=dt.UTC).timestamp()
    assert days(json.dumps({"startTime": midnight - 20 * 60, "endTime": midnight - 60}).encode()) == {
        dt.date(2024, 5, 1),
        dt.date(2024, 5, 2),
    }
    assert days(json.dumps({"message": json.dumps(WHOLE)}).encode()) == {MOMENT.date()}
    assert days(b'{"startTime": "soon"}') == set()


@pytest.mark.parametrize("packed", [dict, json.dumps])
def test_a_route_of_tomorrow_is_an_interaction_where_its_response_answers(packed: Any) -> None:
    body = packed({"choices": [{"message": {"role": "assistant", "content": "Until six."}, "finish_reason": "stop"}]})
    rows = read({**WHOLE, "call_type": "allm_passthrough_route", "response": body})
    (native,) = (row.fields for row in rows if isinstance(row, Row) and row.table.name == "interactions")
    assert (native["response"], native["finish_reason"]) == ("Until six.", "stop")
    rows = read({**WHOLE, "call_type": "allm_passthrough_route", "response": {"data": []}, "completion_tokens": 0})
    assert [row.table.name for row in rows if isinstance(row, Row)] == ["spans"]


def test_counts_of_zero_are_taken_from_the_usage_beside_them_and_a_lone_embedding_is_a_step() -> None:
    usage = {"input_tokens": 50, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 40}}
    payload = {**WHOLE, "prompt_tokens": 0, "completion_tokens": 0, "metadata": {"usage_object": usage}}
    (row,) = (row for row in read(payload) if isinstance(row, Row) and row.table.name == "interactions")
    counted = {name: row.fields[name] for name in ("input_tokens", "output_tokens", "cached_input_tokens")}
    assert counted == {"input_tokens": 50, "output_tokens": 5, "cached_input_tokens": 40}
    assert row.repairs == ("counts beside each other",)
    step, passed = read({**EMBEDDING, "trace_id": None})
    assert isinstance(step, Row)
    assert isinstance(passed, PassedOver)
    assert passed.what == EMBEDDING["call_type"]
    assert (step.table.name, step.fields["trace_id"]) == ("spans", EMBEDDING["id"])


def test_a_missing_id_is_made_and_is_the_same_each_time() -> None:
    made = [read({**WHOLE, "id": None}), read({**WHOLE, "id": None})]
    first, second = (next(row.fields["request_id"] for row in rows if isinstance(row, Row)) for rows in made)
    assert first == second
    assert first.startswith("made-")
