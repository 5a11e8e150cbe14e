"""When and where Airflow runs the nights, and for whom."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ScheduleOptions(BaseModel):
    """When and where Airflow runs the nights, and for whom."""

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
    deadline_hours: float | None = Field(
        6.0,
        gt=0,
        le=72,
        description="Hours after the night may begin by which the day's report must stand, or people are told; null for never.",
    )
    pool: str = Field("default_pool", description="Airflow pool of the tasks that load models.")
    pool_slots: int = Field(1, ge=1, description="Slots that one such task takes in the pool.")
    max_active_models: int = Field(2, ge=1, description="Tasks that load models at the same time, over all nights.")
    queue: str | None = Field(
        None, description="Queue of the executor for every task; null for the executor's default."
    )
    models_queue: str | None = Field(
        None, description="Queue of the tasks that load models, whose workers need them installed; null for `queue`."
    )
    models_python: Path | None = Field(
        None,
        description="Absolute path of the Python of a virtual environment with `llm-night-watch[models]`, which runs what "
        "loads models, so that the workers' own environment holds none; null for that one.",
    )
    models_pod_template: str | None = Field(
        None,
        description="Pod template file of the tasks that load models, under Airflow's Kubernetes executor; null for the "
        "executor's own.",
    )
    owner: str = Field(
        "llm-night-watch", min_length=1, description="Owner of the Dags, as Airflow shows and filters by it."
    )
    access: dict[str, Literal["read", "run"]] = Field(
        default_factory=dict,
        description="Roles of Airflow's FAB auth manager that may read this watch's Dags and pages, or also run and act on "
        "them, beside roles that may do so with every Dag.",
    )
