from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.errors import NoHead
from obs_lib.evaluators import groundedness, refusal, relevance, support
from obs_lib.evaluators.heads import load_head
from obs_lib.evaluators.material import Material, gather_material
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.support_features import FEATURES, features
from obs_lib.models.pieces import PIECE, pieces
from obs_lib.models.testing import HashingEncoder

CONTEXT = json.dumps(
    [{"text": "Berlin has 3.7 million people. It lies on the Spree."}, {"text": "Hamburg lies on the Elbe."}]
)


def material(response: str, contexts: str = CONTEXT, options: EvaluatorOptions | None = None) -> Material:
    return gather_material(response, contexts, options or EvaluatorOptions())


def grounded(response: str, contexts: str = CONTEXT) -> dict[str, float]:
    found = material(response, contexts)
    texts = [found.response, *found.passages]
    encoder = HashingEncoder()
    read = support.Read(
        dict(zip(texts, encoder.tokens(texts), strict=True)),
        dict(zip(found.pairs, encoder.pairs(found.pairs).tolist(), strict=True)),
    )
    return dict(zip(FEATURES, features(support.weigh(found, read)), strict=True))


def test_a_sentence_taken_over_is_aligned_wholly_and_a_strange_one_is_not() -> None:
    same = grounded("It lies on the Spree.")
    assert (same["token_mean"], same["pair_mean"]) == pytest.approx((1.0, 1.0), abs=1e-3)
    assert same["words_mean"] == same["fragments_mean"] == same["bigrams_mean"] == 1.0
    strange = grounded("Cheese wants onions.")
    assert strange["token_mean"] < 0.3
    assert strange["words_mean"] == strange["bigrams_mean"] == 0.0


def test_the_least_is_that_of_the_worst_sentence() -> None:
    both = grounded("It lies on the Spree. Cheese wants onions.")
    assert both["token_least"] == pytest.approx(grounded("Cheese wants onions.")["token_mean"], abs=1e-6)
    assert both["token_least"] < both["token_mean"] < grounded("It lies on the Spree.")["token_mean"]


def test_numbers_names_and_negation_are_checked() -> None:
    got = grounded("Berlin has 5 million people, says Albert Einstein.")
    assert (got["numbers"], got["names"], got["negation"]) == (1.0, 1.0, 0.0)
    assert grounded("It never lies on the Spree.")["negation"] > 0.5
    assert grounded("Berlin has 3.7 million people.")["numbers"] == 0.0
    assert grounded("Berlin has 3.7 billion people.")["units"] == 1.0


def test_a_date_or_an_amount_in_another_notation_is_no_word_that_the_contexts_lack() -> None:
    contexts = json.dumps([{"text": "Founded: 2019-03-05. The bridge is 1,500 metres long."}])
    assert grounded("It was founded on March 5, 2019.", contexts)["words_mean"] == 1.0
    assert grounded("The bridge is 1.5 kilometres long.", contexts)["words_mean"] == 1.0
    assert grounded("It was founded on March 6, 2019.", contexts)["words_mean"] < 1.0
    assert grounded("The bridge is 2.5 kilometres long.", contexts)["words_mean"] < 1.0


def test_what_is_missing_adds_up_over_sentences_and_the_least_entailed_one_decides() -> None:
    one, both = grounded("Cheese wants onions."), grounded("Cheese wants onions. Wine wants olives.")
    assert 0.0 < one["missing_words"] < both["missing_words"] < 1.0
    mixed = grounded("It lies on the Spree. Cheese wants onions.")
    assert mixed["entailed_least"] == one["entailed_least"] < 0.05 < mixed["entailed_mean"]
    assert mixed["entailed_all"] < 0.0 < grounded("It lies on the Spree.")["entailed_all"]


def test_a_head_of_an_earlier_release_weighs_what_it_was_trained_on() -> None:
    head = load_head("groundedness")
    earlier = replace(head, features=FEATURES[:19], weights=head.weights[:19])
    assert groundedness.columns(earlier) == list(range(19))
    assert not groundedness.reads_pairs(earlier)
    with pytest.raises(NoHead, match="weighs what is not measured"):
        groundedness.columns(replace(head, features=("luck",)))


@given(st.permutations(["Berlin has 3.7 million people.", "It lies on the Spree.", "Hamburg lies on the Elbe. " * 60]))
def test_the_order_of_the_contexts_changes_nothing(texts: list[str]) -> None:
    response = "Berlin lies on the Spree. Hamburg has a harbour."
    found = grounded(response, json.dumps([{"text": text} for text in texts]))
    assert found == grounded(response, json.dumps([{"text": text} for text in sorted(texts)]))


def test_what_claims_nothing_is_left_out() -> None:
    found = material("Thank you! Hamburg lies on the Elbe. The documents do not say more. Anything else?")
    assert [span.text for span in found.answer] == ["Hamburg lies on the Elbe."]
    assert material("I don't know. Yes.").answer == ()


def test_contexts_are_structured_where_most_lines_are_data() -> None:
    prose = [{"text": "Berlin has 3.7 million people. It lies on the Spree."}]
    record = [{"text": '{"name": "Spree bar", "WiFi": true, "Music": null}'}]
    flags = [{"text": "The bar lies on the Spree.\nIt opens at noon.\nWiFi: yes"}]
    found = [
        material("It has WiFi.", json.dumps(each)).structured for each in (prose, record, flags, [*prose, *record])
    ]
    assert found == [False, True, False, True]


def test_marks_of_citation_are_no_words() -> None:
    with_marks, without = grounded("It lies on the Spree [1][2]."), grounded("It lies on the Spree.")
    assert with_marks["token_mean"] == pytest.approx(without["token_mean"], abs=1e-3)
    assert with_marks["words_mean"] == with_marks["fragments_mean"] == with_marks["bigrams_mean"] == 1.0


def test_what_the_contexts_contradict_is_named() -> None:
    (only,) = groundedness.contradicted(material("Berlin has 3.7 billion people."))
    assert (only.kind, only.said, only.known) == ("quantity", "3.7 billion", "3.7 million")
    assert groundedness.contradicted(material("Berlin has 3,700,000 people.")) == []


def test_only_the_passages_nearest_in_words_are_looked_at() -> None:
    found = material("Hamburg lies on the Elbe.", options=EvaluatorOptions(max_passages=1))
    assert found.passages == ("Hamburg lies on the Elbe.",)


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
