"""Short answers are judged by their form, talk that goes round a question as well."""

from __future__ import annotations

import pytest

from obs_lib.evaluators.direct import answers_by_form, goes_round, is_data


@pytest.mark.parametrize(
    ("prompt", "response"),
    [
        ("Do you sell bicycles?", "Yes, we do."),
        ("Thanks for the help so far. Is the pool open in winter?", "No."),
        ("Can I cancel tomorrow?", "You can't."),
        ("What is 17 times 3?", "51"),
        ("How far is it to the station?", "About 400 metres."),
        ("When did it open?", "In May 1999."),
        ("Who painted it?", "Frida Kahlo."),
        ("Which city is the capital of Peru?", "Lima"),
        ("Where does it start?", "At the Port of Hamburg"),
        ("Hi", "Hello! How can I help?"),
        ("thank you", "Glad I could help."),
        ("Write a function that doubles a number in Python", "```python\ndef twice(x):\n    return 2 * x\n```"),
    ],
)
def test_direct_answers(prompt: str, response: str) -> None:
    assert answers_by_form(prompt, response)
    assert not goes_round(prompt, response)


@pytest.mark.parametrize(
    ("prompt", "response"),
    [
        ("Who painted it?", "Bananas are rich in potassium."),
        ("How do I reset my router?", "No."),
        ("Is the pool open?", "Tigers hunt at night and sleep by day, mostly alone."),
        ("Hello", "The invoice is overdue."),
        ("What is the deadline?", "Great question!"),
        ("Explain the rules of chess.", "42"),
    ],
)
def test_no_direct_answers(prompt: str, response: str) -> None:
    assert not answers_by_form(prompt, response)


@pytest.mark.parametrize(
    ("prompt", "response", "round_it"),
    [
        (
            "What is the refund period?",
            "Great question! Many people wonder about that. Let me know if you need anything.",
            True,
        ),
        ("How do I bake bread?", "Thank you for asking. I appreciate your interest.", True),
        ("What is the refund period?", "Great question! It is 30 days.", False),
        ("What is the refund period?", "I understand. The refund period depends on the plan.", False),
        ("Hi!", "Happy to help.", False),
        ("", "Great question!", False),
    ],
)
def test_talk_that_goes_round(prompt: str, response: str, round_it: bool) -> None:
    assert goes_round(prompt, response) is round_it


def test_data_is_no_question() -> None:
    assert is_data('{"c": -3}')
    assert is_data("[1, 2]")
    assert not is_data('{"question": "How old?"}')
    assert not is_data("")
    assert not is_data("How old?")
