from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.errors import ConfigError
from obs_lib.evaluators import groundedness, refusal, relevance
from obs_lib.evaluators.heads import load_head, parse_head

RAW = json.dumps(
    {
        "features": ["a"],
        "weights": [2.0],
        "encoder": "e",
        "encoder_weights": [1.0, -1.0],
        "bias": -0.5,
        "trained_on": {},
    }
).encode()


def test_the_formula() -> None:
    head = parse_head("x", RAW)
    assert head.probability(np.array([1.0, 0.5, 0.25])) == pytest.approx(1 / (1 + math.exp(-1.75)))


@given(st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3))
def test_it_is_a_probability(row: list[float]) -> None:
    assert 0.0 <= parse_head("x", RAW).probability(np.array(row)) <= 1.0


def test_another_encoder_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match="train_heads"):
        parse_head("x", RAW).probability(np.zeros(5))


def test_the_digest_names_the_file() -> None:
    assert parse_head("x", RAW).digest != parse_head("x", RAW + b" ").digest


@pytest.mark.parametrize(
    ("name", "features", "vector"),
    [
        ("groundedness", groundedness.FEATURES, 0),
        ("toxicity", (), 384),
        ("relevance", relevance.FEATURES, 0),
        ("refusal", refusal.FEATURES, 384),
    ],
)
def test_the_shipped_weights_fit_the_code_and_say_where_they_come_from(
    name: str, features: tuple[str, ...], vector: int
) -> None:
    head = load_head(name)
    assert head.features == features
    assert head.encoder_features == vector
    assert np.isfinite(head.weights).all()
    assert set(head.trained_on["across_sets"]) == set(head.trained_on["sets"])
