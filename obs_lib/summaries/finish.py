"""How answers ended."""

from __future__ import annotations

from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import Metric
from obs_lib.summaries.arrays import FINISH_REASONS, Measure
from obs_lib.summaries.measures import share_of

_WANTED = "finish reason"


def _finish(reason: str) -> Measure:
    return share_of("finish", _WANTED, (FINISH_REASONS.index(reason),))


FINISH: MetricGroup[Measure] = MetricGroup(
    "Finish reasons",
    "interactions",
    (
        MeasuredMetric(
            Metric(
                "finish_stop_rate",
                "Answers that ended by themselves",
                "share",
                None,
                None,
                "share of finish_reason = stop",
                hidden_at_zero=True,
            ),
            _finish("stop"),
        ),
        MeasuredMetric(
            Metric(
                "finish_length_rate",
                "Answers cut by length",
                "share",
                "lower_is_better",
                None,
                "share of finish_reason = length",
                family="finish reasons",
                hidden_at_zero=True,
                complaint="Answers are cut short",
            ),
            _finish("length"),
        ),
        MeasuredMetric(
            Metric(
                "finish_filter_rate",
                "Answers filtered",
                "share",
                "lower_is_better",
                None,
                "share of finish_reason = content_filter",
                family="finish reasons",
                hidden_at_zero=True,
                complaint="Answers are filtered",
            ),
            _finish("content_filter"),
        ),
        MeasuredMetric(
            Metric(
                "finish_tool_rate",
                "Answers that call a tool",
                "share",
                None,
                None,
                "share of finish_reason = tool_call",
                hidden_at_zero=True,
            ),
            _finish("tool_call"),
        ),
        MeasuredMetric(
            Metric(
                "finish_error_rate",
                "Answers broken off by an error",
                "share",
                None,
                None,
                "share of finish_reason = error",
                hidden_at_zero=True,
            ),
            _finish("error"),
        ),
        MeasuredMetric(
            Metric(
                "finish_other_rate",
                "Other finish reasons",
                "share",
                None,
                None,
                "share of any other finish_reason",
                hidden_at_zero=True,
            ),
            share_of("finish", _WANTED, (len(FINISH_REASONS),)),
        ),
        MeasuredMetric(
            Metric(
                "empty_answer_rate",
                "Empty answers",
                "share",
                "lower_is_better",
                None,
                "share of requests with a logged text that did not fail and got neither a text nor a call of a tool",
                family="finish reasons",
                smallest_effect=0.01,
                severe_effect=0.1,
                hidden_at_zero=True,
                complaint="Answers are empty",
            ),
            share_of("empty", "a text"),
        ),
        MeasuredMetric(
            Metric(
                "cut_answer_rate",
                "Answers that break off",
                "share",
                "lower_is_better",
                None,
                "share of texts without a finish_reason that end in an open code fence or in the middle of a sentence",
                family="finish reasons",
                smallest_effect=0.03,
                hidden_at_zero=True,
                complaint="Answers are cut short",
            ),
            share_of("cut", "a text without a finish reason"),
        ),
    ),
)
