"""Text from logs: nothing unseen, no keys, no more than asked for."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from obs_lib.reporting.safe import excerpt, line, visible

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT)
def test_nothing_unseen_is_left(text: str) -> None:
    for character in visible(text):
        assert character in "\n\t\u200c\u200d" or unicodedata.category(character) not in ("Cc", "Cs"), ascii(character)
        assert unicodedata.bidirectional(character) not in (
            "RLO",
            "LRO",
            "RLE",
            "LRE",
            "PDF",
            "RLI",
            "LRI",
            "FSI",
            "PDI",
        )
    visible(text).encode()


@given(ANY_TEXT)
def test_showing_twice_changes_nothing(text: str) -> None:
    assert visible(visible(text)) == visible(text)


def test_plain_and_foreign_text_stays_as_it_is() -> None:
    text = "Grüße, 日本語, עברית, हिन्दी, \U0001f469\u200d\U0001f680\n\ttab"
    assert visible(text) == text


def test_piles_of_marks_are_cut_to_four() -> None:
    assert visible("a" + "\u0301" * 50) == "a" + "\u0301" * 4


def test_keys_are_masked() -> None:
    assert line("before sk-" + "proj-abcdefghijklmnop1234 after") == "before [secret] after"


def test_a_key_across_the_cut_leaves_no_half() -> None:
    text = "x" * 95 + " sk-" + "abcdefghijklmnopqrstuvwxyz"
    assert "abcdef" not in excerpt(text, 110)


@given(ANY_TEXT, st.integers(80, 400))
def test_excerpts_keep_their_limit(text: str, limit: int) -> None:
    assert len(excerpt(text, limit)) <= limit + 32
    assert len(line(text, limit)) <= limit
    assert "\n" not in line(text, limit)


def test_excerpt_says_how_much_is_left_out() -> None:
    assert excerpt("a" * 5000, 100) == "a" * 100 + " … (+4,900 characters)"
    assert excerpt(None, 100) == ""
