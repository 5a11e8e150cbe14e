from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.errors import ConfigError
from obs_lib.records import STAGES
from obs_lib.sources.stages import StageNames

NAMES = StageNames()


@pytest.mark.parametrize(
    ("kind", "stage"),
    [
        *((kind, "inference") for kind in ("chat", "text_completion", "generate_content")),  # OpenTelemetry
        *((kind, "retrieval") for kind in ("embeddings", "retrieval")),
        ("execute_tool", "tool"),
        *((kind, "retrieval") for kind in ("RETRIEVER", "EMBEDDING", "RERANKER")),  # OpenInference, Langfuse
        *((kind, "inference") for kind in ("LLM", "GENERATION")),
        ("GUARDRAIL", "safety_filter"),
        ("TOOL", "tool"),
        ("PROMPT", "prompt_builder"),
        *((kind, "other") for kind in ("CHAIN", "AGENT", "SPAN", "EVENT", "EVALUATOR", "invoke_agent", "UNKNOWN", "")),
        ("acompletion", "inference"),  # LiteLLM
        ("router", "router"),  # a stage by its own name
    ],
)
def test_kinds_of_every_convention(kind: str, stage: str) -> None:
    assert NAMES.stage_of("do it", kind) == stage


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("router", "router"),
        ("Safety Filter", "safety_filter"),
        ("output-processor", "output_processor"),
        ("ChatPromptTemplate", "prompt_builder"),
        ("VectorStoreRetriever", "retrieval"),
        ("StrOutputParser", "output_processor"),
        ("chat gpt-4o", "inference"),
        ("openai.chat.completions", "inference"),
        ("classify_intent", "router"),
        ("prompt_guardrail", "safety_filter"),
        ("call_tool", "tool"),
        ("RunnableSequence", "other"),
        ("GET /answer", "other"),
        ("", "other"),
    ],
)
def test_names_where_the_kind_does_not_say(name: str, stage: str) -> None:
    assert NAMES.stage_of(name) == NAMES.stage_of(name, "CHAIN") == stage


def test_what_is_configured_comes_first_in_its_order_and_in_any_case() -> None:
    names = StageNames({"Vector_Search*": "retrieval", "vector*": "tool", "gate[0-9]": "safety_filter"})
    assert names.stage_of("vector_search.v2", "LLM") == "retrieval"
    assert names.stage_of("VECTOR store") == "tool"
    assert names.stage_of("gate7") == "safety_filter"
    assert names.stage_of("gates") == "other"
    assert names.stage_of("my vector_search") == "retrieval"  # the whole name must fit; the default then finds it
    assert names.stage_of("chat", "chat") == "inference"


def test_a_stage_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"stages\.x\*: there is no such stage; must be one of router, .*'cache'"):
        StageNames({"x*": "cache"})


@given(st.text(), st.none() | st.text())
def test_every_name_has_a_stage(name: str, kind: str | None) -> None:
    assert NAMES.stage_of(name, kind) in STAGES


def test_long_names_cost_nothing() -> None:
    assert NAMES.stage_of("a" * 10_000_000 + " retrieval") == "other"
