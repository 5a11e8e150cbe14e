"""What a classifier's folder says of itself, checked before anything heavy is imported and long before it is run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obs_lib.catalogue import score_of, scores
from obs_lib.catalogue.score import OwnModels
from obs_lib.errors import UnknownModel
from obs_lib.models.folder import WEIGHTS, named_folder
from obs_lib.models.labels import HALLUCINATION, counted_labels
from obs_lib.models.options import ClassifierOptions

_HEADS = {"tokens": "ForTokenClassification"}
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")


@dataclass(frozen=True)
class Found:
    """A classifier on disk.

    kind : how it is asked, as in the options. labels : in the order of its logits. counted : indices of those that count.
    activation : "softmax" or "sigmoid".
    """

    folder: Path
    kind: str
    labels: tuple[str, ...]
    counted: tuple[int, ...]
    activation: str


def find_classifier(metric: str, options: ClassifierOptions, where: str, own: OwnModels | None = None) -> Found:
    """Find and check the model that gives the score `metric`.

    where : the section of the settings, for errors. own : which models may give it; None: what the score of that name
    declares, which an evaluator cannot ask for while it is being declared itself.

    UnknownModel when there is none, when it would need pickled weights or code of its own, when its head or its labels are
    not of the kind, or when it has no tokenizer.
    """
    folder = named_folder(options.model, options.allow_download, where)
    config = _config(folder, where)
    _refuse_foreign_code(folder, config)
    _check_files(folder, where)
    own = own or own_models(metric, where)
    kind = _kind(metric, own.kinds, options, (config, where))
    labels = _labels(config, folder)
    asked, meaning = ("hallucination", HALLUCINATION) if kind == "tokens" else (metric, own)
    counted = counted_labels(asked, meaning, labels, options.labels, where)
    return Found(folder, kind, labels, counted, options.activation or _activation(config, kind, len(labels)))


def own_models(metric: str, where: str) -> OwnModels:
    """Which models may give a score. UnknownModel where none may."""
    known = score_of(metric)
    if known is None or known.own_models is None:
        rule = "one of " + ", ".join(score.name for score in scores() if score.own_models)
        raise UnknownModel("no model can give it", rule=rule, found=metric, where=where)
    return known.own_models


def _config(folder: Path, where: str) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnknownModel(
            "this folder holds no model",
            rule="a folder with config.json, *.safetensors and a tokenizer",
            found=f"{type(error).__name__}: {error}"[:200],
            where=f"{where}.model {folder}",
        ) from error
    if not isinstance(config, dict):
        raise UnknownModel(
            "config.json describes no model", rule="a mapping", found=type(config).__name__, where=folder
        )
    return config


def _refuse_foreign_code(folder: Path, config: dict[str, Any]) -> None:
    places: dict[str, Any] = {"config.json": config}
    tokenizer = folder / "tokenizer_config.json"
    if tokenizer.is_file():
        places[tokenizer.name] = json.loads(tokenizer.read_text(encoding="utf-8"))
    for name, content in places.items():
        if isinstance(content, dict) and content.get("auto_map"):
            raise UnknownModel(
                "this model needs code of its own, which is never run",
                rule="of an architecture that transformers has",
                found=content["auto_map"],
                where=folder / name,
                fix="choose a model without auto_map; docs/models.md names some",
            )


def _check_files(folder: Path, where: str) -> None:
    if not any(folder.glob(WEIGHTS)):
        pickled = sorted(
            path.name for pattern in ("*.bin", "*.pt", "*.h5", "*.msgpack") for path in folder.glob(pattern)
        )
        raise UnknownModel(
            "this model has no weights that can be read safely",
            rule="*.safetensors; pickled weights can run code and are not opened",
            found=pickled or "no weights",
            where=f"{where}.model {folder}",
            fix="take a revision with safetensors, or convert it once, where you trust it: "
            "AutoModelForSequenceClassification.from_pretrained(A).save_pretrained(B)",
        )
    if not any(path for pattern in _TOKENIZERS for path in folder.glob(pattern)):
        raise UnknownModel(
            "this model has no tokenizer",
            rule="one of " + ", ".join(_TOKENIZERS),
            found=sorted(path.name for path in folder.iterdir())[:12],
            where=f"{where}.model {folder}",
        )


def _kind(metric: str, kinds: tuple[str, ...], options: ClassifierOptions, read: tuple[dict[str, Any], str]) -> str:
    config, where = read
    head = str((config.get("architectures") or [""])[0])
    marks_tokens = head.endswith(_HEADS["tokens"]) and "tokens" in kinds
    kind = options.kind or ("tokens" if marks_tokens else kinds[0])
    if kind not in kinds:
        raise UnknownModel(
            f"a model of this kind cannot give {metric}",
            rule=" or ".join(kinds),
            found=kind,
            where=f"{where}.kind",
        )
    needed = _HEADS.get(kind, "ForSequenceClassification")
    if not head.endswith(needed):
        raise UnknownModel(
            "the model has another head",
            rule=f"an architecture {needed}",
            found=head or "none named",
            where=f"{where}.model, config.json, architectures",
            fix="choose a model that was trained for this; docs/models.md names some",
        )
    return kind


def _labels(config: dict[str, Any], folder: Path) -> tuple[str, ...]:
    """In the order of the logits; without id2label there are num_labels unnamed ones, two by default, as in transformers."""
    named = config.get("id2label")
    if named is None:
        return tuple(f"LABEL_{i}" for i in range(int(config.get("num_labels", 2))))
    try:
        return tuple(str(named[str(i)]) for i in range(len(named)))
    except (KeyError, TypeError) as error:
        raise UnknownModel(
            "the model's labels cannot be read",
            rule='a mapping {"0": ..., "1": ...} in id2label',
            found=str(named)[:120],
            where=folder / "config.json",
        ) from error


def _activation(config: dict[str, Any], kind: str, labels: int) -> str:
    """As transformers' own pipelines choose."""
    if kind == "tokens":
        return "softmax"
    return "sigmoid" if labels == 1 or config.get("problem_type") == "multi_label_classification" else "softmax"
