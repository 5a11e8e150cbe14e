"""Answers against references: SQuAD's measures as its own script gives them, and what is added to them."""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from obs_lib.evaluators import reference_match
from obs_lib.evaluators.accuracy import MOST, Accuracy
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.evaluators.reference_match import Match, normalise, read
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import gather

COLUMNS = ("prompt", "response", "contexts", "expected_format", "error", "reference")
SAID = ("the", "a", "cat", "sat", "on", "mat,", "Paris!", "it's", "4", "1,000", "no")
WORDS = st.lists(st.sampled_from(SAID), max_size=8).map(" ".join)
TEXTS = st.text(max_size=40) | WORDS


def match(answer: str, reference: str) -> Match:
    return reference_match.match(read(answer), read(reference))


def token_f1(one: str, other: str) -> float:
    return reference_match.token_f1(read(one), read(other))


def outcome(response: str | None, reference: Any, error: str | None = None) -> dict[str, Any]:
    raw = None if reference is None else json.dumps(reference)
    batch = pd.DataFrame([("p", response, None, None, error, raw)], columns=list(COLUMNS), dtype=object)
    row = Accuracy(EvaluatorOptions()).score(batch, gather([], {}, HashingEncoder())).iloc[0].to_dict()
    return {**row, "evidence": json.loads(row["evidence"]) if row["evidence"] else None}


# -- SQuAD ---------------------------------------------------------------------------------------------------------------


def squad_normal(text: str) -> str:
    """normalize_answer as evaluate-v1.1.py defines it: lower, no punctuation, no articles, single spaces."""
    kept = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())


def squad_f1(prediction: str, truth: str) -> float:
    """f1_score of evaluate-v1.1.py."""
    a, b = squad_normal(prediction).split(), squad_normal(truth).split()
    same = sum((Counter(a) & Counter(b)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(a), same / len(b)
    return 2 * precision * recall / (precision + recall)


PLAIN = st.text(st.sampled_from(string.ascii_letters + string.punctuation + " \n"), max_size=60) | WORDS.map(
    lambda text: re.sub(r"[0-9,]", "", text)
)


@given(PLAIN, PLAIN)
def test_without_digits_it_is_squads_own(one: str, other: str) -> None:
    assume(squad_normal(one) and squad_normal(other))
    assert normalise(one) == squad_normal(one)
    assert token_f1(one, other) == pytest.approx(squad_f1(one, other))
    assert match(one, other).exact == (squad_normal(one) == squad_normal(other))


@pytest.mark.parametrize(
    ("answer", "reference", "exact", "f1"),
    [
        ("The Denver Broncos!", "Denver Broncos", True, 1.0),
        ("Carolina Panthers", "Denver Broncos", False, 0.0),
        ("the Broncos of Denver", "Denver Broncos", False, 0.8),
        ("gold gold gold", "gold", False, 0.5),  # a token counts as often as both have it
        ("golden anniversary", 'the "golden anniversary"', True, 1.0),
    ],
)
def test_reference_values(answer: str, reference: str, exact: bool, f1: float) -> None:
    found = match(answer, reference)
    assert (found.exact, found.f1) == (exact, pytest.approx(f1))
    assert found.f1 == pytest.approx(squad_f1(answer, reference))


# -- properties ----------------------------------------------------------------------------------------------------------


@given(TEXTS)
def test_a_text_agrees_with_itself(text: str) -> None:
    assert match(text, text).exact
    assert match(text, text).value == token_f1(text, text) == 1


@given(TEXTS, TEXTS)
def test_f1_is_symmetric_and_within_bounds(one: str, other: str) -> None:
    assert token_f1(one, other) == token_f1(other, one)
    assert 0 <= token_f1(one, other) <= match(one, other).value <= 1


@given(TEXTS)
def test_only_a_blank_text_has_nothing_to_compare(text: str) -> None:
    assert bool(normalise(text)) == bool(text.strip())


@given(st.lists(TEXTS.filter(str.strip), min_size=1, max_size=5), TEXTS.filter(str.strip), st.randoms())
def test_the_order_of_references_is_irrelevant_and_more_of_them_never_lower_it(
    references: list[str], answer: str, rng: Any
) -> None:
    one = outcome(answer, references)
    shuffled = list(references)
    rng.shuffle(shuffled)
    assert outcome(answer, shuffled) == one
    assert outcome(answer, [*references, answer])["value"] == 1.0 >= one["value"]
    assert one["value"] == pytest.approx(max(match(answer, each).value for each in references), abs=1e-6)


# -- what is added -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("1,000", "1000"),
        ("1,000.50", "1000.5"),
        ("$5.00", "5"),
        ("007", "7"),
        (".5", "0.50"),
        ("\u22125\u00b0C", "-5.0\u00b0C"),
        ("-0.0", "0"),
        ("\uff11\uff12", "12"),  # full-width digits
        ("12.50 km", "12.5 km."),
        ("\u201cDon\u2019t\u201d", "don't"),
    ],
)
def test_numbers_are_equal_by_value_and_quotation_marks_by_what_they_are(answer: str, reference: str) -> None:
    assert match(answer, reference).exact


@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("3.14", "314"),
        ("-5", "5"),
        ("1.5", "15"),
        ("0.5", "5"),
        ("2023-01-11", "2023-11-01"),
        ("3.5mm", "35mm"),
        ("It costs 1,500 dollars.", "500"),
        ("It costs 12.5 dollars.", "12"),
        ("It costs 12.5 dollars.", "5"),
    ],
)
def test_other_numbers_are_other_answers(answer: str, reference: str) -> None:
    assert match(answer, reference).value == 0


@pytest.mark.parametrize(
    ("answer", "reference", "included"),
    [
        ("The capital of France is Paris, as everybody knows.", "paris", True),
        ("The capital of France is Paris, as everybody knows.", "Par", False),
        ("There are about 1,000.0 of them.", "1000", True),
        ("I would go to New  York.", "new york", True),
        ("York is new to me.", "New York", False),
        ("Yes, it does.", "yes", True),
        ("There is no doubt about it: yes.", "No", False),
        ("Nobody can say yes to that.", "yes", False),
        ("The answer is B.", "B", True),
        ("(A) Paris", "A", True),
        ("A dog barks.", "A", False),
        ("It is either B or C.", "B", False),
        ("I think it is A", "A", True),
        ("I'd say (C).", "C", True),
        ("\u6cd5\u56fd\u7684\u9996\u90fd\u662f\u5df4\u9ece\u3002", "\u5df4\u9ece", True),
        ("anything", "?", False),
    ],
)
def test_inclusion(answer: str, reference: str, included: bool) -> None:
    found = match(answer, reference)
    assert found.included == included
    assert (found.value == 1) == included


# -- the evaluator -------------------------------------------------------------------------------------------------------


def test_the_best_reference_counts_and_the_evidence_says_why() -> None:
    one = outcome("The president was Barack H. Obama.", ["George Bush", "Obama, the president"])
    assert one["status"] == "SCORED"
    assert one["value"] == pytest.approx(2 * 2 / (5 + 2), abs=1e-6)
    assert one["evidence"] == {
        "exact_match": False, "f1": 0.5714, "inclusion_match": False, "reference": "Obama, the president", "references": 2,
    }  # fmt: skip
    assert outcome("Obama", ["Barack Obama", "obama"])["evidence"]["reference"] == "obama"
    long = outcome("no", ["x" * 300])["evidence"]["reference"]
    assert len(long) == 200
    assert long.endswith("…")


@pytest.mark.parametrize(
    ("response", "reference", "error", "note"),
    [
        ("Paris", None, None, "no reference"),
        ("Paris", [], None, "no reference"),
        ("Paris", [" "], None, "no reference"),
        ("Paris", ['{"name": "city", "arguments": {}}'], None, "the reference names a call"),
        (" ", ["Paris"], None, "there is no answer"),
        ("Paris", ["Paris"], "timed out", "the request failed"),
        ("Paris", ["Paris"] * (MOST + 1), None, f"more than {MOST} references"),
    ],
)
def test_what_cannot_be_compared_is_skipped(response: str, reference: Any, error: str | None, note: str) -> None:
    one = outcome(response, reference, error)
    assert (one["status"], one["note"], one["evidence"]) == ("SKIPPED", note, None)


@pytest.mark.parametrize("reference", ["Paris", {"text": "Paris"}, [1], [None]])
def test_a_reference_that_the_table_does_not_promise_fails_its_row(reference: Any) -> None:
    assert outcome("Paris", reference)["status"] == "FAILED"
