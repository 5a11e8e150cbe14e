"""What can be set about objectives, severities, incidents and delivery."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from obs_lib.catalogue import all_metrics, left_out, metric_of
from obs_lib.options import NAMES_LATER
from obs_lib.records import Severity

Share = Annotated[float, Field(ge=0, le=1)]


class AlertOptions(BaseModel):
    """Alert policy. Nothing here changes what was measured, only what is made of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    objectives: dict[str, float | None] = Field(
        default_factory=dict,
        description="Limits that replace the catalogue's, metric to its own unit; null switches an objective off.",
    )
    objective_severity: Severity = Field(
        Severity.P2,
        description="Severity of a breach of an objective that no change explains, told once; P0 to P3. A latency that was "
        "within its objective before is P1.",
    )
    objective_severities: dict[str, Severity] = Field(
        default_factory=dict, description="Severity of a standing breach of single metrics; metric to P0 to P3."
    )
    min_interactions: int = Field(
        20, ge=1, le=1_000_000, description="Interactions that a breach or an outage needs; 1 to 1,000,000."
    )
    min_history: int = Field(
        3, ge=1, le=90, description="Earlier days that must be known free of a breach for it to be new; days, 1 to 90."
    )
    notify_severities: tuple[Severity, ...] = Field(
        (Severity.P0, Severity.P1, Severity.P2),
        description="Severities whose incidents are news: P0 and P1 are sent at once, P2 in the day's digest; P3 stands in the "
        "report.",
    )
    notify_resolved: bool = Field(False, description="Whether the end of an incident is news as well.")
    resolve_after_days: int = Field(
        2, ge=1, le=30, description="Days without a signal after which an incident is resolved; days, 1 to 30."
    )
    family_weights: dict[str, Share] = Field(
        default_factory=lambda: {
            "groundedness": 0.8,
            "toxicity": 0.8,
            "errors": 0.8,
            "topics": 0.3,
            "token-adjusted latency": 0.85,
        },
        description="Most that one family of signals adds to the composite score, by family; 0 to 1. `token-adjusted latency` "
        "weighs those latencies of the family `latency` that longer prompts and answers do not explain.",
    )
    default_weight: Share = Field(0.6, description="The same for families that family_weights does not name; 0 to 1.")
    p1_score: Share = Field(0.75, description="Composite score from which a change is P1; 0 to 1, at least p2_score.")
    p2_score: Share = Field(0.4, description="Composite score from which a change is P2, else P3; 0 to 1.")
    outage_error_rate: float = Field(0.5, gt=0, le=1, description="Share of failed requests that makes a P0; 0 to 1.")
    harm_share: float = Field(
        0.005,
        gt=0,
        le=1,
        description="Share of toxic answers above which, and above three times the baseline, harm was delivered: P0; 0 to 1.",
    )
    harm_false_positives: float = Field(
        0.003,
        ge=0,
        lt=1,
        description="Share of harmless answers that the toxicity evaluator flags too, by which its share is corrected; 0 to 1 "
        "(docs/model-card-toxicity.md).",
    )
    harm_confirmed: int | None = Field(
        1,
        ge=1,
        le=1_000_000,
        description="Answers confirmed as harmful, by a person or by two of evaluator, judge, feedback and safety flag, from "
        "which on a day is P0; null for never.",
    )
    reject_share: float = Field(
        0.05,
        gt=0,
        le=1,
        description="Share of rejected log lines, without repetitions of a request, that is an incident; 0 to 1.",
    )
    failed_share: float = Field(
        0.05, gt=0, le=1, description="Share of FAILED scores of an evaluator that is an incident; 0 to 1."
    )
    max_age_hours: float = Field(
        48, gt=0, le=8760, description="Hours after a day's end from which nobody is told of it; 0 to 8,760."
    )
    timeout_s: float = Field(15, gt=0, le=300, description="Seconds one message may take on one channel; 0 to 300.")

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> Self:
        if self.p1_score < self.p2_score:
            raise ValueError(f"p1_score must be at least p2_score ({self.p2_score}), found {self.p1_score}")
        if not (info.context or {}).get(NAMES_LATER):
            self.check_names()
        return self

    def check_names(self) -> None:
        """ValueError where an objective or severity is that of no metric. Loads evaluators for what no other metric is."""
        named = {*self.objectives, *self.objective_severities}
        unknown = sorted(name for name in named if metric_of(name) is None)
        if unknown and not left_out():  # what is left out may have had it, and stops no night
            known = ", ".join(all_metrics())
            raise ValueError(f"objectives must name metrics ({known}), found {', '.join(unknown)}")
