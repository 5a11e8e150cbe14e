from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators import groundedness, refusal, relevance
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.rows import Case
from obs_lib.evaluators.toxicity import PIECE, pieces

CONTEXT = json.dumps(
    [{"text": "Berlin has 3.7 million people. It lies on the Spree."}, {"text": "Hamburg lies on the Elbe."}]
)


def grounded(response: str, cosines: list[list[float]]) -> dict[str, float]:
    found = groundedness.gather_evidence(Case(None, response, CONTEXT, None, None), response, EvaluatorOptions())
    return dict(zip(groundedness.FEATURES, groundedness.features(found, np.array(cosines)), strict=True))


def test_groundedness_takes_the_best_passage_of_each_sentence_and_the_worst_sentence() -> None:
    got = grounded("Berlin lies on the Spree. It has 5 million people.", [[0.2, 0.9, 0.1], [0.4, 0.3, 0.1]])
    assert got["cosine_mean"] == pytest.approx(0.65)
    assert got["cosine_least"] == pytest.approx(0.4)
    assert got["coverage_mean"] == 1.0
    assert got["numbers_missing"] == 1.0


def test_groundedness_misses_words_numbers_and_names_that_no_context_has() -> None:
    got = grounded("Berlin has 3.7 million people, says Albert Einstein.", [[0.9, 0.1, 0.1]])
    assert got["coverage_mean"] == pytest.approx(3 / 6)  # berlin, million, people of those and says, albert, einstein
    assert got["numbers_missing"] == 0.0
    assert got["names_missing"] == 1.0


def test_only_the_passages_nearest_in_words_are_looked_at() -> None:
    case = Case(None, "Hamburg lies on the Elbe.", CONTEXT, None, None)
    found = groundedness.gather_evidence(case, case.response or "", EvaluatorOptions(max_passages=1))
    assert found.passages == ["Hamburg lies on the Elbe."]


@pytest.mark.parametrize(
    "text", ["I’m sorry, but I can’t assist with that.", "I'm sorry, but I can't assist with that."]
)
def test_refusal_reads_straight_and_curly_apostrophes_alike(text: str) -> None:
    hits = dict(zip(refusal.PHRASE_FEATURES, refusal.phrase_features(text), strict=True))
    assert hits["apology"] == hits["cannot"] == hits["cannot_help"] == hits["cannot_at_start"] == 1.0
    assert hits["machine"] == hits["listing"] == 0.0


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("I can't help with that.", 0.9, "full"),
        ("I can't do that. Instead, here are some ideas:\n1. Read.\n2. Ask.", 0.9, "partial"),
        ("I can't do that. However, you can ask a lawyer.", 0.9, "partial"),
        ("Whatever it says", 0.5, "none"),
    ],
)
def test_a_refusal_is_full_or_partial(text: str, value: float, kind: str) -> None:
    assert refusal.kind(text, value) == kind


def test_relevance_counts_shared_words_both_ways() -> None:
    got = dict(
        zip(relevance.FEATURES, relevance.features("tall Eiffel Tower 1889", "Eiffel built 1889", 0.5), strict=True)
    )
    assert got["answer_in_prompt"] == pytest.approx(1 / 2)
    assert got["prompt_in_answer"] == pytest.approx(1 / 3)
    assert got["numbers_shared"] == got["short"] == 1.0
    assert got["cosine_if_short"] == 0.5


@given(st.text(max_size=4000), st.integers(100, 5000))
def test_pieces_cover_what_is_read_in_order(text: str, limit: int) -> None:
    found = pieces(text, limit)
    read = text if len(text) <= PIECE else text[:limit]
    assert "".join(piece.text for piece in found) == read
    assert all(text[piece.start : piece.end] == piece.text for piece in found)


def test_a_long_answer_is_cut_between_sentences() -> None:
    text = "This sentence has forty characters here. " * 60
    found = pieces(text, 20_000)
    assert len(found) == 3
    assert all(len(piece.text) <= PIECE + 1 and piece.text.strip().endswith(".") for piece in found)
