from __future__ import annotations

import json
from pathlib import Path

import pytest

from obs_lib.errors import UnknownModel
from obs_lib.models.encoder import load_encoder
from obs_lib.models.folder import WEIGHTS, digest_file, digest_folder, find_folder
from obs_lib.models.options import ModelOptions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "modules.json").write_text(json.dumps([{"type": "sentence_transformers.models.Transformer"}]))
    return tmp_path


def test_the_bundled_encoder_is_found() -> None:
    assert (find_folder(ModelOptions()) / "model.safetensors").is_file()


def test_a_folder_is_taken_as_it_is(folder: Path) -> None:
    assert find_folder(ModelOptions(encoder=str(folder))) == folder


@pytest.mark.parametrize("name", ["nobody/no-such-model", "not a name", "/no/such/folder"])
def test_an_unknown_encoder_is_named_with_what_to_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UnknownModel, match=r"models\.encoder") as caught:
        load_encoder(ModelOptions(encoder=name))
    assert "allow_download" in str(caught.value)
    assert repr(name) in str(caught.value)


def test_pickled_weights_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UnknownModel, match="safetensors"):
        find_folder(ModelOptions(encoder=str(folder)))


def test_an_encoder_with_code_of_its_own_is_refused(folder: Path) -> None:
    (folder / "modules.json").write_text(json.dumps([{"type": "custom_st.Transformer"}]))
    with pytest.raises(UnknownModel, match="code of its own"):
        find_folder(ModelOptions(encoder=str(folder)))


def test_the_digest_names_the_content(folder: Path) -> None:
    before, weights = digest_folder(folder), digest_folder(folder, (WEIGHTS,))
    digest_file.cache_clear()
    assert digest_folder(folder) == before
    (folder / "config.json").write_text('{"other": 1}')
    digest_file.cache_clear()
    assert digest_folder(folder) != before
    assert digest_folder(folder, (WEIGHTS,)) == weights
    (folder / "model.safetensors").write_bytes(b"other weights")
    digest_file.cache_clear()
    assert digest_folder(folder, (WEIGHTS,)) != weights
