"""How a day's distances from its baseline are named, and what each is: all that deciding, alerting and reporting ask."""

from __future__ import annotations

from dataclasses import dataclass

from obs_lib.catalogue import metric_of
from obs_lib.records import Metric

CHANGE = "change:"
"""Before a metric's name: the distance of the metric from its baseline."""

TOKEN_ADJUSTED = "token_adjusted:"  # noqa: S105 - the beginning of a name
"""The same with prompts and answers taken to be as long as in the baseline."""


@dataclass(frozen=True, slots=True)
class DistanceDefinition:
    """The definition of a distance that is no change of a metric. It counts upwards only: less than chance is no news."""

    name: str
    """As in the table `drift`."""
    title: str
    """As readers see it."""
    unit: str
    family: str
    """As `Metric.family`."""
    smallest_effect: float
    """The smallest excess over chance that counts, in `unit`."""
    complaint: str = "Answers are not what they were"
    """What an incident that it leads is called."""


SEMANTIC_DRIFT = DistanceDefinition("semantic_drift", "Semantic drift", "cosine distance", "answers", 0.05)
TOKEN_KL = DistanceDefinition("token_kl", "Token KL divergence", "nats", "answers", 0.1)
ANSWER_DRIFT = DistanceDefinition(
    "answer_drift", "Answer drift at alike prompts", "squared standard deviations", "answers", 1.0
)
TOPIC_DRIFT = DistanceDefinition(
    "topic_drift", "Topic drift of prompts", "squared MMD", "topics", 0.005, "People ask about other things"
)
DISTANCES: dict[str, DistanceDefinition] = {
    one.name: one for one in (SEMANTIC_DRIFT, TOKEN_KL, ANSWER_DRIFT, TOPIC_DRIFT)
}

KOLMOGOROV_SMIRNOV, WASSERSTEIN, PSI = "kolmogorov_smirnov", "wasserstein", "psi"
JENSEN_SHANNON, CRAMERS_V = "jensen_shannon", "cramers_v"
DISTRIBUTIONS: dict[str, str] = {
    KOLMOGOROV_SMIRNOV: "largest difference of the two distribution functions, 0 to 1",
    WASSERSTEIN: "mean way from one distribution to the other, in the column's unit",
    PSI: "population stability index in nats, of numbers over the baseline's deciles",
    JENSEN_SHANNON: "Jensen-Shannon divergence in bits, 0 to 1, of numbers over the baseline's deciles",
    CRAMERS_V: "chi-squared brought to 0 to 1 (Cramer's V)",
}
"""Distances of a whole column between two ranges of days, which no night decides by: name to what it is."""


def is_change(name: str) -> bool:
    """Whether a distance is the change of a metric, which counts both ways."""
    return name.startswith((CHANGE, TOKEN_ADJUSTED))


def subject(name: str) -> str:
    """The metric whose change a distance is, by name; the distance's own name where it is none.

    >>> subject("change:accuracy"), subject("token_kl")
    ('accuracy', 'token_kl')
    """
    return name.removeprefix(CHANGE).removeprefix(TOKEN_ADJUSTED)


def changed_metric(name: str) -> Metric | None:
    """The metric whose change a distance is; None for a distance of its own, and for a metric that is no more."""
    return metric_of(subject(name)) if is_change(name) else None


def definition_of(name: str) -> Metric | DistanceDefinition | None:
    """The metric or the distance of that name, as signals have it; None where there is neither."""
    return metric_of(name) or DISTANCES.get(name)


def title_of(name: str) -> str:
    """Its title; the name itself where it is neither.

    >>> title_of("refusal_rate"), title_of("token_kl"), title_of("rejected log lines")
    ('Refusal rate', 'Token KL divergence', 'rejected log lines')
    """
    defined = definition_of(name)
    return defined.title if defined else name


def family(name: str) -> str:
    """The family of a distance.

    >>> family("token_kl"), family("change:toxicity_rate"), family("change:ttft_p95")
    ('answers', 'toxicity', 'latency')
    """
    definition = changed_metric(name) or DISTANCES.get(name)
    return definition.family if definition else subject(name)
