"""Reads obs.yaml and checks it."""

from __future__ import annotations

import os
import reprlib
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from obs_lib.alerts.options import AlertOptions
from obs_lib.catalogue import EVALUATORS
from obs_lib.errors import ConfigError
from obs_lib.options import FOLDER, NAMES_LATER
from obs_lib.settings.renamed import old_names
from obs_lib.settings.settings import DEFAULT_NAME, Settings
from obs_lib.yaml_text import read_yaml

CONFIG_VARIABLE = "OBS_CONFIG"
DEFAULT_FILE = "obs.yaml"
_SHORT = reprlib.Repr()  # aliases in a file can stand for more than memory holds
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 120
_FIX = "docs/settings.md lists them all"


def config_path(given: str | Path | None = None) -> Path | None:
    """The settings file: the one given, else $OBS_CONFIG, else ./obs.yaml where it exists, else None (all defaults)."""
    named = given or os.environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named)
    default = Path(DEFAULT_FILE)
    return default if default.is_file() else None


def load_settings(given: str | Path | None = None, *, names: bool = True) -> Settings:
    """Read and check the settings; relative paths in the file are taken from the file's folder.

    From here on this process knows the evaluators that the settings name.

    names : whether metrics and scores that the settings name must be there, which may import evaluators; a Dag's parse
        leaves that to the tasks. ConfigError when the file is missing, is not YAML, or holds a key or value that is not
        allowed.
    """
    path = config_path(given)
    if path is None:
        EVALUATORS.use(())
        return Settings()
    return parse_settings(_read(path), path, names=names)


def watch_name(path: Path) -> str:
    """The name that a settings file gives its watch, unchecked, without the rest. ConfigError where it is no YAML."""
    return str(_read(path).get("name", DEFAULT_NAME))


def load_alert_policy(path: Path) -> AlertOptions:
    """The section `alerts` of a settings file, of which nothing else is read; metrics that it names are the process's.

    ConfigError where the file has none, or one that is not allowed.
    """
    data = _read(path)
    if "alerts" not in data:
        raise ConfigError(
            "the file holds no policy", rule="a section `alerts`", found=", ".join(map(str, data))[:120], where=path
        )
    section = {"alerts": data["alerts"]}
    if renamed := [f"{path}: {line}" for line in old_names(section)]:
        raise ConfigError("\n".join(renamed))
    policy = _validated(section, path).alerts
    try:
        policy.check_names()
    except ValueError as error:
        raise ConfigError(f"{path}: alerts: {error}", fix=_FIX) from error
    return policy


def parse_settings(data: dict[str, Any], path: Path, *, names: bool = True) -> Settings:
    """Check settings already read from `path`; a relative path in them starts at its folder. names : as above."""
    if renamed := [f"{path}: {line}" for line in old_names(data)]:
        raise ConfigError("\n".join(renamed))
    settings = _validated(data, path)
    EVALUATORS.use(settings.evaluators.extensions(path))
    if names:
        _check_names(settings, path)
    return settings


def _check_names(settings: Settings, path: Path) -> None:
    """ConfigError with every name in the settings that means nothing."""
    problems = []
    for section in ("evaluators", "drift", "alerts"):
        try:
            getattr(settings, section).check_names()
        except ValueError as error:
            problems.append(f"{path}: {section}: {error}")
    if problems:
        raise ConfigError("\n".join(problems), fix=_FIX)


def _validated(data: dict[str, Any], path: Path) -> Settings:
    try:
        return Settings.model_validate(data, context={FOLDER: path.parent, NAMES_LATER: True})
    except ValidationError as error:
        problems = [
            f"{path}: {'.'.join(str(part) for part in item['loc']) or '(file)'}: {_rule(item['msg'])}, found {_found(item)}"
            for item in error.errors()
        ]
        raise ConfigError("\n".join(problems), fix=_FIX) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        data = read_yaml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("the settings file cannot be read", found=str(error), where=path) from error
    except yaml.YAMLError as error:
        raise ConfigError(
            "the settings file is not YAML", found=" ".join(str(error).split())[:300], where=path
        ) from error
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
    return "nothing" if item["type"] == "missing" else _SHORT.repr(item["input"])[:120]
