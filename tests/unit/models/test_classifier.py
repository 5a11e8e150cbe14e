"""Classifiers agree with transformers' own pipelines, do not depend on company, and are refused where not to be trusted."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from obs_lib.catalogue.score import OwnModels
from obs_lib.errors import ConfigError, UnknownModel
from obs_lib.models.classifier import LocalClassifier, Pair, load_classifier, recalibrated
from obs_lib.models.classifier_folder import own_models
from obs_lib.models.labels import HALLUCINATION, counted_labels
from obs_lib.models.options import ClassifierOptions
from tests import tiny_models as tiny

NLI = ["contradiction", "entailment", "neutral"]
TEXTS = [
    "the door is red.",
    "you stupid idiot!",
    "",
    "unknown wörds and 数字 12",
    "the cup is tall. " * 30,
    "a lone \ud800 surrogate",
]
CLEAN = [text for text in TEXTS if "\ud800" not in text]


def load(folder: Path, metric: str = "groundedness", **options: object) -> LocalClassifier:
    given = {"model": str(folder), "max_tokens": 128, "token_budget": 512, **options}
    return load_classifier(metric, ClassifierOptions.model_validate(given), f"evaluators.models.{metric}")


@pytest.fixture(scope="module")
def nli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.untrained(tmp_path_factory.mktemp("nli"), NLI)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.untrained(
        tmp_path_factory.mktemp("tokens"), ["LABEL_0", "LABEL_1"], transformers.BertForTokenClassification
    )


@pytest.mark.parametrize(
    ("labels", "more", "applied"),
    [
        (["non-toxic", "toxic"], {}, "softmax"),
        (["toxic", "insult", "threat"], {"problem_type": "multi_label_classification"}, "sigmoid"),
        (["toxic"], {}, "sigmoid"),
    ],
)
def test_texts_get_the_numbers_of_the_text_classification_pipeline(
    labels: list[str], more: dict[str, str], applied: str, tmp_path: Path
) -> None:
    folder = tiny.untrained(tmp_path, labels, **more)
    pipeline = transformers.pipeline("text-classification", model=str(folder), device="cpu")
    expected = pipeline(CLEAN, top_k=None, function_to_apply=applied, truncation=True, max_length=128)
    found = load(folder, "toxicity").probabilities([(text, None) for text in CLEAN])
    for (values, _), listed in zip(found, expected, strict=True):
        reference = {one["label"]: one["score"] for one in listed}
        assert values[0] == pytest.approx([reference[label] for label in labels], abs=1e-5)


def test_pairs_get_the_numbers_of_the_text_classification_pipeline(nli: Path) -> None:
    pairs = [("the door is red.", "the door is blue."), (CLEAN[4], "the hat is black."), ("", "the hat")]
    pipeline = transformers.pipeline("text-classification", model=str(nli), device="cpu")
    for pair, reading in zip(pairs, load(nli).read(pairs), strict=True):
        listed = pipeline(
            {"text": pair[0], "text_pair": pair[1]}, top_k=None, truncation="longest_first", max_length=128
        )
        assert reading.value == pytest.approx({one["label"]: one["score"] for one in listed}["entailment"], abs=1e-5)


def test_tokens_get_the_numbers_of_the_token_classification_pipeline(tokens: Path) -> None:
    pipeline = transformers.pipeline("token-classification", model=str(tokens), device="cpu", ignore_labels=[])
    for text in CLEAN[:2]:
        reading = load(tokens).read([(text, None)])[0]
        expected = [
            (one["start"], one["end"], one["score"] if one["entity"] == "LABEL_1" else 1.0 - one["score"])
            for one in pipeline(text)
        ]
        assert [token[:2] for token in reading.tokens] == [one[:2] for one in expected]
        assert [token.value for token in reading.tokens] == pytest.approx([one[2] for one in expected], abs=1e-5)


def test_of_a_pair_the_second_text_is_judged_at_its_own_places(tokens: Path) -> None:
    answer = "the door is red \ud800 and tall."
    reading = load(tokens).read([("a passage that is longer than the answer by far", answer)])[0]
    assert [answer[token.start : token.end] for token in reading.tokens if token.end - token.start > 2] == [
        "the",
        "door",
        "red",
        "tall",
    ]
    assert reading.value == max(token.value for token in reading.tokens)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_pair_has_the_same_bits_in_any_order_and_company(nli: Path, dtype: str) -> None:
    model = load(nli, dtype=dtype)
    rng = random.Random(1)
    pairs: list[Pair] = [
        (" ".join(rng.choices(tiny.WORDS, k=rng.randrange(1, 90))), tiny.statement(rng)) for _ in range(60)
    ]
    together = model.read(pairs)
    order = list(range(len(pairs)))
    rng.shuffle(order)
    assert model.read([pairs[i] for i in order]) == [together[i] for i in order]
    assert [model.read([pair])[0] for pair in pairs[:12]] == together[:12]
    assert model.read(pairs[:30]) + model.read(pairs[30:]) == together
    assert load(nli, dtype=dtype).read(pairs) == together


def test_bfloat16_stays_near_float32(nli: Path) -> None:
    pairs: list[Pair] = [("the door is red.", text) for text in TEXTS]
    fine, coarse = (
        np.array([one.value for one in load(nli, dtype=dtype).read(pairs)]) for dtype in ("float32", "bfloat16")
    )
    assert np.abs(fine - coarse).max() < 0.05


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")
def test_a_gpu_stays_near_the_cpu(nli: Path) -> None:
    pairs: list[Pair] = [("the door is red.", text) for text in TEXTS]
    here, there = (np.array([one.value for one in load(nli, device=device).read(pairs)]) for device in ("cpu", "auto"))
    assert np.abs(here - there).max() < 1e-3


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_told(nli: Path) -> None:
    assert load(nli, device="auto").read([("a", "b")])
    with pytest.raises(UnknownModel, match="a GPU that torch sees"):
        load(nli, device="cuda").load()


def test_pieces_cover_the_text_and_overlap(nli: Path) -> None:
    model = load(nli, overlap_tokens=4)
    text = "the cup is tall, " * 40
    pieces = model.split(text, 20)
    assert pieces[0][0] == 0
    assert text[pieces[-1][1] :].strip() == ""
    assert all(later[0] < earlier[1] for earlier, later in pairwise(pieces))
    assert all(model.count(text[a:b]) <= 20 for a, b in pieces)
    assert model.split("the cup", 20) == [(0, 7)]
    assert load(nli, window_tokens=16).split(text, 100) == load(nli).split(text, 16)


def test_the_identity_names_what_changes_scores_and_nothing_else(nli: Path) -> None:
    base = load(nli).identity
    assert load(nli, allow_download=True).identity == base
    changes: list[dict[str, object]] = [
        {"dtype": "bfloat16"},
        {"threads": 1},
        {"threshold": 0.7},
        {"labels": ["neutral"]},
    ]
    assert len({load(nli, **change).identity for change in changes} | {base}) == len(changes) + 1


def test_naming_a_model_imports_nothing_heavy(nli: Path) -> None:
    code = (
        "import sys; from obs_lib.models.options import ClassifierOptions;"
        "from obs_lib.models.classifier import load_classifier;"
        f"print(load_classifier('groundedness', ClassifierOptions(model={str(nli)!r}), 'x').identity);"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.startswith(
        "nli"
    )


def test_a_threshold_of_the_model_becomes_one_half() -> None:
    values = np.linspace(0, 1, 101)
    shifted = [recalibrated(value, 0.8) for value in values]
    assert all(a < b for a, b in pairwise(shifted))
    assert recalibrated(0.8, 0.8) == pytest.approx(0.5)
    assert (shifted[0], shifted[-1]) == (0.0, 1.0)


def meaning(asked: str) -> OwnModels:
    return HALLUCINATION if asked == "hallucination" else own_models(asked, "x")


@pytest.mark.parametrize(
    ("asked", "labels", "counted"),
    [
        ("groundedness", ["contradiction", "entailment", "neutral"], (1,)),
        ("groundedness", ["ENTAILMENT", "NEUTRAL", "CONTRADICTION"], (0,)),
        ("groundedness", ["Contradict", "Entailed", "Neutral"], (1,)),
        ("groundedness", ["entailment", "not_entailment"], (0,)),
        ("groundedness", ["hallucinated", "consistent"], (1,)),
        ("groundedness", ["LABEL_0"], (0,)),
        ("hallucination", ["LABEL_0", "LABEL_1"], (1,)),
        ("hallucination", ["supported", "hallucinated"], (1,)),
        ("toxicity", ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"], (0, 1, 2, 3, 4, 5)),
        ("toxicity", ["toxicity", "male", "christian", "identity_attack", "sexual_explicit"], (0, 3, 4)),
        ("toxicity", ["neutral", "toxic"], (1,)),
        ("toxicity", ["non-toxic", "toxic"], (1,)),
        ("toxicity", ["neutral", "misogyny"], (1,)),
        ("refusal", ["NORMAL", "REJECTION"], (1,)),
    ],
)
def test_labels_of_known_models_say_what_they_mean(asked: str, labels: list[str], counted: tuple[int, ...]) -> None:
    assert counted_labels(asked, meaning(asked), labels, None, "x") == counted


@pytest.mark.parametrize("asked", ["groundedness", "toxicity", "refusal", "relevance"])
@pytest.mark.parametrize("labels", [["LABEL_0", "LABEL_1"], ["0", "1"], ["spam", "ham"]])
def test_labels_that_say_nothing_must_be_given(asked: str, labels: list[str]) -> None:
    with pytest.raises(UnknownModel, match=r"x\.labels"):
        counted_labels(asked, meaning(asked), labels, None, "x")
    assert counted_labels(asked, meaning(asked), labels, [labels[1]], "x") == (1,)
    with pytest.raises(UnknownModel, match="no such label"):
        counted_labels(asked, meaning(asked), labels, ["other"], "x")


def edit(name: str, **content: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        read = json.loads((folder / name).read_text()) | content
        (folder / name).write_text(json.dumps(read))

    return change


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"harm": 1}, folder / "pytorch_model.bin")


def without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


HOSTILE: list[tuple[Callable[[Path], None], str]] = [
    (pickled, "pickled weights can run code"),
    (edit("config.json", auto_map={"AutoModel": "evil.Model"}), "code of its own"),
    (edit("tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.Tokenizer", None]}), "code of its own"),
    (without_tokenizer, "no tokenizer"),
    (edit("config.json", architectures=["BertForMaskedLM"]), "another head"),
    (edit("config.json", architectures=None), "another head"),
    (edit("config.json", id2label={"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}), "do not say which"),
    (edit("config.json", id2label=["a"]), "labels cannot be read"),
    (lambda folder: (folder / "config.json").write_text("[1]") and None, "describes no model"),
    (lambda folder: (folder / "config.json").write_text("{") and None, "holds no model"),
]


@pytest.mark.parametrize(("spoil", "says"), HOSTILE)
def test_a_folder_that_cannot_be_trusted_is_refused_at_once(
    spoil: Callable[[Path], None], says: str, tmp_path: Path
) -> None:
    folder = tiny.untrained(tmp_path, NLI)
    assert load(folder)
    spoil(folder)
    with pytest.raises(UnknownModel, match=says):
        load(folder)


def other_width(folder: Path) -> None:
    edit("config.json", id2label={"0": "entailment", "1": "neutral"}, label2id={"entailment": 0, "neutral": 1})(folder)


def cut_weights(folder: Path) -> None:
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])


def body_only(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    save_file(
        {name: value for name, value in weights.items() if "classifier" not in name},
        folder / "model.safetensors",
        {"format": "pt"},
    )


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (other_width, "weights lack|cannot be loaded"),
        (cut_weights, "cannot be loaded"),
        (body_only, "random numbers"),
        (edit("config.json", model_type="nothing"), "cannot be loaded"),
    ],
)
def test_weights_that_do_not_fit_are_told_when_loaded(spoil: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    folder = tiny.untrained(tmp_path, NLI)
    spoil(folder)
    model = load(folder)
    for _ in range(2):
        with pytest.raises(UnknownModel, match=says):
            model.load()


def test_a_kind_that_cannot_judge_the_metric_is_refused(nli: Path, tokens: Path) -> None:
    with pytest.raises(ConfigError, match=r"groundedness\.kind"):
        load(nli, kind="reranker")
    with pytest.raises(UnknownModel, match="another head"):
        load(tokens, "toxicity")
    assert load(tokens).kind == "tokens"


@pytest.mark.parametrize("name", ["nobody/no-such-model", "/no/such/folder"])
def test_an_unknown_model_is_named_with_what_to_do(name: str) -> None:
    with pytest.raises(UnknownModel, match=r"evaluators\.models\.groundedness\.allow_download"):
        load(Path(name))


@pytest.mark.parametrize("architecture", ["DebertaV2", "ModernBert", "Roberta", "DistilBert"])
def test_other_architectures_load(architecture: str, tmp_path: Path) -> None:
    kind = getattr(transformers, f"{architecture}Config")
    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    if architecture == "DistilBert":
        small = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    vocabulary = {"vocab_size": len(tiny.tokenizer()), "pad_token_id": 0, "max_position_embeddings": 130}
    special = dict.fromkeys(("bos_token_id", "cls_token_id"), 2) | dict.fromkeys(("eos_token_id", "sep_token_id"), 3)
    head = getattr(transformers, f"{architecture}ForSequenceClassification")
    folder = tiny.save(head(kind(**small, **vocabulary, **special, id2label=dict(enumerate(NLI)))), tmp_path)
    if architecture in ("DistilBert", "Roberta"):
        edit("tokenizer_config.json", model_input_names=["input_ids", "attention_mask"])(folder)
    model = load(folder)
    assert model.max_tokens == (129 - 0 if architecture == "Roberta" else 130) or model.max_tokens == 128
    pairs: list[Pair] = [("the door is red. " * 60, "the door is red."), ("the hat", "is tall")]
    first = model.read(pairs)
    assert model.read(pairs[::-1]) == first[::-1]
    assert all(0.0 < reading.value < 1.0 for reading in first)
