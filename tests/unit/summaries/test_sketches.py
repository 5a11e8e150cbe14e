from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.models.vectors import text_hash
from obs_lib.summaries import sketches
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.segments import Segments

Maker = Callable[..., pd.DataFrame]


def segments(frame: pd.DataFrame) -> Segments:
    return Segments(frame["tags"], ("route",), 20)


def tokens(frame: pd.DataFrame, vocabulary: int = 1000) -> dict[str, dict[str, int]]:
    found = sketches.tokens(Texts(frame["response"]), segments(frame), vocabulary)
    counted = {segment: (n, json.loads(zlib.decompress(payload))) for _, segment, _, n, payload in found}
    assert all(n == sum(counts.values()) for n, counts in counted.values())
    return {segment: counts for segment, (_, counts) in counted.items()}


def test_tokens_are_words_and_signs_in_lower_case_by_segment(interactions: Maker) -> None:
    a, b = {"tags": '{"route":"a"}'}, {"tags": '{"route":"b"}'}
    found = tokens(
        interactions(a | {"response": "Yes, yes!"}, b | {"response": "Straße"}, a | {"response": "Yes, yes!"}, {})
    )
    assert found == {
        "all": {"yes": 4, ",": 2, "!": 2, "straße": 1},
        "route=a": {"yes": 4, ",": 2, "!": 2},
        "route=b": {"straße": 1},
    }


def test_the_rarest_tokens_are_summed_up_and_long_ones_cut(interactions: Maker) -> None:
    frame = interactions({"response": "a a a b b d c " + "x" * 70 + " " + "x" * 80})
    assert tokens(frame, vocabulary=3)["all"] == {"a": 3, "b": 2, "x" * 64: 2, sketches.OTHER: 2}


@given(st.lists(st.text("ab !Ü漢", max_size=12), max_size=8))
def test_tokens_agree_with_counting_one_by_one(texts: list[str]) -> None:
    import re
    from collections import Counter

    expected = Counter(token for text in texts for token in re.findall(r"\w+|[^\w\s]", text.lower()))
    frame = pd.DataFrame(
        {"response": pd.Series(texts, dtype="str"), "tags": pd.Series([None] * len(texts), dtype="str")}
    )
    assert tokens(frame).get("all", {}) == expected


def vector(*parts: float) -> bytes:
    return np.array(parts, dtype="<f2").tobytes()


def answers(
    frame: pd.DataFrame, vectors: dict[str, bytes], most: int = 500
) -> dict[tuple[str, str], tuple[int, list[float]]]:
    keys = sketches.prompt_keys(frame)
    found = sketches.answers(Texts(frame["response"]), keys, vectors, segments(frame), most)
    return {(segment, key): (n, np.frombuffer(payload, "<f4").tolist()) for _, segment, key, n, payload in found}


def test_answers_are_sums_of_unit_vectors_by_prompt(interactions: Maker) -> None:
    frame = interactions(
        {"prompt_id": "p", "response": "x"},
        {"prompt_id": "p", "response": "y"},
        {"prompt_id": "p", "response": "x"},
        {"prompt_id": "p", "response": "not encoded"},
        {"prompt_id": "p"},
        {"prompt_id": "q", "response": "y"},
    )
    vectors = {text_hash("x"): vector(1, 0), text_hash("y"): vector(0, 2)}  # 2: rounding may take or give length
    assert answers(frame, vectors) == {("all", "p"): (3, [2.0, 1.0]), ("all", "q"): (1, [0.0, 1.0])}


def test_prompts_without_a_name_are_told_apart_by_prompt_and_contexts(interactions: Maker) -> None:
    frame = interactions(
        {"prompt": "a"}, {"prompt": "a", "contexts": "[]"}, {"prompt": "a"}, {"prompt_id": "a", "prompt": "a"}, {}
    )
    keys = [sketches.prompt_keys(frame).at(row) for row in range(5)]
    assert keys[0] == keys[2]
    assert len(set(keys)) == 4
    assert keys[3] == "a"
    assert all(str(key).startswith("#") for key in (keys[0], keys[1], keys[4]))


def test_named_prompts_are_kept_first_and_then_the_smallest_by_hash(interactions: Maker) -> None:
    names = [f"p{n}" for n in range(10)]
    rows = [{"prompt": f"free {n}", "response": "x"} for n in range(5)]
    frame = interactions(*rows, *({"prompt_id": name, "response": "x"} for name in names))
    vectors = {text_hash("x"): vector(1)}
    smallest = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())[:4]
    assert {key for _, key in answers(frame, vectors, most=4)} == set(smallest)
    assert sum(key.startswith("#") for _, key in answers(frame, vectors, most=12)) == 2


def test_versions_count_interactions(interactions: Maker) -> None:
    frame = interactions({"model_version": "m1"}, {"model_version": "m2"}, {"model_version": "m1"}, {})
    found = list(sketches.versions("versions", Texts(frame["model_version"]), segments(frame)))
    assert found == [("versions", "all", "m1", 2, b""), ("versions", "all", "m2", 1, b"")]


def examples(frame: pd.DataFrame, scores: pd.DataFrame, **options: int) -> dict[str, dict[str, object]]:
    found = sketches.examples(frame, Texts(frame["response"]), scores, segments(frame), SummaryOptions(**options))
    return {key: json.loads(payload) for _, _, key, _, payload in found}


def test_examples_are_the_worst_distinct_answers(interactions: Maker, scores: Maker) -> None:
    frame = interactions(*({"response": text, "prompt": "?"} for text in ("same", "same", "b", "c")))
    rows = [
        {"request_id": f"r{n:04d}", "evaluator": evaluator, "value": value, "evidence": '{"n":1}'}
        for evaluator in ("groundedness", "toxicity")
        for n, value in enumerate((0.2, 0.2, 0.9, 0.5))
    ]
    found = examples(frame, scores(*rows), examples=2)
    assert {key: shown["response"] for key, shown in found.items()} == {
        "groundedness:00": "same",
        "groundedness:01": "c",
        "toxicity:00": "b",
        "toxicity:01": "c",
    }
    assert found["groundedness:00"] == {
        "request_id": "r0000",
        "segment": "",
        "prompt": "?",
        "response": "same",
        "value": 0.2,
        "note": "",
        "evidence": {"n": 1},
    }


def test_format_examples_are_only_those_that_break_it(interactions: Maker, scores: Maker) -> None:
    frame = interactions({"response": "good"}, {"response": "bad"})
    rows = [{"request_id": f"r{n:04d}", "evaluator": "format", "value": value} for n, value in enumerate((1.0, 0.0))]
    assert [shown["response"] for shown in examples(frame, scores(*rows)).values()] == ["bad"]


def test_examples_cut_long_texts(interactions: Maker, scores: Maker) -> None:
    frame = interactions({"response": "x" * 1000, "tags": '{"route":"a"}'})
    row = {"request_id": "r0000", "evaluator": "relevance", "value": 0.1, "evidence": json.dumps(["y" * 1000])}
    shown = examples(frame, scores(row), excerpt_chars=50)["relevance:00"]
    assert shown["response"] == "x" * 49 + "…"
    assert len(str(shown["evidence"])) == 50
    assert shown["segment"] == "route=a"


def test_reasons_count_what_has_no_score(scores: Maker) -> None:
    row = {"request_id": "r", "evaluator": "format", "status": "SKIPPED", "note": "none asked for"}
    found = list(sketches.reasons(scores(row, row, {"request_id": "r", "evaluator": "format", "value": 1.0})))
    assert found == [("reasons", "all", "format|SKIPPED|none asked for", 2, b"")]


@pytest.mark.parametrize("kind", ["str", "object"])
def test_text_columns_know_missing_values(kind: str) -> None:
    texts = Texts(pd.Series(["b", None, "a", "b"], dtype=kind))
    assert [texts.at(row) for row in range(4)] == ["b", None, "a", "b"]
    assert texts.counts(np.array([0, 1, 3])).tolist() == [2, 0]


def test_repaired_interactions_are_counted_by_rule(interactions: Maker) -> None:
    both, one = {"repairs": '["a rule","b rule"]'}, {"repairs": '["b rule"]'}
    rows = interactions(both, {}, one, one)
    assert list(sketches.repairs(Texts(rows["repairs"]))) == [
        ("repairs", "all", "a rule", 1, b""),
        ("repairs", "all", "b rule", 3, b""),
    ]
    assert list(sketches.repairs(Texts(interactions({}, {})["repairs"]))) == []
