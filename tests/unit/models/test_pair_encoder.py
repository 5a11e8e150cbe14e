from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from obs_lib.errors import UnknownModel
from obs_lib.models.pair_encoder import SCALE, WEIGHTS, PairEncoder, unpack

EVIDENCE = (
    "The bridge was opened in 1968 by the mayor of Bergen. It is 412 metres long and carries two lanes of traffic."
)
SUPPORTED = ["The mayor of Bergen opened the bridge in 1968.", "The bridge has two lanes."]
CONTRADICTED = [
    "The mayor of Oslo opened the bridge in 1968.",
    "The bridge was never opened.",
    "The bridge has six lanes.",
]


@pytest.fixture(scope="module")
def encoder() -> PairEncoder:
    return PairEncoder(threads=1)


def test_what_the_evidence_says_is_likelier_than_what_it_contradicts(encoder: PairEncoder) -> None:
    supported, contradicted = (
        encoder.logits([(EVIDENCE, claim) for claim in claims]) for claims in (SUPPORTED, CONTRADICTED)
    )
    assert supported.min() > contradicted.max()


def test_a_pair_has_the_same_bits_in_whatever_company_it_is_read(encoder: PairEncoder) -> None:
    pairs = [(EVIDENCE, claim) for claim in (*SUPPORTED, *CONTRADICTED)] + [("", ""), ("\ud800 lone", "x" * 20_000)]
    together = encoder.logits(pairs)
    alone = [encoder.logits([pair])[0] for pair in reversed(pairs)]
    assert np.isfinite(together).all()
    assert together.tolist() == alone[::-1]


def test_nothing_is_loaded_for_nothing() -> None:
    encoder = PairEncoder(1, Path("nowhere.safetensors"))
    assert encoder.logits([]).shape == (0,)


def test_matrices_come_back_within_half_a_step(tmp_path: Path) -> None:
    stored = load_file(WEIGHTS)
    matrices = [name for name in stored if name + SCALE in stored]
    assert matrices
    assert all(stored[name].dtype == torch.int8 for name in matrices)
    name = matrices[0]
    assert torch.equal(unpack(WEIGHTS)[name], stored[name].float() * stored[name + SCALE][:, None])


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    save_file({"decoder.weight": torch.zeros(2, 2)}, tmp_path / "other.safetensors")
    with pytest.raises(UnknownModel, match="does not fit the bundled encoder"):
        PairEncoder(1, tmp_path / "other.safetensors").logits([(EVIDENCE, SUPPORTED[0])])
