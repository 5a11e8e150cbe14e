"""What logs hold: days, segments, stages, kinds of errors, and why a GPU is slow."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

Day = dt.date
"""A calendar day in UTC."""

ALL = "all"
"""The segment that holds every interaction of a day. Other segments are written `tag=value`."""


STAGES = ("router", "prompt_builder", "retrieval", "inference", "output_processor", "safety_filter", "tool", "other")
"""What a span of a trace can be of a request. Sources map the names in the logs to these."""

STAGE_SEGMENTS = tuple(f"stage={stage}" for stage in STAGES)
"""Where the metrics of each stage stand. They slice the time of traces, not the interactions."""

TOOL_SEGMENT = "tool="
"""Before the name of a tool, where the metrics of its calls stand. They slice calls, not interactions."""

TOPIC_SEGMENT = "topic="
"""Before the name of a topic, where the numbers of what is asked about it stand."""
OTHER_TOPIC = TOPIC_SEGMENT + "other"
"""Of prompts that are like no known topic."""

ERROR_KINDS = (
    "timeout",
    "rate_limit",
    "content_filter",
    "context_length",
    "auth",
    "client",
    "server",
    "connection",
    "other",
)
"""Why a request failed. Sources map the logs' error types and status codes to these."""


CLOCK_REASONS = (
    "gpu_idle",
    "applications_clocks",
    "sw_power_cap",
    "hw_slowdown",
    "sync_boost",
    "sw_thermal",
    "hw_thermal",
    "hw_power_brake",
    "display_clock",
    "board_limit",
    "reliability",
)
"""Why a GPU's clocks are not at their highest: the bits of NVML's clocks event reasons (nvml.h), lowest first. DCGM's are
the same."""

THROTTLING = frozenset({"sw_power_cap", "hw_slowdown", "sw_thermal", "hw_thermal", "hw_power_brake"})
"""The reasons that take speed away under load: heat and power."""


def clock_reasons(mask: int) -> list[str]:
    """The reasons in a bit mask; a bit that has no name yet is "other".

    >>> clock_reasons(0x44), clock_reasons(0), clock_reasons(1 << 40)
    (['sw_power_cap', 'hw_thermal'], [], ['other'])
    """
    named = [reason for bit, reason in enumerate(CLOCK_REASONS) if mask >> bit & 1]
    return named + (["other"] if mask >> len(CLOCK_REASONS) else [])


CASE_COLUMNS = ("prompt", "response", "contexts", "expected_format", "error", "reference")
"""What evaluators may read of an interaction: text, or None."""

SESSION = "session"
"""What they may read beside it: the whole session, a JSON list of {role, content}, at the last interaction of one that has
ended; None elsewhere.
"""


class StepState(StrEnum):
    """Where one step of one day stands. Readers take READY and NO_DATA only."""

    WRITING = "WRITING"
    READY = "READY"
    NO_DATA = "NO_DATA"
    FAILED = "FAILED"
