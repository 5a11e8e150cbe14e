"""Last turns that say that the answer did not help, and those that only sound unhappy."""

from __future__ import annotations

import time

import pytest

from obs_lib.summaries.last_words import complains

COMPLAINS = [
    "No, that's not what I asked.",
    "That is wrong.",
    "this is still wrong",
    "your answer is incorrect, the deadline was in May",
    "That isn't right, please check again",
    "It still doesn't work.",
    "still not working :(",
    "you didn't answer my question",
    "You are not listening to me",
    "You keep repeating yourself",
    "I already told you my order number",
    "i just said that",
    "Can I talk to a human please",
    "let me speak to a real person",
    "transfer me to an agent",
    "forget it",
    "Never mind, I'll call support.",
    "useless bot",
    "this is useless",
    "What a waste of time",
    "I give up",
    "That didn't help",
    "That does not answer the question",
    "Wrong again!",
    "you made that up",
    "The link doesn't work",
    "same error as before",
    "We're going around in circles",
    "you misunderstood me, I meant the other account",
    "That's nonsense",
    "are you kidding me?",
    "wrong",
    "no no no",
    "You don't understand what I need",
    "still getting the same result",
    "that was not helpful at all",
    "this is not what i was looking for",
    "You're making things up",
    "it isn’t working",
    "You ignored half of what I wrote",
    "hmm this doesn't fix the crash",
    "your code is broken",
]
ASKS = [
    "Thanks, that works!",
    "Perfect, thank you.",
    "ok that worked",
    "And how do I do it in Python?",
    "Please fix this awful, useless bug in my code",
    "Why is this terrible function so slow?",
    "Write an angry letter to my landlord",
    "What is wrong with my code?",
    "Which of these statements is wrong?",
    "How do I tell my boss that he is wrong?",
    "Is it not possible to cancel after two weeks?",
    "My printer does not print, what can I do?",
    "The app crashes on start. How can I fix it?",
    "I hate Mondays. Tell me a joke.",
    "Translate: 'this is a waste of time and I want my money back'",
    "Who wrote 'The Wrong Man'?",
    "What happens if the payment fails?",
    "Explain why the earth is not flat",
    "Can you also add a column for the total?",
    "What are the symptoms of depression?",
    "I am not sure which size I need",
    "Are you able to speak French?",
    "How do I talk to my kids about money?",
    "Which plan is right for me?",
    "Great. Now shorten it to 100 words.",
    "Never mind, I found it. Thanks!",
    "ah, it works now",
    "Could you check whether the order has been shipped?",
    "Don't use bullet points",
    "Not too long please",
    "What does 'no good deed goes unpunished' mean?",
    "Is the sky blue? Answer yes or no.",
    "Make it friendlier",
    "Try another rhyme for 'house'",
    "And in winter?",
    "I want to complain about a delivery. Whom do I write to?",
    "Summarise the following review: The hotel was horrible and the staff rude.",
    "How does a refund work?",
    "What else can I try?",
    "Yes please",
    "Does this also work with version 2?",
    "Show me the same for last year",
    "Correct the mistakes: he go to school",
    "Give me three more examples",
]
TAKEN = {"Translate: 'this is a waste of time and I want my money back'"}
"""What the cues get wrong of these, so that docs/metrics.md stays true."""


@pytest.mark.parametrize("text", COMPLAINS)
def test_who_says_that_it_did_not_help_complains(text: str) -> None:
    assert complains(text)


@pytest.mark.parametrize("text", ASKS)
def test_who_only_asks_or_thanks_does_not(text: str) -> None:
    assert complains(text) == (text in TAKEN)


def test_what_is_quoted_or_pasted_is_nobodys_complaint() -> None:
    assert not complains("Shorten this:\n> That is wrong.\n> You are not listening.")
    assert not complains("What does this say?\n```\nthis is still wrong\n```")
    assert not complains("It is wrong. " + "The rest of a long text that somebody pasted here. " * 20)


@pytest.mark.parametrize(
    "text", ["it is still " * 20_000, "you " * 50_000, "n't " * 50_000, '"' * 50_000, "```" * 50_000]
)
def test_a_hostile_text_costs_little(text: str) -> None:
    began = time.process_time()
    complains(text)
    assert time.process_time() - began < 0.5
