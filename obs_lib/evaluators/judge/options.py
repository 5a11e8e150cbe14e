"""What can be set about one judge. The key stands in the connection, never here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from obs_lib.options import from_folder

_OURS = frozenset(
    ("model", "messages", "n", "stream", "response_format", "logprobs", "top_logprobs", "temperature", "seed")
)


def _not_ours(name: str) -> str:
    if name in _OURS:
        raise ValueError(f"must be a field of the request that no other setting makes ({', '.join(sorted(_OURS))} are)")
    return name


def _rubric_of_a_file(named: str | None, info: ValidationInfo) -> str | None:
    return from_folder(named, info) if named and named.endswith((".yaml", ".yml")) else named


class CascadeOptions(BaseModel):
    """Which answers a judge is asked about after the local evaluator of its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unsure: float = Field(
        0.2, ge=0, le=0.5, description="Answers whose local value is within this of 0.5 get the judge's value."
    )
    drawn: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="Share of the other answers, drawn at random, that are judged as well, to estimate what the judge would "
        "say of all.",
    )


class JudgeOptions(BaseModel):
    """One judge: a rubric, a model, where it is served, and how much it may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rubric: Annotated[str | None, AfterValidator(_rubric_of_a_file)] = Field(
        None,
        min_length=1,
        description="A ready-made rubric (docs/judge.md) or the path of a YAML file, which ends in .yaml or .yml, relative to "
        "the settings file's folder; null: the one that the evaluator of the judge's name declares.",
    )
    model: str = Field(min_length=1, max_length=200, description="Name of the model, as its server knows it.")
    connection: str = Field(
        min_length=1,
        description="Name of the connection with the base URL and, as its password, the key: an Airflow connection's id, or "
        "`OBS_CONNECTION_<NAME>` in the environment.",
    )
    output: Literal["auto", "json_schema", "json_object", "text"] = Field(
        "auto",
        description="How the verdict's shape is asked for: response_format of this type, or by words alone; `auto` begins "
        "with `json_schema` and steps down where the server refuses it.",
    )
    probabilities: Literal["auto", "required", "off"] = Field(
        "auto",
        description="Weigh the scale's values by the probabilities of the verdict's tokens: where the server gives them, "
        "always (a verdict without them is FAILED), or never.",
    )
    repeats: int = Field(1, ge=1, le=20, description="How often each answer is judged; the value is the mean.")
    temperature: float | None = Field(0.0, ge=0, le=2, description="Sampling temperature; null leaves it out.")
    seed: int | None = Field(0, ge=0, description="Seed of the first repeat, one more for each further; null: none.")
    max_output_tokens: int = Field(300, ge=16, le=32_000, description="Longest verdict, in tokens.")
    tokens_field: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="Name of the field that bounds the verdict; newer OpenAI models want the second."
    )
    extra: dict[Annotated[str, AfterValidator(_not_ours)], str | int | float | bool] = Field(
        default_factory=dict, description="Further fields of the request, such as {reasoning_effort: low}."
    )
    max_characters: int = Field(
        20_000,
        ge=100,
        le=1_000_000,
        description="Characters of each text that the judge is shown; the middle is cut out.",
    )
    concurrency: int = Field(
        4, ge=1, le=256, description="Calls at the same time, over all processes that share a lake."
    )
    requests_per_minute: int | None = Field(
        None, ge=1, le=1_000_000, description="Calls a minute, evenly spaced, over all processes; null for no limit."
    )
    tokens_per_minute: int | None = Field(
        None, ge=100, le=1_000_000_000, description="Tokens a minute, over all processes; null for no limit."
    )
    timeout_s: float = Field(60.0, gt=0, le=3600, description="Seconds that one call may take.")
    attempts: int = Field(
        4, ge=1, le=20, description="Calls for one verdict, at most, when the server is busy, failing or away."
    )
    batch: Literal["off", "openai", "anthropic"] = Field(
        "off",
        description="Ask a night's questions through this batch API, at half the price and answered within a day; what has not "
        "come in time is collected by a later run.",
    )
    batch_wait_minutes: float = Field(
        30.0, ge=0, le=300, description="How long a night waits for a batch after it was sent; 0 for not at all."
    )
    batch_price: float = Field(
        0.5, gt=0, le=1, description="Price of a token in a batch, as a part of what `summaries.prices` says."
    )
    cascade: CascadeOptions | None = Field(
        None,
        description="Ask only where the local evaluator of the judge's name is unsure, and now and then where it is sure; "
        "null: about every answer. Not with a budget or in batches.",
    )
    budget_calls: int | None = Field(
        None, ge=0, le=100_000_000, description="Calls for one day of logs, retries included; null for no limit."
    )
    budget_usd: float | None = Field(
        None,
        ge=0,
        le=1e6,
        description="USD for one day of logs, by `summaries.prices`, which must know the model; null for no limit.",
    )
