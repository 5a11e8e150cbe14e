"""Composes every stage's options. The one place that reads obs.yaml and the environment; frozen once loaded."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from obs_lib.alerts.options import AlertOptions
from obs_lib.connections import Connection
from obs_lib.digests import digest_of
from obs_lib.drift.options import DriftOptions
from obs_lib.errors import ConfigError
from obs_lib.evaluators.judge.options import JudgeOptions
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.keeping_options import KeepingOptions
from obs_lib.lake_options import LakeOptions
from obs_lib.models.options import ModelOptions
from obs_lib.pipeline.options import ScheduleOptions, ScoringOptions
from obs_lib.redaction.options import RedactionOptions
from obs_lib.reporting.options import ReportOptions
from obs_lib.sources.options import SourceOptions
from obs_lib.summaries.label_options import LabelOptions
from obs_lib.summaries.options import SummaryOptions

CONFIG_VARIABLE = "OBS_CONFIG"
NOTIFY_VARIABLE = "OBS_NOTIFY_URLS"
CONNECTION_PREFIX = "OBS_CONNECTION_"
DEFAULT_FILE = "obs.yaml"

_PLACING = {
    "scoring": ("shards", "reuse", "reuse_days"),
    # What these files hold is named by the encoder's identity and the evaluators' versions, wherever they lie.
    "models": ("encoder",),
    "evaluators": ("weights", "json_schemas", "anchors"),
}


class Settings(BaseModel):
    """Everything that can be set. Secrets have no place here: they come from the environment or an Airflow connection."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lake: LakeOptions = Field(default_factory=LakeOptions)
    sources: tuple[SourceOptions, ...] = Field(
        default_factory=lambda: (SourceOptions(path="logs"),), description="Log sources, read one after another."
    )
    segments: tuple[str, ...] = Field(("route",), description="Tags by whose values every number is also sliced.")
    scoring: ScoringOptions = Field(default_factory=ScoringOptions)
    models: ModelOptions = Field(default_factory=ModelOptions)
    evaluators: EvaluatorOptions = Field(default_factory=EvaluatorOptions)
    judges: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], JudgeOptions] = Field(
        default_factory=dict,
        description="Language models as judges, by the score they give: `groundedness`, `toxicity`, `relevance` or `refusal` "
        "takes the local evaluator's place, any other name is a metric of its own, `judge:<name>` or `judge_rate:<name>`.",
    )
    summaries: SummaryOptions = Field(default_factory=SummaryOptions)
    labels: LabelOptions = Field(default_factory=LabelOptions)
    drift: DriftOptions = Field(default_factory=DriftOptions)
    alerts: AlertOptions = Field(default_factory=AlertOptions)
    redaction: RedactionOptions = Field(default_factory=RedactionOptions)
    report: ReportOptions = Field(default_factory=ReportOptions)
    schedule: ScheduleOptions = Field(default_factory=ScheduleOptions)
    keeping: KeepingOptions = Field(default_factory=KeepingOptions)

    @model_validator(mode="after")
    def _rows_outlive_their_use(self) -> Settings:
        needed = self.drift.window_days + self.schedule.look_back_days
        if self.keeping.rows_days is not None and self.keeping.rows_days <= needed:
            raise ValueError(
                f"keeping.rows_days more than drift.window_days and schedule.look_back_days together ({needed})"
            )
        return self

    @property
    def judged_scores(self) -> tuple[str, ...]:
        """The scores that judges give in a night. ConfigError where a rubric cannot be read."""
        if not self.judges:
            return ()  # a Dag file that is parsed asks this, and need not load what it never uses
        from obs_lib.evaluators.judge.rubric import load_rubric, score_name

        rubrics = [(name, load_rubric(judge.rubric)) for name, judge in sorted(self.judges.items())]
        return tuple(score_name(name, rubric) for name, rubric in rubrics if rubric.kind == "score")

    def digest(self, *sections: str) -> str:
        """Name of the settings that change results; where data lies and how work is spread do not.

        Judges are left out: what decides their verdicts stands in the versions of the evaluators that they are.
        """
        chosen = sections or (
            *(
                "segments",
                "scoring",
                "models",
                "evaluators",
                "summaries",
                "labels",
                "drift",
                "alerts",
                "redaction",
                "report",
            ),
        )
        dump = self.model_dump(mode="json", include=set(chosen))
        for section, placings in _PLACING.items():
            for placing in placings:
                dump.get(section, {}).pop(placing, None)
        for model in dump.get("evaluators", {}).get("models", {}).values():
            del model["model"]  # likewise named by the evaluators' versions
        return digest_of(dump)


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
        raise ConfigError("\n".join(problems), fix="see the settings in README.md") from error
    return _resolve(settings, path.parent)


def notify_urls() -> tuple[str, ...]:
    """Apprise URLs of the channels that take pages, from the environment, separated by spaces."""
    return tuple(os.environ.get(NOTIFY_VARIABLE, "").split())


def environment_connection(name: str) -> Connection:
    """The connection in $OBS_CONNECTION_<NAME>, an address such as s3://key:secret@?endpoint_url=... ; ConfigError if unset."""
    variable = CONNECTION_PREFIX + re.sub(r"\W", "_", name).upper()
    address = os.environ.get(variable)
    if not address:
        raise ConfigError("a connection is named that is not known", rule=f"set in ${variable}", found=name)
    return Connection.from_uri(address)


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
