"""What can be set about reports."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ReportOptions(BaseModel):
    """How much of a day a report shows. Looks live in the templates, not here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field("LLM night watch", min_length=1, max_length=80, description="Name at the head of every report.")
    trend_days: int = Field(
        14, ge=2, le=60, description="Days (the report's own included) that trends and charts cover."
    )
    max_segments: int = Field(
        8, ge=1, le=50, description="Segments with a metric table of their own; overview and drift show twice as many."
    )
    max_examples: int = Field(5, ge=0, le=20, description="Worst examples shown for each evaluator.")
    max_rows: int = Field(
        30, ge=5, le=200, description="Rows of any other list: incidents, reasons, versions, quarantine."
    )
    max_traces: int = Field(5, ge=0, le=20, description="Slowest traces drawn, each with at most `max_rows` spans.")
    excerpt_chars: int = Field(
        600, ge=80, le=4000, description="Characters of a prompt, an answer or a piece of evidence shown in an example."
    )
    max_bytes: int = Field(
        500_000,
        ge=200_000,
        le=5_000_000,
        description="Bytes of the HTML file. A day that needs more is shown with fewer examples, rows, traces and segments.",
    )

    def tighter(self) -> ReportOptions:
        """The same with about half as much of everything that grows with a day, down to the least that is allowed."""
        return self.model_copy(
            update={
                "max_segments": max(1, self.max_segments // 2),
                "max_examples": max(1, self.max_examples // 2) if self.max_examples else 0,
                "max_rows": max(5, self.max_rows // 2),
                "max_traces": max(1, self.max_traces // 2) if self.max_traces else 0,
                "excerpt_chars": max(80, self.excerpt_chars // 2),
            }
        )
