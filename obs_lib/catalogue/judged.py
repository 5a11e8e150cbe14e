"""Metrics of judges with a score of their own: all that one is stands in its name."""

from __future__ import annotations

from obs_lib.records import Metric

JUDGED, JUDGED_RATE, JUDGE_COST = "judge:", "judge_rate:", "judge_cost"
"""How metrics of judges with a score of their own begin, and the metric of what judges cost."""


def judged(name: str) -> Metric | None:
    """The metric of a judge by its name; None where it is no judge's."""
    kind, _, own = name.partition(":")
    title = f"{own.replace('_', ' ').capitalize()}, by a judge"
    if own and kind + ":" == JUDGED:
        formula = "mean of the values that a judge gives answers on its rubric's scale from 0 to 1, 1 the best"
        return Metric(name, title, "score", "higher_is_better", None, formula, evaluator=name, aggregation="mean")
    if own and kind + ":" == JUDGED_RATE:
        formula = "share of answers that a judge gives more than 0.5 on its rubric's scale from 0 to 1, 1 the worst"
        return Metric(name, title, "share", "lower_is_better", None, formula, evaluator=name, aggregation="share_above")
    if name == JUDGE_COST:
        formula = "sum over the distinct cases and judges of the day of what their verdicts cost when they were made"
        return Metric(name, "Cost of judges", "USD", None, None, formula)
    return None
