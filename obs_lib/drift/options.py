"""What can be set about the comparison of a day with its baseline."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from obs_lib.catalogue import all_metrics, left_out, metric_of
from obs_lib.catalogue.distances import ANSWER_DRIFT, SEMANTIC_DRIFT, TOKEN_KL, TOPIC_DRIFT
from obs_lib.options import NAMES_LATER
from obs_lib.records.metrics import LEAST_AMOUNT, LEAST_PART

NIGHTS_A_QUARTER = 365.25 / 4


class DriftOptions(BaseModel):
    """Window, sample sizes, false alarms and the smallest effects that count.

    A distance is called drifted when chance hardly explains it (false_alarms_a_quarter) *and* it may be large enough to
    matter (the min_* effects): with enough traffic even a harmless difference is beyond chance.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    window_days: int = Field(
        7,
        ge=2,
        le=90,
        description="Days before the day that words and meaning are compared with, and in which a new level becomes the "
        "baseline; days, 2 to 90.",
    )
    history_days: int = Field(
        28,
        ge=2,
        le=90,
        description="Days before the day that metrics are compared with, while they show one level; days, window_days to 90.",
    )
    min_days: int = Field(
        3, ge=2, le=90, description="Baseline days with data below which nothing is compared; days, 2 to window_days."
    )
    min_prompts: int = Field(
        10,
        ge=2,
        le=500,
        description="Prompts asked today and on two baseline days that semantic drift needs; 2 to 500.",
    )
    min_answers: int = Field(
        20, ge=2, le=1_000_000, description="Interactions a day needs to enter a comparison; 2 to 1,000,000."
    )
    min_tokens: int = Field(
        500, ge=10, le=1_000_000, description="Output tokens a day needs to enter token_kl; 10 to 1,000,000."
    )
    false_alarms_a_quarter: float = Field(
        1.0,
        gt=0,
        le=20,
        description="False alarms in a quarter of quiet nights, over all metrics and segments together; 0 to 20.",
    )
    min_semantic: float = Field(
        SEMANTIC_DRIFT.smallest_effect,
        ge=0,
        le=2,
        description="Smallest excess of semantic drift over chance; cosine distance, 0 to 2.",
    )
    min_token_kl: float = Field(
        TOKEN_KL.smallest_effect,
        ge=0,
        le=20,
        description="Smallest excess of the token divergence over chance; nats, 0 to 20.",
    )
    min_answer_drift: float = Field(
        ANSWER_DRIFT.smallest_effect,
        ge=0,
        le=1000,
        description="Smallest excess of answer drift over chance; squared standard deviations, 0 to 1,000.",
    )
    min_topic_drift: float = Field(
        TOPIC_DRIFT.smallest_effect,
        ge=0,
        le=2,
        description="Smallest excess of topic drift over chance; squared MMD, 0 to 2.",
    )
    min_share: float = Field(
        LEAST_AMOUNT,
        ge=0,
        le=1,
        description="Smallest change of a share, probability or score; in its own unit, 0 to 1.",
    )
    min_relative: float = Field(
        LEAST_PART, ge=0, le=10, description="Smallest change of any other metric, as a part of its baseline; 0 to 10."
    )
    min_slowdown: float = Field(
        0.1,
        ge=0,
        le=10,
        description="Smallest change of a token-adjusted latency, as a part of its baseline; 0 to 10.",
    )
    min_changes: dict[str, float] = Field(
        default_factory=dict,
        description="Smallest change of single metrics, in the place of what each declares; metric to its own unit, >= 0.",
    )
    anchor_band: float = Field(
        1e-3,
        gt=0,
        le=1,
        description="Largest difference of an anchor's score between nights that is numeric noise; beyond, the evaluator "
        "itself moved; score units, 0 to 1.",
    )
    resamples: int = Field(
        999, ge=99, le=99_999, description="Random draws behind semantic drift's null; 99 to 99,999."
    )

    @property
    def level(self) -> float:
        """The chance of a false alarm in one night, among all of its comparisons."""
        return min(self.false_alarms_a_quarter / NIGHTS_A_QUARTER, 0.2)

    @property
    def by_name(self) -> dict[str, float]:
        """The smallest effects of single distances and of changes of single metrics, in their own units."""
        return {
            **self.min_changes,
            SEMANTIC_DRIFT.name: self.min_semantic,
            TOKEN_KL.name: self.min_token_kl,
            ANSWER_DRIFT.name: self.min_answer_drift,
            TOPIC_DRIFT.name: self.min_topic_drift,
        }

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> Self:
        if self.min_days > self.window_days:
            raise ValueError(f"min_days must be at most window_days ({self.window_days}), found {self.min_days}")
        if self.history_days < self.window_days:
            raise ValueError(
                f"history_days must be at least window_days ({self.window_days}), found {self.history_days}"
            )
        if bad := {name: value for name, value in self.min_changes.items() if not value >= 0}:
            raise ValueError(f"min_changes must be 0 or more, found {bad}")
        if not (info.context or {}).get(NAMES_LATER):
            self.check_names()
        return self

    def check_names(self) -> None:
        """ValueError where a smallest change is that of no metric. Loads evaluators for what no other metric is."""
        unknown = sorted(name for name in self.min_changes if metric_of(name) is None)
        if unknown and not left_out():  # what is left out may have had it, and stops no night
            raise ValueError(f"min_changes must name metrics ({', '.join(all_metrics())}), found {', '.join(unknown)}")
