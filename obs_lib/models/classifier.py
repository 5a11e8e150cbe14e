"""Classifiers over texts and pairs of texts: probabilities that do not depend on a text's company.

On a CPU every pair is run by itself, at its own length: with several in one batch the last bits depend on the place in it,
also where all batches have one shape, and there is nothing like the encoder's rounding to float16 to hide that (decision
record 0002). With the thread count fixed a pair then has the same bits in whatever order and batch it is read, and padding
costs nothing. A GPU needs batches to be of use: they have fixed shapes, and equal pairs agree within 1e-3 there.
"""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from obs_lib.catalogue.score import OwnModels
from obs_lib.digests import digest_of
from obs_lib.errors import UnknownModel
from obs_lib.models.batches import batches, fixed_threads
from obs_lib.models.classifier_folder import Found, find_classifier
from obs_lib.models.folder import digest_folder
from obs_lib.models.options import ClassifierOptions
from obs_lib.text import encodable

Pair = tuple[str, str | None]
"""What a model is asked: one text, or two; the second is the one whose tokens are classified."""

_CHARACTERS_PER_TOKEN = 32
"""Text beyond this many characters for each token is cut before tokenising: a text of megabytes costs no more."""


class Token(NamedTuple):
    """Characters [start, end) of the classified text, and the probability that its label counts."""

    start: int
    end: int
    value: float


class Reading(NamedTuple):
    """value : probability in [0, 1] that one of the labels that count holds; for tokens, that of the highest token.

    label : the counted label with the highest probability. tokens : of the classified text, for token classifiers only.
    """

    value: float
    label: str
    tokens: tuple[Token, ...] = ()


class Classifier(Protocol):
    """Judges texts.

    identity : name of everything that decides its numbers. kind : how it is asked, as in ClassifierOptions.
    max_tokens : how many tokens both texts may have together, special ones included.
    """

    @property
    def identity(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def max_tokens(self) -> int: ...

    def read(self, pairs: Sequence[Pair]) -> list[Reading]:
        """One reading for each pair. What is too long for the model is cut: the longer text first."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a text, without special ones."""
        ...

    def split(self, text: str, room: int) -> list[tuple[int, int]]:
        """Characters [start, end) of overlapping pieces of at most `room` tokens that cover the text; one where it fits."""
        ...


def load_classifier(
    metric: str, options: ClassifierOptions, where: str, own: OwnModels | None = None
) -> LocalClassifier:
    """A classifier that loads its weights when the first text comes; arguments as of `find_classifier`.

    UnknownModel at once where its folder shows that it cannot.
    """
    return LocalClassifier(options, find_classifier(metric, options, where, own), where)


class LocalClassifier:
    """A transformers model with a sequence or token classification head. Implements `Classifier`."""

    def __init__(self, options: ClassifierOptions, found: Found, where: str) -> None:
        self._options, self._found, self._where = options, found, where
        self.kind, self.labels = found.kind, found.labels

    @functools.cached_property
    def identity(self) -> str:
        """Known without importing torch (unless the device is 'auto', which only torch can resolve)."""
        profile = self._options.model_dump(exclude={"model", "device", "allow_download"})
        versions = [importlib.metadata.version(name) for name in ("torch", "transformers", "tokenizers")]
        name = digest_of(digest_folder(self._found.folder), profile, self._device, versions)[:16]
        return f"{self.name}@{name}"

    @property
    def name(self) -> str:
        """What people call the model."""
        return Path(self._options.model).name

    def load(self) -> None:
        """Read the weights now. UnknownModel where that fails: `obs config check` asks, so that no night has to find out."""
        self.read([("", "" if self.kind != "classifier" else None)])

    def read(self, pairs: Sequence[Pair]) -> list[Reading]:
        return [self._reading(values, offsets) for values, offsets in self.probabilities(pairs)]

    def probabilities(self, pairs: Sequence[Pair]) -> list[tuple[np.ndarray, list[tuple[int, int]]]]:
        """For each pair float64 probabilities of all labels, before any threshold: shape (1, labels) and no offsets for a
        sequence classifier, (tokens, labels) and characters of each token for a token classifier.
        """
        import torch

        encoded = [self._encode(pair) for pair in pairs]
        lengths = [len(one["input_ids"]) for one in encoded]
        found: dict[int, np.ndarray] = {}
        with fixed_threads(self._options.threads), torch.inference_mode():
            for rows, length, members in self._batches(lengths):
                logits = self._run([encoded[i] for i in members], rows, length)
                found.update((i, logits[place]) for place, i in enumerate(members))
        return [self._activated(found[i], one, pairs[i]) for i, one in enumerate(encoded)]

    def count(self, text: str) -> int:
        return len(self._offsets(text))

    def split(self, text: str, room: int) -> list[tuple[int, int]]:
        room = max(1, min(room, self._options.window_tokens or room))
        offsets = self._offsets(text)
        if len(offsets) <= room:
            return [(0, len(text))]
        step = max(1, room - min(self._options.overlap_tokens, room // 2))
        starts = [*range(0, len(offsets) - room, step), len(offsets) - room]
        return [(offsets[start][0], offsets[start + room - 1][1]) for start in starts]

    @functools.cached_property
    def max_tokens(self) -> int:
        """The smallest of what the settings, the tokenizer and the model's positions allow."""
        model, tokenizer = self._loaded
        positions = getattr(model.config, "max_position_embeddings", None) or self._options.max_tokens
        if model.config.model_type in _POSITIONS_AFTER_PADDING:
            positions -= model.config.pad_token_id + 1
        return int(min(self._options.max_tokens, tokenizer.model_max_length, positions))

    @functools.cached_property
    def _device(self) -> str:
        if self._options.device != "auto":
            return self._options.device
        import torch

        return "cuda" if torch.cuda.is_available() else "cpu"

    @property
    def _loaded(self) -> tuple[Any, Any]:
        """(model, tokenizer); a failure is remembered, so that a night of many batches tries once."""
        outcome = self._load_once
        if isinstance(outcome, UnknownModel):
            raise outcome
        return outcome

    @functools.cached_property
    def _load_once(self) -> tuple[Any, Any] | UnknownModel:
        try:
            return _load(self._found, self._options, self._device)
        except UnknownModel as error:
            return UnknownModel(
                error.what, rule=error.rule, found=error.found, where=f"{self._where}.model", fix=error.fix
            )

    def _batches(self, lengths: Sequence[int]) -> Iterator[tuple[int, int, list[int]]]:
        if self._device == "cpu":
            return ((1, length, [place]) for place, length in enumerate(lengths))
        return batches(lengths, self.max_tokens, self._options.token_budget)

    def _encode(self, pair: Pair) -> Any:
        first, second = pair
        return self._loaded[1](
            self._clean(first),
            None if second is None else self._clean(second),
            truncation="longest_first",
            max_length=self.max_tokens,
            return_offsets_mapping=self.kind == "tokens",
        )

    def _offsets(self, text: str) -> list[tuple[int, int]]:
        encoded = self._loaded[1](encodable(text), add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        return [(start, end) for start, end in encoded["offset_mapping"] if end > start]

    def _clean(self, text: str) -> str:
        return encodable(text[: self.max_tokens * _CHARACTERS_PER_TOKEN])

    def _run(self, encoded: list[Any], rows: int, length: int) -> np.ndarray:
        """float64 logits of one batch; those of its filling rows come last."""
        model, tokenizer = self._loaded
        names = [name for name in tokenizer.model_input_names if name in encoded[0]]
        filled = [*encoded, *([encoded[0]] * (rows - len(encoded)))]
        padded = tokenizer.pad(
            {name: [one[name] for one in filled] for name in names},
            padding="max_length",
            max_length=length,
            return_tensors="pt",
        )
        logits = model(**{name: tensor.to(self._device) for name, tensor in padded.items()}).logits
        return np.asarray(logits.float().cpu().numpy(), dtype=np.float64)

    def _activated(self, logits: np.ndarray, encoded: Any, pair: Pair) -> tuple[np.ndarray, list[tuple[int, int]]]:
        activate = _sigmoid if self._found.activation == "sigmoid" else _softmax
        if self.kind != "tokens":
            return activate(logits[None, :]), []
        classified = 0 if pair[1] is None else 1
        places = [i for i, side in enumerate(encoded.sequence_ids()) if side == classified]
        offsets = [tuple(encoded["offset_mapping"][i]) for i in places]
        return activate(logits[places]), offsets

    def _reading(self, values: np.ndarray, offsets: list[tuple[int, int]]) -> Reading:
        counted = values[:, list(self._found.counted)]
        together = counted.max(axis=1) if self._found.activation == "sigmoid" else counted.sum(axis=1)
        shifted = [recalibrated(float(value), self._options.threshold) for value in together]
        label = self.labels[self._found.counted[int(counted.max(axis=0).argmax())]] if len(counted) else ""
        if self.kind != "tokens":
            return Reading(shifted[0], label)
        tokens = tuple(Token(a, b, value) for (a, b), value in zip(offsets, shifted, strict=True) if b > a)
        return Reading(max((token.value for token in tokens), default=0.0), label, tokens)


_POSITIONS_AFTER_PADDING = frozenset({"roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "longformer", "mpnet"})
"""Models that count positions from behind the padding token, so that fewer are left than the table has rows."""


def recalibrated(value: float, threshold: float) -> float:
    """The probability with its log odds shifted so that `threshold` becomes 0.5; 0 and 1 stay. Rises with `value`.

    >>> recalibrated(0.9, 0.9), recalibrated(0.3, 0.5), recalibrated(0.0, 0.9)
    (0.5, 0.3, 0.0)
    """
    if threshold == 0.5:
        return value
    yes, no = value * (1.0 - threshold), (1.0 - value) * threshold
    return yes / (yes + no)


def _load(found: Found, options: ClassifierOptions, device: str) -> tuple[Any, Any]:
    import torch
    import transformers

    if device == "cuda" and not torch.cuda.is_available():
        raise UnknownModel(
            "the model cannot run on a GPU here", rule="a GPU that torch sees", found="none", fix="device: cpu, or auto"
        )
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    head = "AutoModelForTokenClassification" if found.kind == "tokens" else "AutoModelForSequenceClassification"
    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(found.folder), use_fast=True, **local)
        model, report = getattr(transformers, head).from_pretrained(
            str(found.folder),
            dtype=getattr(torch, options.dtype),
            use_safetensors=True,
            output_loading_info=True,
            **local,
        )
    except (
        Exception
    ) as error:  # transformers raises what its parts raise: OSError, KeyError, RuntimeError, and their own
        raise UnknownModel(
            "the model cannot be loaded",
            found=f"{type(error).__name__}: {error}"[:300],
            fix="docs/models.md says what fits",
        ) from error
    for problem in _problems(model, tokenizer, report, found):
        raise UnknownModel(problem, found=found.folder.name, fix="take the model as it was published, whole")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return model.to(device).eval(), tokenizer


def _problems(model: Any, tokenizer: Any, report: Any, found: Found) -> Iterator[str]:
    """What transformers passes over with a warning, and what would make scores of nothing."""
    lacking = sorted(map(str, (*report["missing_keys"], *report["mismatched_keys"])))
    if lacking:
        yield f"the weights lack {', '.join(lacking[:4])}: the model would answer with random numbers"
    if not tokenizer.is_fast:
        yield "the tokenizer does not say where its tokens stand (it has no tokenizer.json)"
    if len(tokenizer) > model.config.vocab_size:
        yield f"the tokenizer knows {len(tokenizer)} tokens, the model {model.config.vocab_size}"
    if model.config.num_labels != len(found.labels):
        yield f"the model has {model.config.num_labels} labels and names {len(found.labels)}"


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0))))


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))
