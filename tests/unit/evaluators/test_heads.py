from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.catalogue import scores
from obs_lib.errors import ConfigError
from obs_lib.evaluators import over_refusal, refusal, relevance, support_features, toxicity
from obs_lib.evaluators.build import build
from obs_lib.evaluators.heads import SHIPPED, load_head, parse_head
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.models.encoder import load_encoder
from obs_lib.models.options import ModelOptions
from obs_lib.models.pair_encoder import PairEncoder
from obs_lib.models.testing import HashingEncoder

LARGER = "all-mpnet-base-v2@87c8bb0c8fcce578"
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

TRAINED = [score.name for score in scores() if score.heads and not score.opt_in]


def test_the_formula() -> None:
    head = parse_head("x", RAW)
    assert head.probability(np.array([1.0, 0.5, 0.25])) == pytest.approx(1 / (1 + math.exp(-1.75)))


@given(st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3))
def test_it_is_a_probability(row: list[float]) -> None:
    assert 0.0 <= parse_head("x", RAW).probability(np.array(row)) <= 1.0


def test_vectors_of_another_length_are_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match="train_heads"):
        parse_head("x", RAW).probability(np.zeros(5))


def test_vectors_of_another_length_do_not_fit_a_kernel_either() -> None:
    head = load_head("toxicity")
    assert head.of_vector(np.full(384, 384**-0.5, dtype=np.float32)).shape == (1,)
    with pytest.raises(ConfigError, match="384 numbers a vector"):
        head.of_vector(np.zeros(768, dtype=np.float32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Heads that were trained for another encoder."""
    for name in (*TRAINED, over_refusal.HEAD):
        data = json.loads((SHIPPED / f"{name}.json").read_text())
        (tmp_path / f"{name}.json").write_text(json.dumps(data | {"encoder": "other@0123456789abcdef"}))
    return tmp_path


def test_a_head_names_the_encoder_it_was_trained_for(folder: Path) -> None:
    assert load_head("refusal", folder, "other@0123456789abcdef").name == "refusal"
    assert load_head("refusal", folder, "renamed@0123456789abcdef").name == "refusal"
    with pytest.raises(ConfigError) as caught:
        load_head("refusal", folder, load_encoder(ModelOptions()).weights)
    for part in ("other@0123456789abcdef", "all-MiniLM-L6-v2@", "models.encoder", "train_heads", str(folder)):
        assert part in str(caught.value)


def test_the_shipped_heads_are_those_of_the_bundled_encoder() -> None:
    assert len(build(EvaluatorOptions(), HashingEncoder(), load_encoder(ModelOptions()).weights)) == len(TRAINED) + 12


@pytest.mark.parametrize("content", [None, "{", "{}", "[]", '{"features": 1}'])
def test_a_head_that_is_not_there_is_named(folder: Path, content: str | None) -> None:
    place = folder / "toxicity.json"
    place.unlink() if content is None else place.write_text(content)
    with pytest.raises(ConfigError, match=re.escape(str(place))):
        build(EvaluatorOptions(weights=str(folder)), HashingEncoder())


def test_a_folder_of_heads_gives_other_versions(folder: Path) -> None:
    shipped = {one.name: one.version for one in build(EvaluatorOptions(), HashingEncoder())}
    others = {
        one.name: one.version
        for one in build(EvaluatorOptions(weights=str(folder)), HashingEncoder(), "other@0123456789abcdef")
    }
    assert {name for name in shipped if shipped[name] != others[name]} == {
        *(*TRAINED, "context_relevance", "context_utilization", "over_refusal")
    }


def test_only_what_is_wanted_must_fit_the_encoder() -> None:
    assert [one.name for one in build(EvaluatorOptions(), HashingEncoder(), "other@0", ("format",))] == [
        "format",
        "context_utilization",
        "repetition",
        "secret_leak",
        "personal_leak",
        "prompt_injection",
        "context_injection",
        "language_mismatch",
        "abstention",
        "accuracy",
    ]
    for wanted in (None, ("format", "refusal")):
        with pytest.raises(ConfigError, match="trained for another encoder"):
            build(EvaluatorOptions(), HashingEncoder(), "other@0", wanted)


def test_a_head_without_its_ngrams_is_refused(folder: Path) -> None:
    data = json.loads((folder / "refusal.json").read_text())
    del data["ngrams"]
    (folder / "refusal.json").write_text(json.dumps(data))
    with pytest.raises(ConfigError, match="n-grams"):
        build(EvaluatorOptions(weights=str(folder)), HashingEncoder())


def test_the_digest_names_the_file() -> None:
    assert parse_head("x", RAW).digest != parse_head("x", RAW + b" ").digest


@pytest.mark.parametrize(("encoder", "dimension"), [(None, 384), (LARGER, 768)])
@pytest.mark.parametrize(
    ("name", "features", "reads_vector"),
    [
        ("groundedness", support_features.FEATURES, False),
        ("toxicity", toxicity.FEATURES, True),
        ("relevance", relevance.FEATURES, False),
        ("refusal", refusal.FEATURES, True),
        (over_refusal.HEAD, over_refusal.FEATURES, True),
    ],
)
def test_the_shipped_weights_fit_the_code_and_say_where_they_come_from(
    name: str, features: tuple[str, ...], reads_vector: bool, encoder: str | None, dimension: int
) -> None:
    head = load_head(name, encoder=encoder)
    earlier = support_features.FEATURES[
        :19
    ]  # as before pairs were read: the larger encoder's own weights are not at hand
    by_kernel = (toxicity.KERNEL,) if head.kernel else ()
    assert head.features == (earlier if (name, encoder) == ("groundedness", LARGER) else (*features, *by_kernel))
    assert head.encoder_features == (dimension if reads_vector and not by_kernel else 0)
    assert bool(by_kernel) is ((name, encoder) == ("toxicity", None))
    assert head.kernel is None or head.kernel.vectors.shape[1] == dimension
    assert np.isfinite(head.weights).all()
    assert set(head.trained_on["across_sets"]) == set(head.trained_on["sets"])


def test_the_head_of_groundedness_was_fitted_on_the_pair_encoder_that_comes_with_it() -> None:
    assert load_head("groundedness").trained_on["pair_encoder"] == PairEncoder(threads=1).identity


def test_heads_for_a_larger_encoder_come_with_the_package() -> None:
    """Found by what its weights hold, in whatever folder they lie."""
    found = build(EvaluatorOptions(), HashingEncoder(768), "my-copy@" + LARGER.partition("@")[2])
    assert {*TRAINED, "over_refusal"} <= {evaluator.name for evaluator in found}
    assert load_head("refusal", encoder=LARGER).digest != load_head("refusal").digest


def test_an_encoder_without_heads_is_told_which_ones_have_some() -> None:
    with pytest.raises(ConfigError) as caught:
        load_head("refusal", encoder="other@0123456789abcdef")
    assert all(name in str(caught.value) for name in (LARGER, "all-MiniLM-L6-v2@", "train_heads"))


@pytest.mark.parametrize(
    ("name", "data", "figure", "floor"),
    [
        ("toxicity", "surge", "auroc", 0.92),
        ("toxicity", "openai_moderation", "auroc", 0.87),
        ("refusal", "xstest gpt4", "f1", 0.87),
        ("refusal", "pyrit", "f1", 0.89),
        (over_refusal.HEAD, "xstest", "auroc", 0.87),
    ],
)
def test_the_larger_encoder_is_worth_its_time(name: str, data: str, figure: str, floor: float) -> None:
    larger, bundled = (
        load_head(name, encoder=each).trained_on["across_sets"][data][figure][0] for each in (LARGER, None)
    )
    assert larger >= floor
    assert larger > bundled


@pytest.mark.parametrize(
    ("name", "data", "figure", "floor"),
    [
        ("toxicity", "surge", "auroc", 0.91),
        ("toxicity", "openai_moderation", "auroc", 0.87),
        ("toxicity", "davidson", "auroc", 0.93),
        ("toxicity", "made sentences", "auroc", 0.79),
        ("refusal", "xstest gpt4", "auroc", 0.95),
        ("refusal", "xstest gpt4", "f1", 0.82),
        ("refusal", "xstest llama2new", "f1", 0.93),
        ("refusal", "pyrit", "f1", 0.83),
        ("groundedness", "begin_wow", "auroc", 0.93),
        ("groundedness", "faithdial", "auroc", 0.92),
        ("groundedness", "expertqa", "auroc", 0.64),
        ("groundedness", "summedits", "auroc", 0.60),
        ("groundedness", "dialogs", "auroc", 0.78),
        ("groundedness", "wice", "auroc", 0.84),
        ("groundedness", "ragtruth_qa", "auroc", 0.83),
        ("groundedness", "ragtruth_qa", "balanced_accuracy", 0.75),
        ("groundedness", "ragtruth_summary", "auroc", 0.63),
        ("groundedness", "ragtruth_data2txt", "auroc", 0.71),
        ("groundedness", "ragtruth_data2txt", "balanced_accuracy", 0.64),
        ("relevance", "expertqa sentences", "auroc", 0.99),
        ("relevance", "begin_wow", "auroc", 0.89),
        ("relevance", "disflqa sentences", "mrr_other_passages", 0.84),
        (over_refusal.HEAD, "xstest", "auroc", 0.80),
        (over_refusal.HEAD, "xstest", "true_positives", 0.60),
    ],
)
def test_no_retraining_ships_less_than_was_reached_across_sets(name: str, data: str, figure: str, floor: float) -> None:
    value, low, high = load_head(name).trained_on["across_sets"][data][figure]
    assert low <= value <= high
    assert value >= floor


def test_groundedness_is_better_than_what_needs_no_model() -> None:
    for data, figures in load_head("groundedness").trained_on["across_sets"].items():
        simple = max(figures[name] for name in ("word_coverage", "shortness", "answer_alone"))
        assert figures["auroc"][0] > simple, data


def test_answers_from_structured_contexts_are_weighed_by_themselves() -> None:
    head = load_head("groundedness")
    assert head.structured is not None
    assert head.structured.features == head.features
    assert head.structured.probability(np.zeros(len(head.features))) != head.probability(np.zeros(len(head.features)))
    figures = head.trained_on["across_sets"]["ragtruth_data2txt"]
    assert figures["auroc"][0] > figures["weights_for_prose"][0]
    assert load_head("groundedness", encoder=LARGER).structured is None
