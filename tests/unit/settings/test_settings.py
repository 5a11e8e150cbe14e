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


@pytest.mark.parametrize(
    "text",
    [
        "schedule: {start_date: 2023-02-30}",
        "schedule: {start_date: 2001-99-99T99:99:99Z}",
        "scoring: {shards: 0x_}",
        "scoring: {shards: 0b_}",
        "alerts: {max_age_hours: .inf}",
        "alerts: {objectives: {ttft_p95: .nan}}",
        'lake: {root: "a\\0b"}',
        "lake: {root: a\x00b}",
        "lake: {root: ~nobody-of-that-name/lake}",
        "a: " + "[" * 5_000 + "]" * 5_000,
        "{a: " * 3_000 + "1" + "}" * 3_000,
        "scoring: {shards: " + "9" * 5_000 + "}",
        "a: &x [*x]",
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "? [a]\n: b",
        "null: 1",
        "a: !!python/object/apply:os.system [true]",
    ],
    ids=lambda text: text[:24],
)
def test_whatever_a_file_holds_is_refused_with_a_message(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=r"obs\.yaml") as caught:
        load_settings(path)
    assert len(str(caught.value)) < 5_000


def test_a_value_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"day is out of range.*line 2, column 15"):
        load_settings(write(tmp_path, "schedule:\n  start_date: 2023-02-30\n"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml"):
        load_settings(tmp_path / "absent.yaml")


def test_paths_are_taken_from_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "lake: {root: here/lake}\nsources: [{format: native, path: ../logs}]")
    monkeypatch.chdir("/")
    settings = load_settings(path)
    assert settings.lake.root == str(tmp_path / "here/lake")
    assert settings.sources[0].path == str(tmp_path.parent / "logs")


def test_so_are_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "segments: []")
    monkeypatch.chdir("/")
    settings = load_settings(path)
    assert settings.lake.root == str(tmp_path / "lake")
    assert settings.sources[0].path == str(tmp_path / "logs")
    assert (Settings().lake.root, Settings().sources[0].path) == ("lake", "logs")


@pytest.mark.parametrize("name", ["s3://bucket/lake", "/somewhere/else"])
def test_an_address_or_a_whole_path_stays_as_it_is(tmp_path: Path, name: str) -> None:
    assert load_settings(write(tmp_path, f"lake: {{root: '{name}'}}")).lake.root == name


def test_the_rubric_of_a_judge_is_a_file_where_it_looks_like_one(tmp_path: Path) -> None:
    text = (
        "judges: {one: {rubric: mine.yaml, model: m, connection: c}, two: {rubric: toxicity, model: m, connection: c}}"
    )
    judges = load_settings(write(tmp_path, text)).judges
    assert [judges[name].rubric for name in ("one", "two")] == [str(tmp_path / "mine.yaml"), "toxicity"]


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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("keeping: {rows_days: 30}", ["keeping: is called retention now"]),
        (
            "alerts: {page_severities: [P0], family_weights: {latency at equal tokens: 1}}",
            [
                "alerts.page_severities: is called notify_severities now",
                "alerts.family_weights.latency at equal tokens: is called token-adjusted latency now",
            ],
        ),
        (
            "alerts: {objectives: {'context_utilisation:corrected': 0.5, context_utilisation: 0.4}}",
            [
                "alerts.objectives.context_utilisation:corrected: is called context_utilization:corrected now",
                "alerts.objectives.context_utilisation: is called context_utilization now",
            ],
        ),
        (
            "scoring: {evaluators: [format, utilisation]}\njudges: {utilisation: {}}\nlabels: {scores: {utilisation: {}}}",
            [
                "scoring.evaluators.utilisation: is called context_utilization now",
                "labels.scores.utilisation: is called context_utilization now",
                "judges.utilisation: is called context_utilization now",
            ],
        ),
        (
            "alerts: {objective_severities: {context_utilisation: P1}}\ndrift: {min_changes: {context_utilisation: 1}}",
            [
                "alerts.objective_severities.context_utilisation: is called context_utilization now",
                "drift.min_changes.context_utilisation: is called context_utilization now",
            ],
        ),
    ],
)
def test_what_is_called_otherwise_now_is_told_in_one_line(tmp_path: Path, text: str, says: list[str]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value).splitlines() == [f"{path}: {line}" for line in says]


@pytest.mark.parametrize("text", ["scoring: 3", "alerts: [x]", "scoring: {evaluators: format}", "judges: null"])
def test_what_has_another_shape_is_refused_by_its_own_rule(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="found"):
        load_settings(write(tmp_path, text))


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
