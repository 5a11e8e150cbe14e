"""Tokens, and what they cost."""

from __future__ import annotations

from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import Metric
from obs_lib.summaries.arrays import Measure, OfEach, RequestArrays
from obs_lib.summaries.measures import mean, ratio, total
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.results import Result, absent

_COST = "cost, nor a price for the model,"


def _cost(measure: Measure) -> Measure:
    """The measure with a note of where costs come from, unless every one was logged."""

    def with_origin(rows: RequestArrays, options: SummaryOptions) -> Result:
        estimate, n, missing, note = measure(rows, options)
        logged = int(rows.cost_logged.sum())
        if estimate is None or logged == len(rows):
            return Result(estimate, n, missing, note)
        return Result(estimate, n, missing, f"{logged} logged, {n - logged} from tokens and prices, {missing} unknown")

    return OfEach(with_origin, measure.each) if isinstance(measure, OfEach) else with_origin


def _cached_share(rows: RequestArrays, _: SummaryOptions) -> Result:
    estimate, n = ratio(rows.cached_tokens, rows.input_tokens, rows.clusters)
    return Result(estimate, n, len(rows) - n) if estimate else absent("cached input tokens", len(rows))


def _reasoning_share(rows: RequestArrays, _: SummaryOptions) -> Result:
    estimate, n = ratio(rows.reasoning_tokens, rows.output_tokens)
    return Result(estimate, n, len(rows) - n) if estimate else absent("reasoning tokens", len(rows))


USAGE: MetricGroup[Measure] = MetricGroup(
    "Tokens and cost",
    "interactions",
    (
        MeasuredMetric(
            Metric("input_tokens", "Input tokens", "tokens", None, None, "sum of input_tokens"),
            total("input_tokens", "input tokens"),
        ),
        MeasuredMetric(
            Metric(
                "cached_share",
                "Input tokens from the cache",
                "share",
                None,
                None,
                "sum of cached_input_tokens / sum of input_tokens, over requests where both are known",
            ),
            _cached_share,
        ),
        MeasuredMetric(
            Metric("output_tokens", "Output tokens", "tokens", None, None, "sum of output_tokens"),
            total("output_tokens", "output tokens"),
        ),
        MeasuredMetric(
            Metric(
                "reasoning_share",
                "Output tokens spent on reasoning",
                "share",
                None,
                None,
                "sum of reasoning_tokens / sum of output_tokens, over requests where both are known",
            ),
            _reasoning_share,
        ),
        MeasuredMetric(
            Metric(
                "cost", "Cost", "USD", None, None, "sum of cost_usd; where absent, tokens times the configured prices"
            ),
            _cost(total("cost", _COST)),
        ),
        MeasuredMetric(
            Metric(
                "cost_per_request",
                "Cost per request",
                "USD",
                None,
                None,
                "mean cost of the requests whose cost is known",
            ),
            _cost(mean("cost", _COST, 0.0)),
        ),
    ),
)
