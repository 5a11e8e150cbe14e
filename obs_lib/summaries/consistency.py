"""Whether a model says the same where it is asked the same: answers of one day to one prompt, held against each other.

What a model makes up comes out differently each time (SelfCheckGPT, Manakul et al. 2023), so where no contexts are logged
this is what there is: it tells how steady answers are, not whether they are right, and a steady error looks well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib import catalogue
from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.models.vectors import text_hash, unit_vectors
from obs_lib.records import Day, Metric, MetricValue
from obs_lib.stats.intervals import Floats, weighted_mean
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.results import Result, metric_value
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.sketches import prompt_keys


def consistency_metrics(
    day: Day, interactions: pd.DataFrame, scores: pd.DataFrame, vectors: Mapping[str, bytes], segments: Segments
) -> list[MetricValue]:
    """Every metric of repeated prompts in every segment; nothing on a day on which no prompt has two answers that were scored.

    scores : those of the day, which say what was drawn and with what probability: a text that is said often has a vector
    where one of its interactions was drawn, and must not count for all. vectors : float16 bytes by `text_hash`.
    """
    prompts, answers = prompt_keys(interactions).codes, Texts(interactions["response"])
    stored = [vectors.get(text_hash(text)) for text in answers.distinct]
    weights = _weights(interactions["request_id"], scores)
    there = np.array([*(vector is not None and any(vector) for vector in stored), False])
    known = there[answers.codes] & (weights > 0)  # code -1: no answer
    known &= pd.Series(prompts).where(known).duplicated(keep=False).to_numpy()
    values = []
    for segment, rows in segments if known.any() else ():
        chosen = rows[known[rows]]
        vectors_of = [stored[code] or b"" for code in answers.codes[chosen]]
        found = agreements(prompts[chosen], vectors_of, weights[chosen])
        for group in catalogue.groups("repeated prompts"):
            values += [metric_value(day, one.metric.name, segment, one.measure(found)) for one in group.members]
    return values


def agreements(prompts: NDArray[np.intp], stored: Sequence[bytes], weights: Floats) -> Floats:
    """For each prompt with two answers or more the mean cosine over pairs of its answers, in the order of the prompts.

    prompts : shape (n,). stored : the answers' vectors, float16 and not zero, n of them. weights : 1 / the probability with
    which each was drawn; a pair counts by the product of its two.

    >>> of_x, of_y = (np.array(v, "<f2").tobytes() for v in ([1, 0], [0, 1]))
    >>> agreements(np.array([7, 8, 7, 7]), [of_x, of_y, of_x, of_y], np.ones(4)).round(3)
    array([0.333])
    """
    order = np.argsort(prompts, kind="stable")
    _, starts, counts = np.unique(prompts[order], return_index=True, return_counts=True)
    several = np.flatnonzero(counts > 1)
    values = np.empty(len(several))
    for place, prompt in enumerate(several):
        rows = order[starts[prompt] : starts[prompt] + counts[prompt]]
        units = unit_vectors([stored[row] for row in rows])
        weight = weights[rows]
        # Over ordered pairs of one and another: the squared length of the sum, less each vector with itself.
        alone = float((weight**2).sum())
        together = float(((weight[:, None] * units).sum(axis=0) ** 2).sum())
        values[place] = (together - alone) / (float(weight.sum()) ** 2 - alone)
    return values


def _weights(requests: pd.Series, scores: pd.DataFrame) -> Floats:
    """1 / the probability with which each interaction was drawn to be scored; 0 for one that was not."""
    drawn = scores.drop_duplicates("request_id").set_index("request_id")["inclusion_probability"]
    return np.asarray(1.0 / drawn.reindex(requests).to_numpy(dtype=np.float64, na_value=np.inf))


def _mean(agreement: Floats) -> Result:
    if not len(agreement):
        return Result(None, 0, 0, "no prompt has two answers")
    return Result(weighted_mean(agreement), len(agreement), 0)


CONSISTENCY: MetricGroup[object] = MetricGroup(
    "Repeated prompts",
    "repeated prompts",
    (
        MeasuredMetric(
            Metric(
                "answer_consistency",
                "Consistency of answers",
                "score",
                "higher_is_better",
                None,
                "mean over prompts (and contexts) with two answers or more that day of the mean cosine between them: whether "
                "the same is said again, not whether it is right",
                family="consistency",
                smallest_effect=0.05,
                complaint="The same question gets other answers each time",
            ),
            _mean,
        ),
    ),
)
