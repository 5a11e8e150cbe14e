from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from obs_lib.models.pieces import PIECE, READ, behind_vector
from obs_lib.models.testing import HashingEncoder
from obs_lib.models.vectors import TextVectors, gather, text_hash


def test_only_what_is_missing_is_encoded() -> None:
    first = gather(["a dog", "a cat"], {}, HashingEncoder())
    encoder = HashingEncoder()
    second = gather(["a cat", "a bird", "a cat"], first.known, encoder)
    assert encoder.encoded == ["a bird"]
    assert second.fresh == {text_hash("a bird")}
    assert set(second.known) == {text_hash("a cat"), text_hash("a bird")}


def test_reused_and_fresh_vectors_are_the_same_bits() -> None:
    fresh = gather(["a dog"], {}, HashingEncoder())
    reused = gather(["a dog"], fresh.known, HashingEncoder())
    assert np.array_equal(fresh.of(["a dog"]), reused.of(["a dog"]))
    assert not reused.fresh


def test_vectors_have_length_one_and_the_order_that_was_asked_for() -> None:
    vectors = gather(["one", "two", "three"], {}, HashingEncoder(64))
    rows = vectors.of(["three", "one", "three"])
    assert rows.shape == (3, 64)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-6)
    assert np.array_equal(rows[0], rows[2])
    assert np.array_equal(rows[1], vectors.of(["one"])[0])


def test_a_text_that_was_not_announced_is_an_error() -> None:
    with pytest.raises(KeyError):
        gather(["one"], {}, HashingEncoder()).of(["two"])


class Unloadable(HashingEncoder):
    def encode(self, texts: object) -> np.ndarray:
        raise AssertionError("loaded")


def test_nothing_to_encode_loads_nothing() -> None:
    empty = gather([], {}, Unloadable())
    assert empty.dimension == 0
    assert empty.of([]).shape == (0, 0)


def test_stored_bytes_are_little_endian_halves() -> None:
    vectors = TextVectors({text_hash("x"): np.array([0.6, 0.8], "<f2").tobytes()})
    assert vectors.dimension == 2
    assert vectors.of(["x"])[0] == pytest.approx([0.6, 0.8], abs=1e-3)


def story(words: int, about: str) -> str:
    return " ".join(f"{about} {number} is told." for number in range(words))


def test_a_long_text_is_the_mean_of_its_first_pieces() -> None:
    text = story(1000, "night")
    parts = behind_vector(text)
    assert len(parts) == READ
    assert text.startswith("".join(parts))
    assert len("".join(parts)) > (READ - 0.2) * PIECE
    encoder = HashingEncoder(64)
    vectors = gather([text, *parts], {}, encoder)
    mean = np.average(vectors.of(parts), axis=0, weights=[len(part) for part in parts])
    assert vectors.of([text])[0] == pytest.approx(mean / np.linalg.norm(mean), abs=2e-3)
    assert text not in encoder.encoded


def test_a_piece_that_is_shared_or_known_is_encoded_once() -> None:
    text = story(150, "night")
    first, *rest = behind_vector(text)
    encoder = HashingEncoder(64)
    together = gather([text, first], {}, encoder)
    assert sorted(encoder.encoded) == sorted([first, *rest])
    assert set(together.known) == {text_hash(text), text_hash(first)}  # what was not asked for is not kept
    later = HashingEncoder(64)
    alone = gather([text], {text_hash(first): together.known[text_hash(first)]}, later)
    assert sorted(later.encoded) == sorted(rest)
    assert alone.known[text_hash(text)] == together.known[text_hash(text)]
    assert gather([text], together.known, Unloadable()).known == alone.known


@given(st.lists(st.text(max_size=40), min_size=1, max_size=8), st.integers(1, 200))
@example(["?!"], 5 * PIECE)  # no sentence to cut at
@example(["-"], PIECE + 1)
def test_a_text_of_any_length_has_a_vector_of_length_one(texts: list[str], times: int) -> None:
    text = "".join(texts) * times
    row = gather([text], {}, HashingEncoder(8)).of([text])[0]
    assert np.linalg.norm(row) == pytest.approx(1.0, abs=1e-3)


@given(st.lists(st.text(), unique=True, max_size=8))
def test_any_text_can_be_named_and_found(texts: list[str]) -> None:
    vectors = gather(texts, {}, HashingEncoder(8))
    assert vectors.of(texts).shape[0] == len(texts)


def test_a_lone_surrogate_has_a_name() -> None:
    assert text_hash("\ud800") == text_hash("?")
