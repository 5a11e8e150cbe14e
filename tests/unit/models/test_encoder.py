from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from obs_lib.models.encoder import Encoder, load_encoder
from obs_lib.models.folder import find_folder
from obs_lib.models.options import ModelOptions

TEXTS = [
    "",
    "No.",
    "The capital of France is Paris.",
    "Paris is the capital city of France.",
    "def add(a, b):\n    return a + b",
    "Привет, как дела? 你好，世界。",
    "a lone \ud800 surrogate and a \x00 null",
    "word " * 90,
    "a long answer about nothing " * 400,
]


def test_naming_an_encoder_imports_nothing_heavy() -> None:
    code = (
        "import sys; from obs_lib.models.options import ModelOptions; from obs_lib.models.encoder import load_encoder;"
        "print(load_encoder(ModelOptions()).identity); assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.startswith("all-MiniLM-L6-v2@")


def test_the_identity_names_what_changes_vectors_and_nothing_else() -> None:
    base = load_encoder(ModelOptions()).identity
    assert load_encoder(ModelOptions(allow_download=True)).identity == base
    changes = [{"max_tokens": 128}, {"token_budget": 2048}, {"threads": 1}, {"dtype": "bfloat16"}, {"device": "cuda"}]
    others = {load_encoder(ModelOptions.model_validate(change)).identity for change in changes}
    assert len(others | {base}) == len(changes) + 1


def test_the_weights_are_named_by_their_content_alone(tmp_path: Path) -> None:
    bundled = load_encoder(ModelOptions()).weights
    assert load_encoder(ModelOptions(threads=1, max_tokens=128, device="cuda")).weights == bundled
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("config.json", "model.safetensors"):
        (copy / name).symlink_to(find_folder(ModelOptions()) / name)
    assert load_encoder(ModelOptions(encoder=str(copy))).weights == bundled.replace("all-MiniLM-L6-v2", "copy")


def test_equal_options_share_one_model_and_other_options_never_do() -> None:
    one = load_encoder(ModelOptions(threads=1))
    assert load_encoder(ModelOptions(threads=1)) is one
    assert load_encoder(ModelOptions(threads=1, max_tokens=128)) is not one


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder(ModelOptions())


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_text_has_one_vector_whatever_its_order_and_company(dtype: Literal["float32", "bfloat16"]) -> None:
    encoder = load_encoder(ModelOptions(dtype=dtype))
    together = encoder.encode(TEXTS)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    assert np.array_equal(encoder.encode([TEXTS[i] for i in order]), together[order])
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.array_equal(encoder.encode([text])[0], vector)
    crowd = encoder.encode([*(f"Is {n} a prime number?" for n in range(70)), *TEXTS])
    assert np.array_equal(crowd[70:], together)


@pytest.mark.slow
def test_vectors_are_those_of_sentence_transformers(encoder: Encoder) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_folder(ModelOptions())), device="cpu", local_files_only=True)
    known = [text for text in TEXTS if "\ud800" not in text]
    reference = model.encode(known, normalize_embeddings=True, show_progress_bar=False)
    assert np.abs(encoder.encode(known).astype(float) - reference).max() < 1e-3


@pytest.mark.slow
def test_bfloat16_is_nearly_float32(encoder: Encoder) -> None:
    half = load_encoder(ModelOptions(dtype="bfloat16")).encode(TEXTS).astype(float)
    assert np.sum(half * encoder.encode(TEXTS).astype(float), axis=1).min() > 0.999


@pytest.mark.slow
def test_near_texts_are_near(encoder: Encoder) -> None:
    rows = encoder.encode(TEXTS).astype(np.float32)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=2e-3)
    assert rows[2] @ rows[3] > 0.9
    assert rows[2] @ rows[4] < 0.3
