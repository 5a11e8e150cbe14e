"""Which requests failed and why, how answers ended, and what the service itself says of them."""

from __future__ import annotations

from obs_lib.records import ERROR_KINDS
from obs_lib.summaries.arrays import FINISH_REASONS, Measure
from obs_lib.summaries.measures import mean, share_of

_ERRORS = "errors or finish reasons"


def _finish(*reasons: str) -> Measure:
    return share_of("finish", "finish reason", [FINISH_REASONS.index(reason) for reason in reasons])


MEASURES: dict[str, Measure] = {
    "error_rate": share_of("failed", _ERRORS),
    **{f"error_rate:{kind}": share_of("error", _ERRORS, (n,), "failed") for n, kind in enumerate(ERROR_KINDS)},
    "finish_stop_rate": _finish("stop"),
    "finish_length_rate": _finish("length"),
    "finish_filter_rate": _finish("content_filter"),
    "finish_tool_rate": _finish("tool_call"),
    "finish_error_rate": _finish("error"),
    "finish_other_rate": share_of("finish", "finish reason", (len(FINISH_REASONS),)),
    "quality_score": mean("quality", "quality score"),
    "safety_flag_rate": share_of("flagged", "safety flags"),
}
