"""How far the real encoder tells a question in other words from the next question; docs/metrics.md cites these counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from obs_lib.models.encoder import load_encoder
from obs_lib.models.options import ModelOptions
from obs_lib.models.vectors import gather
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.questions import rephrased
from tests.encoder import FEW_TEXTS

OTHER_WORDS = [
    ("How do I reset my password?", "I forgot my password, how can I reset it?"),
    ("What is the refund policy?", "Can you tell me about your refund policy?"),
    ("Cancel my subscription", "I want to cancel my subscription, how do I do that?"),
    ("What time does the store open on Sunday?", "When does the shop open on Sundays?"),
    ("Write a python function to sort a list", "Can you write Python code that sorts a list?"),
    ("Why is my invoice higher this month?", "My bill went up this month, why?"),
    ("How many vacation days do I have left?", "What is my remaining holiday balance?"),
    ("Summarize this article about climate change", "Give me a summary of this climate change article"),
    ("Translate good morning to French", "How do you say good morning in French?"),
    ("Where is my order 1234?", "Can you track order 1234 for me? Where is it?"),
    ("no, I asked how to export the report as PDF", "How do I export the report as PDF?"),
    ("Which plan includes SSO?", "Is SSO part of any plan?"),
]
NEXT = [
    ("How do I reset my password?", "And how do I change my e-mail address?"),
    ("What is the refund policy?", "How long does shipping take?"),
    ("Cancel my subscription", "Will I get my money back after cancelling?"),
    ("What time does the store open on Sunday?", "What time does the store open on Monday?"),
    ("Write a python function to sort a list", "Now add type hints and a docstring"),
    ("Why is my invoice higher this month?", "Can I see last month's invoice?"),
    ("How many vacation days do I have left?", "How do I request vacation days?"),
    ("Summarize this article about climate change", "What does the article say about sea levels?"),
    ("Translate good morning to French", "Translate good night to French"),
    ("Where is my order 1234?", "Where is my order 5678?"),
    ("How do I export the report as PDF?", "How do I export the report as CSV?"),
    ("Which plan includes SSO?", "Which plan includes audit logs?"),
    ("thanks", "ok"),
    ("What is the capital of France?", "What is the capital of Spain?"),
]


@pytest.mark.slow
def test_most_rephrased_questions_are_found_and_few_others() -> None:
    pairs = OTHER_WORDS + NEXT
    encoder = load_encoder(ModelOptions(**FEW_TEXTS))
    vectors = gather(sorted({text for pair in pairs for text in pair}), {}, encoder).known
    turns = Texts(pd.Series([text for pair in pairs for text in pair]))
    found = rephrased(turns, np.repeat(np.arange(len(pairs)), 2), vectors, SummaryOptions().rephrased_cosine)[1::2]
    assert (found[: len(OTHER_WORDS)] == 1).sum() == 8
    assert (found[len(OTHER_WORDS) :] == 1).sum() == 2  # Sunday and Monday, morning and night
