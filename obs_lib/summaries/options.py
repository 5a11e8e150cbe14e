"""What can be set about a day's summary."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Price(BaseModel):
    """What a model's tokens cost, in USD per million."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0, le=1e6, description="Input tokens that were not cached; USD per million.")
    output: float = Field(ge=0, le=1e6, description="Output tokens, reasoning among them; USD per million.")
    cached_input: float | None = Field(
        None, ge=0, le=1e6, description="Cached input tokens; USD per million, null for the price of the others."
    )
    reasoning: float | None = Field(
        None, ge=0, le=1e6, description="Reasoning tokens; USD per million, null for the price of other output tokens."
    )


def _version(pattern: str) -> str:
    if "*" in pattern[:-1] or not pattern:
        raise ValueError("must name a model version, or its beginning with one `*` at the end")
    return pattern


class SummaryOptions(BaseModel):
    """How a day's numbers are taken, and how much of the day its sketches keep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    capacity_tokens_per_s: float | None = Field(
        None,
        gt=0,
        le=1e9,
        description="Output tokens a second that the whole deployment can make; null when unknown (no capacity figure).",
    )
    capacity_concurrency: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="Requests that the whole deployment can run at once; null when unknown (no concurrency figure).",
    )
    prices: dict[Annotated[str, AfterValidator(_version)], Price] = Field(
        default_factory=dict,
        description="Prices by model version, or by its beginning and `*` (the longest counts): USD per million of "
        "`input`, `output`, `cached_input` and `reasoning` tokens. A cost that is logged counts before one that is derived.",
    )
    busy_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="An hour has demand when its output tokens reach this share of the 90th percentile of the day's hours.",
    )
    busy_requests: int = Field(
        5, ge=1, le=1_000_000, description="An hour has demand only with at least this many requests."
    )
    max_segments: int = Field(
        20,
        ge=0,
        le=1000,
        description="Segments besides `all`, the largest of the day; smaller ones are not sliced out.",
    )
    max_gpus: int = Field(
        64,
        ge=0,
        le=10_000,
        description="GPUs with numbers of their own, the first by name; `all` counts every one.",
    )
    max_tools: int = Field(
        20, ge=0, le=1000, description="Tools with numbers of their own, those used most; `all` counts every one."
    )
    max_pairs: int = Field(
        500, ge=1, le=100_000, description="Prompts a segment whose answers' vectors are kept for comparison by prompt."
    )
    vocabulary: int = Field(
        20_000,
        ge=100,
        le=1_000_000,
        description="Token types a segment that are counted by name; the rest are summed up.",
    )
    examples: int = Field(5, ge=0, le=50, description="Worst answers kept for each evaluator.")
    session_idle_minutes: int = Field(
        30,
        ge=0,
        le=720,
        description="A session whose last interaction starts within so many minutes of midnight (UTC) may go on: metrics of "
        "how sessions end skip it; minutes, 0 to 720.",
    )
    rephrased_cosine: float = Field(
        0.85,
        gt=0,
        le=1,
        description="Cosine of two questions' vectors from which the second is the first in other words; 0 to 1. Another "
        "encoder needs another one.",
    )
    slow_traces: int = Field(5, ge=0, le=50, description="Slowest traces of the day whose spans are kept.")
    trace_spans: int = Field(60, ge=1, le=500, description="Longest spans kept of each of these traces.")
    harm_flags: tuple[str, ...] = Field(
        (
            "abus",
            "derogatory",
            "harass",
            "harmful",
            "hate",
            "insult",
            "obscen",
            "profan",
            "selfharm",
            "sexual",
            "threat",
            "toxic",
            "violence",
        ),
        description="Safety flags of the log with one of these in their name, whatever case and signs, call an answer harmful "
        "(docs/incidents.md).",
    )
    excerpt_chars: int = Field(600, ge=50, le=10_000, description="Characters of each text that an example keeps.")
