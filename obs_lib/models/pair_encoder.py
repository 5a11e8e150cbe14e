"""A claim and its evidence read together: how likely the evidence supports the claim.

The bundled encoder fine-tuned as a cross-encoder (tools/train_pairs.py). Its embeddings and lowest layers are the bundled
encoder's own; the layers above them come with the package, in eight bits a weight. Each pair is run by itself, at its own
length, with a fixed number of threads: it then has the same bits in whatever company it is read (decision record 0002).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_lib.errors import UnknownModel
from obs_lib.models.batches import fixed_threads
from obs_lib.models.folder import digest_file, find_folder
from obs_lib.models.options import ModelOptions
from obs_lib.text import encodable

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = Path(__file__).parent / "weights" / "pair_encoder.safetensors"
LONGEST = 256
"""Tokens of both texts together; the longer one is cut."""
SCALE = ".scale"
"""Behind the name of an int8 matrix: the name of its float32 scales, one a row."""
_CHARACTERS = 32 * LONGEST


class PairEncoder:
    """Reads pairs of (evidence, claim); loads its weights when the first one comes."""

    def __init__(self, threads: int, weights: Path = WEIGHTS) -> None:
        self._threads, self._weights = threads, weights

    @property
    def identity(self) -> str:
        """Name of its content: 16 hex digits."""
        return digest_file(self._weights)[:16]

    def logits(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """float64 log-odds that the evidence supports the claim, shape (len(pairs),).

        UnknownModel where the weights do not fit the bundled encoder.
        """
        import torch

        with fixed_threads(self._threads), torch.inference_mode():
            return np.array([self._read(*pair) for pair in pairs], dtype=np.float64)

    def _read(self, evidence: str, claim: str) -> float:
        model, tokenizer = self._loaded
        texts = encodable(evidence[:_CHARACTERS]), encodable(claim[:_CHARACTERS])
        found = tokenizer(*texts, truncation="longest_first", max_length=LONGEST, return_tensors="pt")
        return float(model(**found).logits[0, 0])

    @functools.cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import transformers

        transformers.utils.logging.disable_progress_bar()
        transformers.utils.logging.set_verbosity_error()
        folder = str(find_folder(ModelOptions()))
        local = {"local_files_only": True, "trust_remote_code": False}
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, use_fast=True, **local)
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=1, use_safetensors=True, **local
        )
        unknown = model.load_state_dict(unpack(self._weights), strict=False).unexpected_keys
        if unknown:
            raise UnknownModel(
                "the pair encoder does not fit the bundled encoder",
                rule="layers of all-MiniLM-L6-v2",
                found=unknown[:3],
                where=self._weights,
                fix="install the package again, whole",
            )
        return model.eval(), tokenizer


def unpack(file: Path) -> dict[str, Tensor]:
    """The weights of a file that `pack` wrote, as float32."""
    from safetensors.torch import load_file

    stored = load_file(file)
    scales = {name: scale for name, scale in stored.items() if name.endswith(SCALE)}
    return {
        name: tensor.float() * scales[name + SCALE][:, None] if name + SCALE in scales else tensor
        for name, tensor in stored.items()
        if name not in scales
    }
