"""What can be set about one source of logs."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SourceOptions(BaseModel):
    """Where logs lie, and how large a line may be before it goes into quarantine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["native"] = Field(
        "native", description="Log format; `native` is JSON Lines, one interaction a line."
    )
    path: str = Field(
        "logs",
        min_length=1,
        description="Folder, file or glob of *.jsonl and *.jsonl.gz; a relative path starts at the settings file's folder.",
    )
    look_around_days: int = Field(
        1,
        ge=0,
        le=31,
        description="Dated files of this many days before and after are read too: logs rotate late, or by local time.",
    )
    max_text_chars: int = Field(
        200_000, ge=100, le=50_000_000, description="Characters that a field may hold; longer ones are quarantined."
    )
    max_line_bytes: int = Field(
        4_000_000,
        ge=1_000,
        le=500_000_000,
        description="Bytes that a line may hold; longer ones are quarantined unread.",
    )
