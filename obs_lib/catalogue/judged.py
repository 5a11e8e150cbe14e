"""Metrics of judges with a score of their own: all that one is stands in its name."""

from __future__ import annotations

from obs_lib.records import Metric

JUDGED, JUDGED_RATE, JUDGE_COST = "judge:", "judge_rate:", "judge_cost"
"""How metrics of judges with a score of their own begin, and the metric of what judges cost."""

CASCADE = "cascade/"
"""How versions of scores begin that a local evaluator and a judge gave together."""
OF_LOCAL, OF_ALL = "local", "judged"
"""What is told of such a score's metrics: the local evaluator's alone, and what the judge would say of all answers."""


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


def of_cascade(metric: Metric, what: str) -> Metric | None:
    """What is told of a metric whose score a cascade gives: `OF_LOCAL` or `OF_ALL`; None for anything else."""
    told = {
        OF_LOCAL: ("without its judge", "the same of the local evaluator's values alone"),
        OF_ALL: (
            "as its judge sees all answers",
            "PPI++: mean of the judge's verdicts + lambda (mean of verdicts, all scored - judged), weighted by 1 / share asked",
        ),
    }.get(what)
    if told is None:
        return None
    return Metric(f"{metric.name}:{what}", f"{metric.title}, {told[0]}", metric.unit, None, None, told[1])
