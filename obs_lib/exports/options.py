"""What can be set about a receiver. Read by every parse of a Dag, so nothing heavy is imported here."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from obs_lib.exports.registry import KINDS
from obs_lib.options import SettingsPath

ExportName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"must be one of {', '.join(KINDS)}")
    return kind


class ExportOptions(BaseModel):
    """One receiver of scores or numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Annotated[str, AfterValidator(_kind)] = Field(
        description="`prometheus` (a file for node_exporter's textfile collector), `pushgateway`, `otlp`, `langfuse` or "
        "`phoenix`."
    )
    connection: str | None = Field(
        None,
        min_length=1,
        description="Of all but `prometheus`: name of the connection with the address and its secrets (docs/exports.md).",
    )
    path: SettingsPath | None = Field(
        None, pattern=r"\.prom$", description="Of `prometheus`: the file, whose name ends in `.prom`."
    )
    segments: bool = Field(
        False, description="Of `prometheus` and `pushgateway`: the numbers of every segment too, a series each."
    )
    explanations: bool = Field(
        False,
        description="Of the others: send a score's evidence as well, masked and cut to 500 characters. It quotes logs.",
    )
    max_age_days: int = Field(
        30,
        ge=0,
        description="Days before the newest of the lake that are sent by themselves; older ones by `obs export DAY`.",
    )
    timeout_s: float = Field(30.0, gt=0, le=600, description="Seconds without a word after which a request has failed.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needs = KINDS[self.kind].needs
        if getattr(self, needs) is None:
            raise ValueError(f"{needs} must be given, which a receiver of kind {self.kind} needs")
        return self
