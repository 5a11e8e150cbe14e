from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.evaluators.identity import PEOPLE, YOU, classed
from obs_lib.evaluators.lexicon import lexicon_logit
from obs_lib.evaluators.ngrams import BITS, Ngrams, features, pack, tokens, unpack


@given(st.text(max_size=300))
def test_places_are_distinct_sorted_and_in_range(text: str) -> None:
    places, values = features(tokens(text), text)
    assert (np.diff(places) > 0).all()
    assert len(places) == len(values)
    assert ((places >= 0) & (places < 2**BITS)).all()
    assert np.isfinite(values).all()
    assert np.sum(values**2) <= 4.0 + 1e-9  # two kinds of length 1 at most, which may share places


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("F*ck  YOU", ["f*ck", "you"]),
        ("b1tch", ["bitch"]),
        ("in 1945", ["in", "1945"]),
        ("loooooser", ["looser"]),
        ("ｗｉｄｅ “quoted”", ["wide", '"', "quoted", '"']),
    ],
)
def test_spelling_is_undone_and_numbers_stay(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_the_order_of_words_counts() -> None:
    ab, ba = (set(features(tokens(text), "")[0]) for text in ("not all bad", "bad all not"))
    assert ab != ba
    assert ab & ba


REFERENCE = [32944, 40526, 56795, 92059, 110089, 111443]


def test_reference_places() -> None:
    """The hash must be the same on every machine: weights in files stand by it."""
    places, values = features(["good", "day"], "hi")
    assert list(places) == REFERENCE
    assert float(np.sum(values**2)) == pytest.approx(2.0)


def test_packed_weights_come_back_to_a_byte() -> None:
    weights = np.random.default_rng(3).normal(size=2**BITS)
    got = unpack(pack(weights, -0.25))
    assert got.bias == -0.25
    assert np.abs(got.weights - weights).max() <= np.abs(weights).max() / 127 / 2 * 1.001


def test_weights_of_another_size_are_refused() -> None:
    packed = pack(np.ones(2**BITS), 0.0)
    with pytest.raises(ValueError, match="n-gram weights"):
        unpack(packed | {"bits": BITS + 1})
    with pytest.raises(ValueError, match="n-gram weights"):
        unpack(pack(np.ones(2**BITS + 8), 0.0))


def test_the_log_odds_of_no_text_are_the_bias() -> None:
    assert Ngrams(np.ones(2**BITS), -1.5).logit([], "") == pytest.approx(-1.5)


def test_groups_are_one_class_whatever_their_name() -> None:
    frames = [classed(tokens(f"I met {group} and you")) for group in ("muslims", "gay people", "women", "trans women")]
    assert frames[0] == ["i", "met", PEOPLE, "and", YOU]
    assert all(frame == frames[0] for frame in frames)


def test_the_word_list_gives_what_its_origin_gives() -> None:
    """alt-profanity-check 1.9.1: the mean decision function of its five classifiers."""
    assert lexicon_logit("You are a fucking idiot") == pytest.approx(10.009, abs=5e-3)
    assert lexicon_logit("The bus leaves at nine") == pytest.approx(-0.691, abs=5e-3)
    assert lexicon_logit("") == pytest.approx(-0.785, abs=5e-3)
