"""Reads obs.yaml and checks it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pydantic import ValidationError

from obs_lib.errors import ConfigError
from obs_lib.settings.settings import Settings

CONFIG_VARIABLE = "OBS_CONFIG"
DEFAULT_FILE = "obs.yaml"


def config_path(given: str | Path | None = None) -> Path | None:
    """The settings file: the one given, else $OBS_CONFIG, else ./obs.yaml where it exists, else None (all defaults)."""
    named = given or os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    default = Path(DEFAULT_FILE)
    return default if default.is_file() else None


def load_settings(given: str | Path | None = None) -> Settings:
    """Read and check the settings; relative paths in the file are taken from the file's folder.

    ConfigError when the file is missing, is not YAML, or holds a key or value that is not allowed.
    """
    path = config_path(given)
    if path is None:
        return Settings()
    return parse_settings(_read(path), path)


def parse_settings(data: dict[str, Any], path: Path) -> Settings:
    """Check settings already read from `path`."""
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        problems = [
            f"{path}: {'.'.join(str(part) for part in item['loc']) or '(file)'}: {_rule(item['msg'])}, found {_found(item)}"
            for item in error.errors()
        ]
        raise ConfigError("\n".join(problems), fix="docs/settings.md lists them all") from error
    return _resolve(settings, path.parent)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("the settings file cannot be read", found=str(error), where=path) from error
    except yaml.YAMLError as error:
        raise ConfigError("the settings file is not YAML", found=str(error)[:300], where=path) from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(
            "the settings file holds no settings", rule="a mapping", found=type(data).__name__, where=path
        )
    return data


def _rule(message: str) -> str:
    message = message.removeprefix("Value error, ")
    if message == "Extra inputs are not permitted":
        return "no such setting"
    return message.replace("Input should be", "must be").replace("Field required", "must be given")


def _found(item: Any) -> str:
    return "nothing" if item["type"] == "missing" else repr(item["input"])[:120]


def _resolve(settings: Settings, folder: Path) -> Settings:
    """The same settings with every relative path taken from `folder`."""

    def absolute(name: str) -> str:
        return name if urlsplit(name).scheme else str((folder / Path(name).expanduser()).resolve())

    lake = settings.lake.model_copy(
        update={
            "root": absolute(settings.lake.root),
            "files": absolute(settings.lake.files) if settings.lake.files else None,
        }
    )
    sources = tuple(
        source.model_copy(update={"path": absolute(source.path)}) if source.path else source
        for source in settings.sources
    )
    encoder, weights, schemas = settings.models.encoder, settings.evaluators.weights, settings.evaluators.json_schemas

    def placed(model: str) -> str:
        """`a/b` is a Hugging Face name; a folder says that it is one."""
        return absolute(model) if model.startswith(("./", "../", "/", "~")) else model

    models = settings.models.model_copy(update={"encoder": placed(encoder)})
    anchors = settings.evaluators.anchors
    evaluators = settings.evaluators.model_copy(
        update={
            "weights": absolute(weights) if weights else None,
            "anchors": absolute(anchors) if anchors else None,
            "json_schemas": {
                name: absolute(given) if isinstance(given, str) else given for name, given in schemas.items()
            },
            "models": {
                metric: chosen.model_copy(update={"model": placed(chosen.model)})
                for metric, chosen in settings.evaluators.models.items()
            },
        }
    )
    judges = {
        name: judge.model_copy(update={"rubric": absolute(judge.rubric)})
        if judge.rubric.endswith((".yaml", ".yml"))
        else judge
        for name, judge in settings.judges.items()
    }
    return settings.model_copy(
        update={"judges": judges, "lake": lake, "sources": sources, "models": models, "evaluators": evaluators}
    )
