"""Settings: refused with file, key, rule and value; relative to their file; the table in docs/settings.md is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from obs_lib.errors import ConfigError
from obs_lib.settings.loading import load_settings
from obs_lib.settings.settings import Settings
from tools.settings_table import PAGE, rows, updated


def write(folder: Path, text: str) -> Path:
    path = folder / "obs.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("drift: {min_days: -3}", ["drift.min_days", "must be", "found -3"]),
        ("drfit: {}", ["drfit", "no such setting"]),
        ("scoring: {max_scored: many}", ["scoring.max_scored", "found 'many'"]),
        ("lake: {root: 's3://key:secret@bucket'}", ["lake.root", "free of credentials"]),
        ("- a\n- b", ["a mapping", "found 'list'"]),
        ("a: [", ["not YAML"]),
        ("drift: {min_days: 0}\nalerts: {nope: 1}", ["drift.min_days", "alerts.nope"]),
    ],
)
def test_what_is_not_allowed_is_named(tmp_path: Path, text: str, says: list[str]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    for part in [str(path), *says]:
        assert part in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        load_settings(tmp_path / "absent.yaml")


def test_paths_are_taken_from_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "lake: {root: here/lake}\nsources: [{format: native, path: ../logs}]")
    monkeypatch.chdir("/")
    settings = load_settings(path)
    assert settings.lake.root == str(tmp_path / "here/lake")
    assert settings.sources[0].path == str(tmp_path.parent / "logs")


def test_so_are_those_of_encoder_heads_and_schemas(tmp_path: Path) -> None:
    text = "models: {encoder: ./model}\nevaluators: {weights: heads, json_schemas: {a: a.json, b: {type: object}}}"
    settings = load_settings(write(tmp_path, text))
    assert settings.models.encoder == str(tmp_path / "model")
    assert settings.evaluators.weights == str(tmp_path / "heads")
    assert settings.evaluators.json_schemas == {"a": str(tmp_path / "a.json"), "b": {"type": "object"}}


@pytest.mark.parametrize("name", ["bundled", "BAAI/bge-small-en-v1.5"])
def test_the_name_of_an_encoder_is_no_path(tmp_path: Path, name: str) -> None:
    assert load_settings(write(tmp_path, f"models: {{encoder: {name}}}")).models.encoder == name


def test_an_empty_file_is_all_defaults(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, "")).digest() == Settings().digest()


def test_the_digest_names_what_changes_results_and_nothing_else(tmp_path: Path) -> None:
    base = Settings().digest()
    same = ["lake: {root: other}", "scoring: {shards: 7, reuse: false}", "schedule: {look_back_days: 5}"]
    other = ["scoring: {max_scored: 10}", "drift: {window_days: 5}", "segments: [task]", "models: {threads: 1}"]
    assert [load_settings(write(tmp_path, text)).digest() == base for text in same] == [True] * len(same)
    assert [load_settings(write(tmp_path, text)).digest() == base for text in other] == [False] * len(other)


def test_the_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBS_CONFIG", str(write(tmp_path, "segments: [team]")))
    assert load_settings().segments == ("team",)


def test_the_projects_own_file_holds() -> None:
    assert load_settings(PAGE.parent.parent / "obs.yaml").sources[0].format == "native"


def test_every_setting_says_what_it_is() -> None:
    assert [key for key, _, text in rows(Settings) if len(text) < 10] == []


def test_the_page_lists_every_setting_with_its_default() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert updated(text) == text, "run `make docs`"
