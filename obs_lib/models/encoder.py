"""Texts to unit vectors, so that a text has one vector whatever its company.

Floating-point sums depend on the shape of the batch that they are computed in. So every batch of a given length has the
same shape, short ones are filled up with empty rows, and the thread count is fixed: then a text's vector is
bit-identical in whatever order and company it is encoded, and can be kept and reused over days.
"""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from obs_lib.digests import digest_of
from obs_lib.models.batches import batches, fixed_threads
from obs_lib.models.folder import WEIGHTS, digest_folder, find_folder
from obs_lib.models.options import BUNDLED, ModelOptions
from obs_lib.models.pair_encoder import PairEncoder
from obs_lib.models.pieces import PIECE, READ
from obs_lib.models.tokens import Tokens, joined
from obs_lib.text import encodable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


_OVERLAP = 8
"""Windows of a long text share one in so many of their tokens."""

_CHARACTERS_PER_TOKEN = 32
"""Text beyond this many characters for each token is cut before tokenising: a text of megabytes costs no more."""


class Encoder(Protocol):
    """Turns texts into unit vectors.

    identity : name of everything that decides the vectors: weights, precision, lengths, batch shape, threads, device.
    weights : name of the weights alone, `<model>@<16 hex digits of their content>`: what a head trained on vectors fits.
    dimension : length of a vector.
    """

    @property
    def identity(self) -> str: ...

    @property
    def weights(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """float16 array of shape (len(texts), dimension), rows of length 1 up to rounding."""
        ...

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """What `models.tokens.TokenEncoder` promises."""
        ...

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """float64 log-odds that the first text of each pair supports the second, shape (len(pairs),)."""
        ...


def load_encoder(options: ModelOptions) -> Encoder:
    """An encoder that loads its weights when the first text comes, once a process: equal options give the same one.

    UnknownModel (here already, before any work) when there is no such model.
    """
    return _shared(options, find_folder(options))


@functools.lru_cache(maxsize=1)  # a process works with one; another takes its place in memory
def _shared(options: ModelOptions, folder: Path) -> SentenceEncoder:
    return SentenceEncoder(options, folder)


class SentenceEncoder:
    """A sentence-transformers model run in batches of fixed shape."""

    def __init__(self, options: ModelOptions, folder: Path) -> None:
        self._options, self._folder = options, folder

    @functools.cached_property
    def identity(self) -> str:
        """Known without importing torch (unless the device is 'auto', which only torch can resolve)."""
        profile = self._options.model_dump(include={"max_tokens", "token_budget", "threads", "dtype"})
        versions = [importlib.metadata.version(name) for name in ("torch", "transformers", "sentence-transformers")]
        reading = [PIECE, READ]  # how `vectors.gather` reads a long text: vectors are kept under this name
        return f"{self._name}@{digest_of(digest_folder(self._folder), profile, self._device, versions, reading)[:16]}"

    @functools.cached_property
    def weights(self) -> str:
        """The same on every machine and in every release of the libraries: heads are kept for longer than those last."""
        return f"{self._name}@{digest_folder(self._folder, (WEIGHTS,))[:16]}"

    @functools.cached_property
    def dimension(self) -> int:
        return int(self.encode([""]).shape[1])

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        if not texts:
            return np.empty((0, self.dimension), np.float16)
        import torch

        with fixed_threads(self._options.threads), torch.inference_mode():
            rows = self._all([self._tokenize(text) for text in texts], "sentence_embedding")
        return np.stack(rows)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        import torch

        with fixed_threads(self._options.threads), torch.inference_mode():
            windows = [self._windows(text) for text in texts]
            states = iter(self._all([ids for each in windows for ids, _ in each], "token_embeddings"))
            return [joined([_real(spans, next(states)) for _, spans in each]) for each in windows]

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        return self._pair_encoder.logits(pairs)

    @functools.cached_property
    def _pair_encoder(self) -> PairEncoder:
        """The package's, whatever the encoder: its layers stand on the bundled one's."""
        return PairEncoder(self._options.threads)

    @property
    def _name(self) -> str:
        return "all-MiniLM-L6-v2" if self._options.encoder == BUNDLED else Path(self._options.encoder).name

    @functools.cached_property
    def _device(self) -> str:
        if self._options.device != "auto":
            return self._options.device
        import torch

        return "cuda" if torch.cuda.is_available() else "cpu"

    @functools.cached_property
    def _model(self) -> SentenceTransformer:
        import torch
        import transformers
        from sentence_transformers import SentenceTransformer

        transformers.utils.logging.disable_progress_bar()
        transformers.utils.logging.set_verbosity_error()
        model = SentenceTransformer(
            str(self._folder),
            device=self._device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": getattr(torch, self._options.dtype), "use_safetensors": True},
        ).eval()
        if model.tokenizer.pad_token is None:
            model.tokenizer.pad_token = model.tokenizer.eos_token
        return model

    @functools.cached_property
    def _max_tokens(self) -> int:
        return min(self._options.max_tokens, self._model.max_seq_length or self._options.max_tokens)

    def _tokenize(self, text: str) -> list[int]:
        model = self._model
        prefix = model.prompts.get(model.default_prompt_name or "", "")
        clean = encodable(text[: self._max_tokens * _CHARACTERS_PER_TOKEN])
        ids: list[int] = model.tokenizer(prefix + clean, truncation=True, max_length=self._max_tokens)["input_ids"]
        return ids

    def _windows(self, text: str) -> list[tuple[list[int], np.ndarray]]:
        """Token ids of each window, with the model's own marks, and their places in the text (empty for a mark)."""
        longest = self._max_tokens
        clean = encodable(text)
        found = self._model.tokenizer(
            clean,
            truncation=True,
            max_length=longest,
            stride=longest // _OVERLAP,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        return [
            (ids, np.array(spans, dtype=np.int32).reshape(-1, 2))
            for ids, spans in zip(found["input_ids"], found["offset_mapping"], strict=True)
        ]

    def _all(self, tokens: list[list[int]], output: str) -> list[np.ndarray]:
        """One array a text, in order, whatever batches they were computed in."""
        rows: dict[int, np.ndarray] = {}
        lengths = [len(ids) for ids in tokens]
        for size, length, members in batches(lengths, self._max_tokens, self._options.token_budget):
            found = self._run([tokens[i] for i in members], (size, length), output)
            rows.update(zip(members, found, strict=False))
        return [rows[i] for i in range(len(tokens))]

    def _run(self, tokens: list[list[int]], shape: tuple[int, int], output: str) -> np.ndarray:
        """float16 vectors (of texts or of their tokens) of one batch, followed by those of its filling rows."""
        import torch

        model = self._model
        size, length = shape
        filling = [tokens[0][:1]] * (size - len(tokens))
        padded: Any = model.tokenizer.pad(
            {"input_ids": tokens + filling}, padding="max_length", max_length=length, return_tensors="pt"
        )
        features = {name: tensor.to(self._device) for name, tensor in padded.items()}
        vectors = model(features)[output].float()
        unit = torch.nn.functional.normalize(vectors, dim=-1)
        return np.asarray(unit.to(torch.float16).cpu().numpy())


def _real(spans: np.ndarray, states: np.ndarray) -> Tokens:
    """The tokens that stand for text, without marks and padding."""
    real = spans[:, 1] > spans[:, 0]
    return Tokens(spans[real], states[: len(spans)][real])
