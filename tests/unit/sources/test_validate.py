from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.lake.tables import INTERACTIONS
from obs_lib.sources import validate
from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.validate import Limits, excerpt, parse_object

GOOD = {"request_id": "a", "timestamp": "2023-06-01T10:00:00Z"}


def check(row: object, limit: int = 1000) -> dict[str, object]:
    raw = row if isinstance(row, bytes) else json.dumps(row).encode()
    return validate.check(INTERACTIONS, parse_object(Entry("file", 1, raw)), Limits(limit))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[1]", "not an object"),
        (b"[" * 100_000, "not JSON: nested too deeply"),
        (b'{"request_id": "a", "timestamp": "2023-06-01T10:00:00Z", "cost_usd": NaN}', "non-finite number"),
        (b'{"request_id": "a", "timestamp": "2023-06-01T10:00:00Z", "cost_usd": 1e999}', "cost_usd: non-finite number"),
        (b'{"request_id": "a", "timestamp": "2023-06-01T10:00:00Z", "tags": {"a": 1e999}}', "non-finite number"),
        ({**GOOD, "request_id": None}, "request_id: missing"),
        ({**GOOD, "request_id": ""}, "request_id: missing"),
        ({**GOOD, "request_id": 7}, "request_id: not text"),
        ({"request_id": "a"}, "timestamp: missing"),
        ({**GOOD, "timestamp": "2023-06-01T10:00:00"}, "timestamp: not ISO 8601 with an offset"),
        ({**GOOD, "timestamp": "yesterday"}, "timestamp: not ISO 8601 with an offset"),
        ({**GOOD, "response": ["x"]}, "response: not text"),
        ({**GOOD, "error": {"code": 1}}, "error: not text"),
        ({**GOOD, "output_tokens": -1}, "output_tokens: negative"),
        ({**GOOD, "output_tokens": 1.5}, "output_tokens: not a whole number under 2^53"),
        ({**GOOD, "output_tokens": True}, "output_tokens: not a number"),
        ({**GOOD, "input_tokens": 10**400}, "input_tokens: number too large"),
        ({**GOOD, "ttft_ms": 1e308}, "ttft_ms: number too large"),
        ({**GOOD, "cost_usd": 1e17}, "cost_usd: number too large"),
        ({**GOOD, "ttft_ms": -0.1}, "ttft_ms: negative"),
        ({**GOOD, "ttft_ms": "12"}, "ttft_ms: not a number"),
        ({**GOOD, "prompt": 3}, "prompt: neither text nor a list of messages"),
        ({**GOOD, "prompt": [{"content": "x"}]}, "prompt: a message without a role"),
        ({**GOOD, "contexts": "text"}, "contexts: not a list"),
        ({**GOOD, "contexts": [{"id": "1"}]}, "contexts: an item without text"),
        ({**GOOD, "safety_flags": [1]}, "safety_flags: not a list of text"),
        ({**GOOD, "tags": ["x"]}, "tags: not an object"),
        ({**GOOD, "tags": {"a": []}}, "tags: a value that is neither text, number nor true/false"),
        ({**GOOD, "response": "x" * 1001}, "response: text too long"),
    ],
)
def test_a_line_that_breaks_a_rule_is_rejected_with_the_reason(row: object, reason: str) -> None:
    with pytest.raises(Rejected) as caught:
        check(row)
    assert str(caught.value) == reason


def test_a_line_that_was_cut_is_rejected_unparsed() -> None:
    with pytest.raises(Rejected, match="line too long"):
        parse_object(Entry("file", 1, b"{", cut=True))


def test_messages_are_kept_whole_and_the_prompt_is_the_last_of_the_user() -> None:
    record = check(
        GOOD
        | {
            "prompt": [
                {"role": "system", "content": "Be short."},
                {"role": "user", "content": "First"},
                {"role": "user", "content": "Second", "extra": 1},
                {"role": "assistant", "content": None},
            ]
        }
    )
    assert record["prompt"] == "Second"
    assert record["messages"] == (
        '[{"content":"Be short.","role":"system"},{"content":"First","role":"user"},'
        '{"content":"Second","role":"user"},{"content":null,"role":"assistant"}]'
    )


def test_nested_fields_become_canonical_json() -> None:
    record = check(
        GOOD
        | {
            "contexts": [{"text": "t", "score": 0.5, "id": 3, "other": 1}],
            "tags": {"b": True, "a": "x", "gone": None},
            "safety_flags": [],
            "output_tokens": 12.0,
        }
    )
    assert record["contexts"] == '[{"id":"3","score":0.5,"text":"t"}]'
    assert record["tags"] == '{"a":"x","b":true}'
    assert record["safety_flags"] == "[]"
    assert record["output_tokens"] == 12
    assert record["messages"] is None


def test_half_of_an_escaped_pair_becomes_storable_and_whole_pairs_stay() -> None:
    record = check(
        rb'{"request_id": "a", "timestamp": "2023-06-01T10:00:00Z", "response": "\ud83d \ud83d\ude00", "tags": {"\udc00": "x"}}'
    )
    assert record["response"] == "\ufffd \U0001f600"
    assert record["tags"] == '{"\ufffd":"x"}'


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: json.dumps({**GOOD, "response": text}).encode()))
def test_any_line_is_either_a_storable_record_or_rejected(raw: bytes) -> None:
    try:
        record = check(raw)
    except Rejected:
        return
    json.dumps(record, default=str, ensure_ascii=False).encode("utf-8")


@given(st.binary(max_size=3000))
def test_an_excerpt_is_short_and_holds_no_control_character(raw: bytes) -> None:
    shown = excerpt(raw)
    assert len(shown) <= 200
    assert all(
        ord(letter) >= 32 and not 0x7F <= ord(letter) <= 0x9F and letter not in "\u202e\u2066" for letter in shown
    )


@pytest.mark.parametrize(
    ("fields", "reason", "kind"),
    [
        ({"finish_reason": "max_tokens"}, "length", None),
        ({"finish_reason": "compaction"}, "compaction", None),
        ({"error": "upstream timeout", "finish_reason": "error"}, "error", "timeout"),
        ({"error": "Error code: 429 - slow down"}, None, "rate_limit"),
        ({"error": "boom", "error_kind": "server"}, None, "server"),
        ({"error": "boom", "error_kind": "APIConnectionError"}, None, "connection"),
        ({"error": "boom"}, None, "other"),
    ],
)
def test_finish_reasons_and_errors_have_one_vocabulary(
    fields: dict[str, str], reason: str | None, kind: str | None
) -> None:
    record = check(GOOD | fields)
    assert (record["finish_reason"], record["error_kind"]) == (reason, kind)
