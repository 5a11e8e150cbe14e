"""Topics are found where there are some, whatever the order, and stay what they were when days are added."""

from __future__ import annotations

import json
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_lib.models.vectors import text_hash, unit, unit_vectors
from obs_lib.summaries.segments import Segments, sliced_by
from obs_lib.summaries.topic_fit import Prompt, clusters, fit
from obs_lib.summaries.topics import OTHER, Topics

DIMENSION = 48
WORDS = (("helmet", "child"), ("refund", "card"), ("weather", "rain"), ("battery", "charge"), ("museum", "tour"))


def prompts(sizes: dict[int, int], seed: int = 0, spread: float = 0.06) -> list[Prompt]:
    """So many prompts about each of WORDS, around directions that do not depend on the seed."""
    axes = unit(np.random.default_rng(99).normal(size=(len(WORDS), DIMENSION)))
    chance = np.random.default_rng(seed)
    made = []
    for about, n in sizes.items():
        vectors = unit(axes[about] + spread * chance.normal(size=(n, DIMENSION))).astype("<f2")
        for at, vector in enumerate(vectors):
            text = f"Tell me about {' '.join(WORDS[about])} number {seed} {at}"
            made.append(Prompt(text_hash(text), text, vector.tobytes()))
    return made


def adjusted_rand(one: np.ndarray, other: np.ndarray) -> float:
    """Hubert and Arabie (1985)."""
    table = pd.crosstab(one, other).to_numpy(dtype=float)

    def pairs(n: np.ndarray) -> float:
        return float((n * (n - 1) / 2).sum())

    rows, columns, both = pairs(table.sum(1)), pairs(table.sum(0)), pairs(table.ravel())
    expected = rows * columns / pairs(np.array([table.sum()]))
    return (both - expected) / ((rows + columns) / 2 - expected)


def test_clusters_are_the_topics_that_prompts_were_made_of() -> None:
    made = prompts({0: 120, 1: 80, 2: 60, 3: 40})
    truth = np.repeat([0, 1, 2, 3], [120, 80, 60, 40])
    found = clusters(unit_vectors([prompt.vector for prompt in made]), 12)
    assert adjusted_rand(found, truth) > 0.98


def test_one_topic_is_not_cut() -> None:
    found = clusters(unit_vectors([prompt.vector for prompt in prompts({0: 300})]), 12)
    assert found.max() == 0


def test_names_are_the_words_that_tell_a_topic_from_the_others() -> None:
    topics = fit(prompts({0: 120, 1: 80, 2: 60}), "e", "2024-03-01")
    assert [topic.size for topic in topics.topics] == [120, 80, 60]
    for topic, words in zip(topics.topics, WORDS, strict=False):
        assert set(words) <= set(topic.name.split("+"))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_the_order_of_prompts_is_nothing(seed: int) -> None:
    made = prompts({0: 50, 1: 40, 2: 30})
    shuffled = random.Random(seed).sample(made, len(made))
    assert fit(shuffled, "e", "2024-03-01").digest == fit(made, "e", "2024-03-01").digest


def test_known_topics_stay_and_a_new_one_is_born() -> None:
    first = fit(prompts({0: 120, 1: 80}), "e", "2024-03-01")
    again = fit(prompts({0: 100, 1: 90}, seed=1), "e", "2024-03-02", first)
    assert again == first
    later = fit(prompts({0: 100, 1: 90, 4: 60}, seed=2), "e", "2024-03-03", first)
    assert later.topics[:2] == first.topics
    (born,) = later.topics[2:]
    assert {"museum", "tour"} <= set(born.name.split("+"))
    assert (born.born, born.size) == ("2024-03-03", pytest.approx(60, abs=2))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_what_is_found_later_takes_nothing_from_what_was_known(seed: int) -> None:
    first = fit(prompts({0: 120, 1: 80}), "e", "2024-03-01")
    later = fit(prompts({0: 100, 1: 90, 4: 60}, seed=2), "e", "2024-03-03", first)
    assert len(later.topics) == 3
    between = unit(np.random.default_rng(seed).dirichlet(np.ones(3), 50) @ later._centres)
    before, now = (np.array(topics.names)[topics.nearest(between)[0]] for topics in (first, later))
    assert (now == before)[before != OTHER].all()


@pytest.mark.parametrize(
    "damage",
    [
        {"centre": "AAA="},
        {"centre": "AACAfw=="},
        {"floor": "high"},
        {"floor": None},
        {"floor": float("nan")},
        {"generation": 0},
        {"generation": None},
    ],
)
def test_damaged_topics_are_told_when_they_are_read(damage: dict[str, object]) -> None:
    written = fit(prompts({0: 120, 1: 80}), "e", "2024-03-01").as_json()
    one, *others = written["topics"]
    for topics in ([{**one, **damage}, *others], []):
        with pytest.raises((ValueError, KeyError, TypeError)):
            Topics.from_json(json.dumps({**written, "topics": topics}))


def test_refitted_on_other_days_topics_have_the_same_names() -> None:
    one, other = (fit(prompts({0: 120, 1: 80, 2: 60}, seed=seed), "e", "2024-03-01") for seed in (3, 4))
    assert one.names == other.names


def test_a_prompt_has_the_nearest_topic_and_one_like_none_has_other() -> None:
    topics = fit(prompts({0: 120, 1: 80}), "e", "2024-03-01")
    asked = prompts({0: 20, 1: 20, 4: 20}, seed=7)
    texts = pd.Series([*(prompt.text for prompt in asked), None, "of no vector"])
    found = topics.of_prompts(texts, {prompt.key: prompt.vector for prompt in asked})
    assert found[40:60].eq(OTHER).all()
    assert (found[:20] == topics.names[0]).mean() >= 0.9
    assert (found[20:40] == topics.names[1]).mean() >= 0.9
    assert found[60:].isna().all()


def test_what_is_written_is_read_again() -> None:
    topics = fit(prompts({0: 40, 1: 30}), "e", "2024-03-01")
    assert Topics.from_json(json.dumps(topics.as_json())) == topics


def test_few_alike_prompts_make_no_topic() -> None:
    assert fit(prompts({0: 5}), "e", "2024-03-01").topics == ()


def test_segments_are_those_of_topics() -> None:
    rows = pd.DataFrame({"tags": ['{"topic": "of the log", "route": "a"}', None, None], "topic": ["x+y", OTHER, None]})
    found = dict(Segments(sliced_by(rows, ["route", "topic"]), ["route", "topic"], 20))
    assert {name: at.tolist() for name, at in found.items()} == {
        "all": [0, 1, 2],
        "route=a": [0],
        "topic=x+y": [0],
        "topic=other": [1],
    }
