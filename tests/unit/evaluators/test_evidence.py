from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.evidence import CHARACTERS, Evidence

OFFICE = "The office is in Bergen. It opens at nine. Parking costs 40 kroner a day. Dogs are welcome."
FLEET = "Our fleet has 12 ferries. The oldest ferry was built in 1968."


def test_the_sentences_that_share_most_with_a_claim_come_in_the_order_of_the_contexts() -> None:
    evidence = Evidence([OFFICE, FLEET])
    assert evidence.beside("The oldest ferry is from 1968.", 60) == "The oldest ferry was built in 1968."
    assert evidence.beside("Parking costs 40 kroner and dogs are welcome", 70) == (
        "It opens at nine. Parking costs 40 kroner a day. Dogs are welcome."
    )


def test_a_number_alone_finds_its_sentence() -> None:
    assert Evidence([OFFICE, FLEET]).beside("There are 12.", 30) == "Our fleet has 12 ferries."


def test_the_sentence_before_the_best_one_says_who_it_is() -> None:
    assert Evidence([OFFICE]).beside("It opens at nine", 45) == "The office is in Bergen. It opens at nine."


def test_what_shares_nothing_is_read_beside_what_comes_first() -> None:
    assert (
        Evidence([OFFICE, FLEET]).beside("Quantum chromodynamics", 45) == "The office is in Bergen. It opens at nine."
    )
    assert Evidence([]).beside("Anything") == ""


_WORDS = ("office", "ferry", "nine", "Bergen", "40", "1968", "dogs", "the", "a", "is", "costs")
words = st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join)
texts = st.lists(words, max_size=8).map(". ".join)


@given(st.lists(texts, max_size=4), words)
def test_evidence_is_never_longer_than_asked_and_is_made_of_the_contexts(contexts: list[str], claim: str) -> None:
    found = Evidence(contexts).beside(claim)
    assert len(found) <= CHARACTERS
    assert set(found.replace(".", " ").split()) <= {
        word for text in contexts for word in text.replace(".", " ").split()
    }
