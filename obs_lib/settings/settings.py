"""Composes every stage's options; frozen once made."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from obs_lib.alerts.delivery_options import DeliveryOptions
from obs_lib.alerts.options import AlertOptions
from obs_lib.digests import digest_of
from obs_lib.drift.options import DriftOptions
from obs_lib.evaluators.judge.options import JudgeOptions
from obs_lib.evaluators.judge.rubric import judged_score
from obs_lib.evaluators.options import EvaluatorOptions
from obs_lib.exports.options import ExportName, ExportOptions
from obs_lib.lake.options import LakeOptions
from obs_lib.lake.retention import RetentionOptions
from obs_lib.models.options import ModelOptions
from obs_lib.options import ChangesNoResult, deciding
from obs_lib.redaction.options import RedactionOptions
from obs_lib.reporting.options import ReportOptions
from obs_lib.settings.schedule import ScheduleOptions
from obs_lib.settings.scoring import ScoringOptions
from obs_lib.sources.options import SourceOptions
from obs_lib.summaries.label_options import LabelOptions
from obs_lib.summaries.options import SummaryOptions

DEFAULT_NAME = "obs"

WatchName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"), ChangesNoResult("what Airflow calls it")
]
JudgeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Settings(BaseModel):
    """Everything that can be set. Secrets have no place here: they come from the environment or an Airflow connection."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: WatchName = Field(
        DEFAULT_NAME,
        description="Name of the watch, by which an Airflow tells it from its others: Dags, assets and pages bear it.",
    )
    # Defaults are validated where they hold a path, which starts at the settings file's folder like a given one.
    lake: Annotated[LakeOptions, ChangesNoResult("where data lies")] = Field(
        default_factory=dict, validate_default=True
    )
    sources: Annotated[tuple[SourceOptions, ...], ChangesNoResult("what is read names the day's rows")] = Field(
        default_factory=lambda: ({"path": "logs"},),
        validate_default=True,
        description="Log sources, read one after another.",
    )
    segments: tuple[str, ...] = Field(
        ("route",),
        description="Tags by whose values every number is also sliced; also `prompt_language` and `response_language`, "
        "in which texts are written, and `topic`, what prompts are about (docs/topics.md).",
    )
    scoring: ScoringOptions = Field(default_factory=ScoringOptions)
    models: ModelOptions = Field(default_factory=ModelOptions)
    evaluators: EvaluatorOptions = Field(default_factory=EvaluatorOptions)
    judges: Annotated[
        dict[JudgeName, JudgeOptions],
        ChangesNoResult("what decides verdicts stands in the versions of the evaluators that judges are"),
    ] = Field(
        default_factory=dict,
        description="Language models as judges, by the score they give: an evaluator's name takes the local one's place, any "
        "other is a metric of its own, `judge:<name>` or `judge_rate:<name>`.",
    )
    summaries: SummaryOptions = Field(default_factory=SummaryOptions)
    labels: LabelOptions = Field(default_factory=LabelOptions)
    drift: DriftOptions = Field(default_factory=DriftOptions)
    alerts: AlertOptions = Field(default_factory=AlertOptions)
    delivery: DeliveryOptions = Field(default_factory=DeliveryOptions)
    exports: Annotated[
        dict[ExportName, ExportOptions], ChangesNoResult("who else is told changes nothing that is told")
    ] = Field(
        default_factory=dict,
        description="Receivers of scores and numbers in other systems, by names of your own (docs/exports.md).",
    )
    redaction: RedactionOptions = Field(default_factory=RedactionOptions)
    report: ReportOptions = Field(default_factory=ReportOptions)
    schedule: Annotated[ScheduleOptions, ChangesNoResult("when nights run")] = Field(default_factory=ScheduleOptions)
    retention: Annotated[RetentionOptions, ChangesNoResult("what is kept reads as before")] = Field(
        default_factory=RetentionOptions
    )

    @model_validator(mode="after")
    def _rows_outlive_their_use(self) -> Settings:
        needed = self.drift.window_days + self.schedule.look_back_days
        if self.retention.rows_days is not None and self.retention.rows_days <= needed:
            raise ValueError(
                f"retention.rows_days more than drift.window_days and schedule.look_back_days together ({needed})"
            )
        return self

    @property
    def judged_scores(self) -> tuple[str, ...]:
        """The scores that judges give in a night. ConfigError where a rubric cannot be read."""
        named = (judged_score(name, judge.rubric) for name, judge in sorted(self.judges.items()))
        return tuple(score for score in named if score is not None)

    @property
    def own_name(self) -> str:
        """The watch's name where it has one of its own, else empty: what people are told it by where they hear of several."""
        return "" if self.name == DEFAULT_NAME else self.name

    @property
    def named_report(self) -> ReportOptions:
        """The options of the report, with the watch's own name in its title."""
        if not self.own_name:
            return self.report
        return self.report.model_copy(update={"title": f"{self.report.title}: {self.own_name}"})

    def digest(self, *sections: str) -> str:
        """Name of the settings that can change results, which are all that are not marked otherwise.

        sections : names of sections that take part; none for every one that can change results.
        """
        return digest_of(deciding(self, sections))
