"""How much of a day is scored, and in which portions."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from obs_lib.options import ChangesNoResult

_SPREADS = ChangesNoResult("how work is spread over tasks")
_REUSES = ChangesNoResult("a score or vector that is kept is the one that would be made")


class ScoringOptions(BaseModel):
    """How much of a day the evaluators see, and in which portions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluators: tuple[str, ...] | None = Field(
        None,
        description="Names of the evaluators that run; null for all but `over_refusal` and `abstention`, which run only "
        "where they are named.",
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
    shards: Annotated[int, _SPREADS] = Field(
        2, ge=1, le=1000, description="Tasks that a day's batches are spread over, at most."
    )
    reuse: Annotated[bool, _REUSES] = Field(
        True, description="Keep scores and vectors whose text, evaluator and model are unchanged."
    )
    reuse_days: Annotated[int, _REUSES] = Field(
        7, ge=0, le=60, description="Days before the day whose text vectors are looked up before encoding."
    )
