"""What is scored, and when the nights run."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict, Field


class ScoringOptions(BaseModel):
    """How much of a day the evaluators see, and in which portions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluators: tuple[str, ...] | None = Field(
        None,
        description="Names of the evaluators that run; null for all but `over_refusal`, which runs only where it is named.",
    )
    max_scored: int = Field(
        20_000,
        ge=1,
        description="Interactions a day that the evaluators score; more are drawn by hash within segments.",
    )
    oversample: float = Field(
        3.0,
        ge=1,
        le=20,
        description="How many times as likely an interaction that looks suspicious (docs/sampling.md) is drawn as another "
        "one of its segment, where not all are scored; 1 for equally likely.",
    )
    batch_size: int = Field(64, ge=1, le=4096, description="Distinct cases that an evaluator sees at once.")
    shards: int = Field(2, ge=1, le=1000, description="Tasks that a day's batches are spread over, at most.")
    reuse: bool = Field(True, description="Keep scores and vectors whose text, evaluator and model are unchanged.")
    reuse_days: int = Field(
        7, ge=0, le=60, description="Days before the day whose text vectors are looked up before encoding."
    )


class ScheduleOptions(BaseModel):
    """When Airflow runs the nights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_date: dt.date = Field(dt.date(2023, 1, 1), description="First day (UTC) that a backfill may ask for.")
    end_date: dt.date | None = Field(
        None, description="Last day (UTC) that is run; null for no end. For logs that are a closed history."
    )
    delay_hours: float = Field(
        2.0, ge=0, le=48, description="Hours after midnight UTC that the night waits for late logs."
    )
    look_back_days: int = Field(
        2, ge=0, le=31, description="Days before the night's own that are checked for late logs."
    )
    pool: str = Field("default_pool", description="Airflow pool of the tasks that load models.")
    pool_slots: int = Field(1, ge=1, description="Slots that one such task takes in the pool.")
    max_active_models: int = Field(2, ge=1, description="Tasks that load models at the same time, over all nights.")
