from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.abstention import Abstention
from obs_lib.evaluators.claims import Sense, sense_of
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import gather

SENTENCES = {
    Sense.SILENT: (
        "The context does not say anything about refunds.",
        "I don't know.",
        "The provided documents do not mention the price.",
        "There is no information about this in the context.",
        "I'm not sure.",
        "I could not find an answer in the documents.",
        "This cannot be determined from the given passages.",
        "Based on the provided context, I don't have enough information to answer.",
        "The price is not mentioned in the documents.",
        "Unfortunately, the passages do not provide information on this topic.",
        "I'm sorry, but the provided context does not contain information about that.",
        "Not mentioned.",
        "The given text doesn't specify who invented it.",
        "Unable to answer based on given passages.",
        "I do not have that information.",
        "The context is silent on refunds.",
        "It is not stated in the text.",
    ),
    Sense.SOCIAL: (
        "Thank you!",
        "Thanks for your question!",
        "You're welcome.",
        "Let me know if you need anything else.",
        "I hope this helps!",
        "Sure!",
        "Here is the answer:",
        "Hello there!",
        "Feel free to ask.",
        "Sure, here is a summary of the article:",
        "If you have further questions, feel free to ask.",
        "Have a great day!",
        "I'd be happy to help with that.",
        "Happy to help!",
    ),
    Sense.ASKS: (
        "Could you tell me which product you mean?",
        "Is there anything else I can help with?",
    ),
    Sense.BARE: (
        "Yes.",
        "No",
        "Yes [1].",
    ),
    Sense.CLAIM: (
        "Thanks to the new law, taxes fell by 5%.",
        "The policy does not cover flood damage.",
        "The data does not include 2020.",
        "Sure-footed goats climb well.",
        "Hello Kitty was created in 1974.",
        "The manual was not found in 1999.",
        "I know that it opens at nine.",
        "Customers cannot find the button in the app.",
        "Yes, refunds are possible.",
        "No refunds.",
        "The drug cannot be found in pharmacies.",
        "Welcome bonuses are paid in May.",
        "If you need a refund, send the form.",
        "Please contact support at 5 pm.",
        "The company does not disclose its sales.",
        "The results show a rise.",
    ),
}
CONTEXTS = json.dumps([{"text": "Shipping takes 3 days."}])


def verdict(response: str, contexts: str | None = CONTEXTS) -> pd.Series:
    row = {"prompt": "?", "response": response, "contexts": contexts, "expected_format": None, "error": None}
    batch, evaluator = pd.DataFrame([row], dtype=object), Abstention(EvaluatorOptions())
    return evaluator.score(batch, gather(evaluator.texts(batch), {}, HashingEncoder())).iloc[0]


@pytest.mark.parametrize(("sense", "text"), [(sense, text) for sense, texts in SENTENCES.items() for text in texts])
def test_what_a_sentence_does(sense: Sense, text: str) -> None:
    assert sense_of(text) is sense


@given(st.text(max_size=500))
def test_any_text_has_a_sense(text: str) -> None:
    assert sense_of(text) in Sense


def test_a_long_run_of_the_patterns_beginnings_costs_no_time() -> None:
    assert sense_of("the provided given of in " * 2000) is Sense.CLAIM
    assert sense_of("there is no " * 2000) is Sense.CLAIM


def test_an_answer_abstains_where_most_of_it_says_so() -> None:
    assert verdict("I don't know. Shipping takes 3 days. The documents do not say more.")["value"] == pytest.approx(
        2 / 3
    )
    assert verdict("Thank you! The context does not mention refunds.")["value"] == 1.0
    assert verdict("Shipping takes 3 days.")["value"] == 0.0


def test_the_evidence_says_where_it_abstains() -> None:
    answer = "Sure! The context does not mention refunds."
    (shown,) = json.loads(verdict(answer)["evidence"])["abstains"]
    assert answer[shown["start"] : shown["end"]] == shown["sentence"] == "The context does not mention refunds."


def test_without_contexts_there_is_nothing_to_be_silent_about() -> None:
    skipped = verdict("I don't know.", None)
    assert (skipped["status"], skipped["note"]) == ("SKIPPED", "no contexts")
