"""One vocabulary of finish reasons, held against what LiteLLM knows of its providers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.sources.finish import FINISH_REASONS, finish_reason


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("stop", "stop"),
        ("STOP", "stop"),
        ("FinishReason.MAX_TOKENS", "length"),
        (["length", "stop"], "length"),
        ("tool-calls", "tool_call"),
        ("function_call", "tool_call"),
        ("SAFETY", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "error"),
        (" brand new ", "brand_new"),
        ("", None),
        (" ", None),
        ([], None),
        (None, None),
        (7, None),
        ([None], None),
    ],
)
def test_words_of_providers(raw: object, expected: str | None) -> None:
    assert finish_reason(raw) == expected


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ("openai", {"stop", "length", "tool_calls", "content_filter", "function_call"}),
        ("anthropic", {"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal"}),
        (
            "bedrock",
            {"end_turn", "tool_use", "max_tokens", "stop_sequence", "guardrail_intervened", "content_filtered"},
        ),
        (
            "gemini",
            {"STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"},
        ),
        ("cohere", {"COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS", "TOOL_CALL", "ERROR"}),
    ],
)
def test_no_word_of_a_provider_is_unknown(provider: str, words: set[str]) -> None:
    assert {word: finish_reason(word) for word in words if finish_reason(word) not in FINISH_REASONS} == {}


@given(
    st.one_of(
        st.text(max_size=200), st.lists(st.text(max_size=9)), st.integers(), st.dictionaries(st.text(), st.none())
    )
)
def test_anything_gives_a_short_word_or_none_and_words_stay(raw: object) -> None:
    word = finish_reason(raw)
    assert word is None or 0 < len(word) <= 64
    assert word not in FINISH_REASONS or finish_reason(word) == word
