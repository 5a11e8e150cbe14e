"""Harm that more than one evaluator vouches for."""

from __future__ import annotations

from obs_lib.records import Metric

CONFIRMED_HARM = Metric(
    "confirmed_harm",
    "Harmful answers, confirmed",
    "count",
    "lower_is_better",
    None,
    "delivered answers that a person calls toxic, or of which two say so: the evaluator, a judge by the rubric toxicity, a "
    "user's feedback, a safety flag of the log; none that people call harmless",
    family="toxicity",
    complaint="Harmful answers were given",
)
"""A metric of `all` and of the segments by tag, on days of whose answers somebody beside the evaluator says something."""
