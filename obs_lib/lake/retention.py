"""How long what is kept. Apart from the code that drops: reading the settings must not load Arrow."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class RetentionOptions(BaseModel):
    """Retention by age, and how much the lake's maintenance leaves of old versions.

    Nothing is dropped unless asked for: what is gone cannot be had back, and how long is right is for the team to say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows_days: int | None = Field(
        None,
        ge=4,
        le=36_500,
        description="Days after which everything that holds texts or ids goes: interactions, spans, labels, quarantine, "
        "scores, embeddings, sketches and report pages; null keeps them. More than the baseline's window and the look back.",
    )
    summaries_days: int | None = Field(
        None,
        ge=30,
        le=36_500,
        description="Days after which a day's metrics, drift, alerts and verdict go as well; null keeps them. "
        "At least rows_days.",
    )
    gpu_days: int | None = Field(None, ge=1, le=36_500, description="Days after which GPU samples go; null keeps them.")
    operations_days: int | None = Field(
        None,
        ge=7,
        le=36_500,
        description="Days after which runs, failures and deliveries are forgotten; null keeps them.",
    )
    vacuum_hours: int = Field(
        168,
        ge=24,
        le=8_760,
        description="Hours that replaced files stay for readers and writers that began before; more than a night may take.",
    )
    settle_days: int = Field(
        35,
        ge=2,
        le=3_650,
        description="Days after which the states of a day's steps move into one file with those of other days.",
    )

    @model_validator(mode="after")
    def _summaries_outlive_rows(self) -> RetentionOptions:
        if self.summaries_days is not None and (self.rows_days is None or self.rows_days > self.summaries_days):
            raise ValueError("rows_days given, and no longer than summaries_days: a day cannot lose its numbers first")
        return self
